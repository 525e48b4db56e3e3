"""Every page in a real browser: who can use it, and what it looks like."""

import json
import pathlib

import axe_selenium_python
import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from browser import Browser
from device import Client
from people import staff
from waiting import eventually

AXE = (pathlib.Path(axe_selenium_python.__file__).parent / "node_modules" / "axe-core" / "axe.min.js").read_text()
PICTURES = pathlib.Path(__file__).parents[2] / ".build" / "test-results" / "pictures"
PAGES = {
    "overview": "/",
    "events": "/events",
    "events-filtered": "/events?type=gate.*&actor=esp1&period=today",
    "event": "/events/1",
    "gate": "/gates/home.front",
    "sensor": "/sensors/home.dht1",
    "sensor-year": "/sensors/home.dht1?range=year",
    "spots": "/spots",
    "device": "/events?device=esp1&readings=1",
    "alerts": "/events?type=alert.*",
    "unmapped": "/devices/unmapped",
    "unmapped-rule": "/devices/unmapped?topic=odd/topic#rule",
    "devices": "/devices",
    "broker": "/broker",
    "broker-filtered": "/broker?q=esp1",
    "interfaces": "/api",
    "missing": "/nothing",
    "setup": "/setup",
    "login": "/login",
    "settings": "/settings",
    "account": "/account",
    "pin": "/account/open/home.front",
    "not-allowed": "/settings",
}
#: Pages of a garage that has people, and who looks at them; the others need nobody.
VISITORS = {"login": "", "settings": "ana", "account": "ana", "pin": "ana", "not-allowed": "bia"}
LANGUAGES = ("en", "pt-BR")
HOSTILE = "<script>document.title='owned'</script>\u202e\U0001f697" + "W" * 200


def fill(garage) -> None:
    """Something of everything, some of it hostile."""
    with Client(garage, "esp1") as device:
        device.publish("garage/home/device/esp1/status", "online")
        device.publish("garage/home/gate/front/state", "closed")
        device.publish("garage/home/gate/front/state", "opening")
        device.publish("garage/home/gate/front/state", "open")
        device.publish("garage/home/gate/back/state", "stopped")
        device.publish("garage/home/gate/back/obstruction", "obstructed")
        for spot, state in (("A1", "occupied"), ("A2", "free"), ("A3", "occupied"), ("A3", "free")):
            device.publish(f"garage/home/spot/{spot}/state", state)
        for degrees in (21.5, 22.1, 20.9):
            device.publish("garage/home/sensor/dht1", json.dumps({"temperature": degrees, "humidity": 47}))
        device.publish("garage/home/sensor/dht1/humidity", HOSTILE)
        device.publish(f"odd/{HOSTILE[:60]}", HOSTILE)
        device.publish(f"garage/home/sensor/{'S' * 64}/temperature", "19")
        garage.await_event("sensor.fault-detected")
        garage.await_event("sensor.reading-recorded", count=7)
    note = garage.request("POST", "/api/v1/events", json={"text": HOSTILE, "subject": "gate/home.front"})
    assert note.status_code == 201, note.text


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    from service import Garage

    garage = Garage(tmp_path_factory.mktemp("filled")).start()
    fill(garage)
    yield garage
    garage.close()
    assert "Fatal error" not in garage.log()


@pytest.fixture(scope="module")
def staffed(tmp_path_factory):
    """A garage with people, a token, a device and a rule, and the cookies of those who have signed in."""
    from service import Garage

    garage = Garage(tmp_path_factory.mktemp("staffed")).start()
    fill(garage)
    garage.visitors = staff(garage)
    yield garage
    garage.close()
    assert "Fatal error" not in garage.log()


@pytest.fixture
def place(request):
    """A function from a page's name to the garage that has it."""

    def garage_of(name: str):
        return request.getfixturevalue("staffed" if name in VISITORS else "filled")

    return garage_of


def show(browser: Browser, garage, name: str, language: str, scheme: str) -> None:
    browser.colours(scheme)
    browser.driver.get(garage.url + "/healthz")
    browser.driver.delete_all_cookies()
    browser.driver.add_cookie({"name": "garage_lang", "value": language})
    for cookie, value in garage.visitors[VISITORS[name]].items() if VISITORS.get(name) else []:
        browser.driver.add_cookie({"name": cookie, "value": value})
    path = PAGES[name]
    browser.open(garage.url + path)
    eventually(lambda: browser.driver.execute_script("return document.readyState") == "complete", path)


