"""What the pages are on paper."""

import pytest

from browser import Browser
from people import staff
from test_look import fill
from waiting import eventually

VISIBLE = "return [...document.querySelectorAll(arguments[0])].filter((e) => e.checkVisibility()).map((e) => e.textContent.trim())"


@pytest.fixture(scope="module")
def visited(tmp_path_factory):
    from service import Garage

    garage = Garage(tmp_path_factory.mktemp("paper")).start()
    fill(garage)
    cookies = staff(garage)["ana"]
    yield garage, cookies
    garage.close()


@pytest.fixture
def sheet(visited, browser):
    """A function that opens a page as it is printed, and returns the texts that can be seen of a selector's elements."""
    garage, cookies = visited

    def show(path: str) -> Browser:
        browser.driver.get(garage.url + "/healthz")
        for cookie, value in cookies.items():
            browser.driver.add_cookie({"name": cookie, "value": value})
        browser.open(garage.url + path)
        eventually(lambda: browser.driver.execute_script("return document.readyState") == "complete", path)
        browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        return browser

    yield show
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def seen(browser: Browser, selector: str) -> list[str]:
    return browser.driver.execute_script(VISIBLE, selector)


@pytest.mark.parametrize("path", ["/", "/events/2", "/gates/home.front", "/sensors/home.dht1", "/devices", "/settings"])
def test_nothing_on_paper_can_be_pressed(sheet, path):
    """Buttons and ways to other pages say nothing there."""
    browser = sheet(path)
    assert seen(browser, "h1, h2")
    assert seen(browser, "button, .button:not([aria-current]), .onward, nav.sections") == []


def test_the_people_of_a_garage_are_on_paper(sheet):
    names = seen(sheet("/settings"), ".person summary b")
    assert "ana" in names and "bia" in names
    assert seen(sheet("/settings"), ".entry form") == []


def test_the_plan_leaves_room_for_the_rest(sheet):
    browser = sheet("/spots")
    heights = browser.driver.execute_script(
        "return [...document.querySelectorAll('.plan')].map((plan) => plan.getBoundingClientRect().height)"
    )
    # 80 mm are 302 CSS pixels.
    assert heights and max(heights) <= 303


def test_topics_that_are_folded_away_take_no_room(sheet):
    browser = sheet("/devices")
    assert seen(browser, "tr.topics") == []
    browser.driver.execute_script("document.querySelector('tr.topics details').open = true")
    assert "garage/home/gate/front/state" in seen(browser, "tr.topics code")