@pytest.mark.parametrize("name", PAGES)
def test_no_page_shuts_anyone_out(place, browser, name):
    """axe-core finds no violation, in both languages and in light and dark."""
    for language in LANGUAGES:
        for scheme in ("light", "dark"):
            show(browser, place(name), name, language, scheme)
            browser.driver.execute_script(AXE)
            result = browser.driver.execute_async_script(
                "const done = arguments[0];"
                "axe.run(document, {resultTypes: ['violations']}).then(done, (error) => done({error: String(error)}));"
            )
            assert "error" not in result, result["error"]
            found = [
                f"{violation['id']}: {node['html'][:200]} {node['failureSummary'][:300]}"
                for violation in result["violations"]
                for node in violation["nodes"]
            ]
            assert not found, f"{name} {language} {scheme}:\n" + "\n".join(found)
    browser.colours("light")


@pytest.mark.parametrize("width", [360, 1280, 2560])
@pytest.mark.parametrize("name", PAGES)
def test_every_page_fits_every_screen(place, browser, name, width):
    PICTURES.mkdir(parents=True, exist_ok=True)
    browser.size(width, 740 if width < 600 else 1000)
    for language in LANGUAGES:
        for scheme in ("light", "dark") if width == 1280 else ("light",):
            show(browser, place(name), name, language, scheme)
            browser.screenshot(str(PICTURES / f"{name}-{width}-{language}-{scheme}.png"))
            wide = browser.driver.execute_script("return document.documentElement.scrollWidth")
            assert wide <= width, f"{name} is {wide} pixels wide in {language}"
    assert browser.driver.title != "owned"
    refused = "403" if name == "not-allowed" else "404"
    assert [line for line in browser.console() if refused not in line] == []
    browser.colours("light")


@pytest.mark.parametrize("name", [name for name in PAGES if name != "missing" and name not in VISITORS])
def test_nothing_moves_while_a_page_loads(filled, browser, name):
    script = (
        "window.shift = 0; new PerformanceObserver((list) => { for (const entry of list.getEntries())"
        " if (!entry.hadRecentInput) window.shift += entry.value; }).observe({type: 'layout-shift', buffered: true});"
    )
    added = browser.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": script})
    browser.open(filled.url + PAGES[name])
    eventually(lambda: browser.driver.execute_script("return document.readyState") == "complete", name)
    browser.driver.execute_async_script("setTimeout(arguments[0], 300)")
    shift = browser.driver.execute_script("return window.shift")
    browser.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)
    assert shift < 0.05


def focused(browser: Browser) -> str:
    return browser.driver.execute_script(
        "const e = document.activeElement; return e.getAttribute('aria-label') || e.textContent.trim() || e.name || ''"
    )


def test_a_gate_opens_with_the_keyboard_alone(garage, gate_device, browser):
    garage.await_event("gate.closed")
    browser.open(garage.url + "/")
    browser.await_text("front")
    keys = ActionChains(browser.driver)
    keys.send_keys(Keys.TAB).perform()
    assert focused(browser) == "Skip to the content"
    seen = []
    for _ in range(60):
        ActionChains(browser.driver).send_keys(Keys.TAB).perform()
        seen.append(focused(browser))
        outline = browser.driver.execute_script(
            "const s = getComputedStyle(document.activeElement);"
            "return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0 || s.boxShadow !== 'none'"
        )
        assert outline, f"no visible focus on {seen[-1]!r}"
        if seen[-1].lower().startswith("open"):
            break
    else:
        raise AssertionError(f"no way to the button by keyboard: {seen}")
    ActionChains(browser.driver).send_keys(Keys.ENTER).perform()
    eventually(lambda: gate_device.actuations == ["OPEN"], "the gate to be told")
    garage.await_event("gate.command-completed")


def test_the_language_can_be_switched_and_stays(filled, browser):
    browser.open(filled.url + "/events")
    browser.find('a[hreflang="pt-BR"]')[0].click()
    browser.await_text("Eventos")
    assert "lang=" not in browser.driver.current_url
    browser.open(filled.url + "/spots")
    assert browser.driver.find_element(By.TAG_NAME, "html").get_attribute("lang") == "pt-BR"
    browser.find('a[hreflang="en"]')[0].click()
    browser.await_text("Parking")


def test_the_log_is_filtered_and_paged_and_new_events_do_not_shift_it(garage, browser):
    with Client(garage, "esp1") as device:
        for number in range(130):
            device.publish("garage/home/spot/A1/state", "occupied" if number % 2 == 0 else "free")
        garage.await_event("spot.freed", count=65)
        browser.open(garage.url + "/events?kind=spot")

        def rows() -> list[str]:
            # At once: an element that was found may belong to a page that is being left.
            return browser.driver.execute_script(
                "return [...document.querySelectorAll('.log li[id]')].map((row) => row.id)"
            )

        first = rows()
        assert len(first) == 50
        browser.find('.pager a[rel="next"]')[0].click()
        second = eventually(lambda: rows() if rows() and rows()[0] != first[0] else None, "the second page")
        device.publish("garage/home/spot/A2/state", "occupied")
        garage.await_event("spot.occupied", count=66)
        browser.driver.refresh()
        assert rows() == second
        browser.find('.pager a[rel="next"]')[0].click()
        third = eventually(lambda: rows() if rows() and rows()[0] != second[0] else None, "the third page")
        assert len(set(first) | set(second) | set(third)) == 130
        browser.driver.back()
        eventually(lambda: rows() == second, "the second page again")
        browser.driver.find_element(By.NAME, "q").send_keys("A2", Keys.ENTER)
        eventually(lambda: len(rows()) == 1, "the event about A2")
        assert "q=A2" in browser.driver.current_url and "kind=spot" in browser.driver.current_url


def test_the_feed_waits_while_the_reader_is_further_down(garage, browser):
    with Client(garage, "esp1") as device:
        for number in range(60):
            device.publish("garage/home/spot/A1/state", "occupied" if number % 2 == 0 else "free")
        garage.await_event("spot.freed", count=30)
        browser.open(garage.url + "/events")
        eventually(lambda: browser.find(".live.is-on"), "the feed")
        browser.driver.execute_script("scrollTo(0, 900)")
        device.publish("garage/home/spot/B1/state", "occupied")
        eventually(lambda: [button.text for button in browser.find("[data-pending] button")] == ["1 new event"], "news")
        assert not browser.shows("B1")
        browser.find("[data-pending] button")[0].click()
        browser.await_text("B1")


@pytest.mark.parametrize(("language", "one", "two"), [
    ("en", "1 new event", "2 new events"), ("pt-BR", "1 evento novo", "2 eventos novos"),
])
def test_new_events_are_counted_in_words(garage, browser, language, one, two):
    with Client(garage, "esp1") as device:
        for number in range(60):
            device.publish("garage/home/spot/A1/state", "occupied" if number % 2 == 0 else "free")
        garage.await_event("spot.freed", count=30)
        browser.open(garage.url + "/events?kind=spot&lang=" + language)
        eventually(lambda: browser.find(".live.is-on"), "the feed")
        browser.driver.execute_script("scrollTo(0, 900)")
        for spot, words in (("B1", one), ("B2", two)):
            device.publish(f"garage/home/spot/{spot}/state", "occupied")
            eventually(lambda: [button.text for button in browser.find("[data-pending] button")] == [words], words)


def test_a_chart_grows_while_it_is_looked_at(garage, browser):
    with Client(garage, "esp1") as device:
        device.publish("garage/home/sensor/dht1/temperature", "21.5")
        garage.await_event("sensor.reading-recorded")
        browser.open(garage.url + "/sensors/home.dht1")
        eventually(lambda: browser.find(".live.is-on"), "the page to be live")
        browser.driver.execute_script("window.sameDocument = true")

        def drawn() -> list[tuple[str, str]]:
            return browser.driver.execute_script(
                "const chart = document.querySelector('[data-chart=temperature]');"
                "return chart && [chart.dataset.points, chart.querySelector('svg.wide').innerHTML]"
            )

        before = eventually(drawn, "the chart")
        assert "21.5" in before[0]
        device.publish("garage/home/sensor/dht1/temperature", "28")
        after = eventually(lambda: drawn() if drawn() and drawn()[0] != before[0] else None, "the chart to grow")
        assert "28" in after[0] and after[1] != before[1]
        assert browser.driver.execute_script("return window.sameDocument") is True


def test_a_page_says_that_it_lost_the_connection(garage, browser):
    browser.open(garage.url + "/")
    eventually(lambda: browser.find(".live.is-on"), "the page to be live")
    assert garage.stop() == 0
    eventually(lambda: browser.find(".live.is-off"), "the page to say so", 20)
    browser.console()


def test_a_chart_tells_the_value_under_the_pointer(filled, browser):
    browser.open(filled.url + "/sensors/home.dht1")

    def values() -> list[str]:
        chart = next(chart for chart in browser.find("[data-chart] svg.chart") if chart.is_displayed())
        ActionChains(browser.driver).move_to_element_with_offset(chart, 300, 0).move_by_offset(5, 5).perform()
        return [line.text for line in browser.find("[data-readout]") if "°C" in line.text]

    eventually(values, "the value")
    assert browser.console() == []


def test_a_range_of_days_can_be_chosen(filled, browser):
    browser.open(filled.url + "/sensors/home.dht1?range=week")
    assert [link.text for link in browser.find(".ranges a[aria-current]")] == ["Week"]
    browser.find(".ranges form button")[0].click()
    eventually(lambda: "range=custom" in browser.driver.current_url, "the chosen days")
    assert browser.find("[data-chart] svg.chart")
    link = browser.find('a[href*="readings.csv"]')[0].get_attribute("href")
    table = filled.http.get(link, timeout=10)
    assert table.status_code == 200 and "home.dht1,temperature" in table.text
