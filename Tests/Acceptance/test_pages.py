"""The pages in a real browser."""

import re

import pytest
from selenium.webdriver.common.by import By

import mosquitto
from browser import Browser
from device import Client
from waiting import eventually

HOSTILE = "<script>document.title='owned'</script>"


def fill(garage) -> None:
    with Client(garage, "esp1") as device:
        device.publish("garage/home/gate/front/state", "closed")
        device.publish("garage/home/spot/A1/state", "occupied")
        device.publish("garage/home/spot/A2/state", "free")
        device.publish("garage/home/sensor/dht1", '{"temperature":21.5,"humidity":47}')
        garage.await_event("sensor.reading-recorded", count=2)


def test_a_new_event_appears_live_without_reload(garage, browser):
    fill(garage)
    browser.open(garage.url + "/events")
    browser.await_text("A1")
    browser.driver.execute_script("window.notReloaded = true")
    assert not browser.shows("gate9")
    # The feed may still be connecting: what happens before it is must not be lost either.
    mosquitto.publish(garage, "garage/home/gate/gate9/state", "opening", "-q", "1")
    browser.await_text("gate9")
    mosquitto.publish(garage, "garage/home/gate/gate8/state", "opening", "-q", "1")
    browser.await_text("gate8")
    assert browser.driver.execute_script("return window.notReloaded === true")
    assert browser.console() == []


def test_a_reload_shows_the_same_events(garage, browser):
    browser.open(garage.url + "/events")
    mosquitto.publish(garage, "garage/home/gate/gate9/state", "opening", "-q", "1")
    browser.await_text("gate9")
    browser.driver.refresh()
    browser.await_text("gate9")
    assert browser.console() == []


def test_the_filter_is_in_the_address_and_holds_for_the_live_feed(garage, browser):
    fill(garage)
    browser.open(garage.url + "/events?kind=spot")
    browser.await_text("A1")
    assert not browser.shows("front gate")
    mosquitto.publish(garage, "garage/home/gate/gate9/state", "opening", "-q", "1")
    mosquitto.publish(garage, "garage/home/spot/A9/state", "occupied", "-q", "1")
    browser.await_text("A9")
    assert not browser.shows("gate9")


@pytest.mark.parametrize(
    "path, words",
    [
        ("/", ["front", "A1", "A2", "21.5", "47"]),
        ("/events", ["front", "A1", "A2"]),
    ],
)
def test_without_javascript_the_pages_say_the_same(garage, path, words):
    fill(garage)
    reader = Browser(javascript=False)
    try:
        reader.open(garage.url + path)
        for word in words:
            reader.await_text(word)
        mosquitto.publish(garage, "garage/home/spot/B7/state", "occupied", "-q", "1")
        garage.await_event("spot.occupied", count=2)
        reader.driver.refresh()
        reader.await_text("B7")
    finally:
        reader.close()


def test_the_dashboard_shows_every_gate_spot_and_sensor_and_stays_live(garage, browser):
    fill(garage)
    browser.open(garage.url + "/")
    for word in ("front", "A1", "A2", "21.5", "47"):
        browser.await_text(word)
    browser.driver.execute_script("window.notReloaded = true")
    mosquitto.publish(garage, "garage/home/sensor/dht1/temperature", "33.3", "-q", "1")
    browser.await_text("33.3")
    mosquitto.publish(garage, "garage/home/gate/front/state", "opening", "-q", "1")
    browser.await_text("opening")
    assert browser.driver.execute_script("return window.notReloaded === true")
    assert browser.console() == []


def test_an_empty_garage_has_a_page_that_says_how_to_begin(garage, browser):
    browser.open(garage.url + "/")
    browser.await_text("mosquitto_pub")
    browser.open(garage.url + "/events")
    assert browser.console() == []


def press(browser: Browser, word: str) -> None:
    buttons = [
        button for button in browser.find("button") if word.lower() in button.text.lower() and button.is_displayed()
    ]
    assert buttons, f"no button {word!r} on the page:\n{browser.text()}"
    buttons[0].click()


def test_a_button_on_the_page_opens_the_gate(garage, gate_device, browser):
    garage.await_event("gate.closed")
    browser.open(garage.url + "/")
    browser.await_text("front")
    press(browser, "open")
    eventually(lambda: gate_device.actuations == ["OPEN"], "the gate to be told")
    garage.await_event("gate.command-completed")
    (requested,) = garage.events(type="gate.command-requested")
    assert requested["channel"] == "page"
    assert browser.console() == []


def test_without_javascript_the_button_opens_the_gate_too(garage, gate_device):
    garage.await_event("gate.closed")
    reader = Browser(javascript=False)
    try:
        reader.open(garage.url + "/")
        reader.await_text("front")
        press(reader, "open")
        garage.await_event("gate.command-completed")
        assert gate_device.actuations == ["OPEN"]
        reader.await_text("front")
    finally:
        reader.close()


def test_hostile_text_is_shown_and_not_run(garage, browser):
    mosquitto.publish(garage, "garage/home/sensor/dht1/temperature", HOSTILE, "-q", "1", "-i", HOSTILE)
    mosquitto.publish(garage, f"hostile/{HOSTILE}", HOSTILE, "-q", "1")
    garage.await_event("sensor.fault-detected")
    for path in ("/", "/events"):
        browser.open(garage.url + path)
        mosquitto.publish(garage, "garage/home/sensor/dht1/humidity", HOSTILE, "-q", "1")
        browser.await_text("dht1")
        assert browser.driver.title != "owned"
        assert browser.console() == []
    assert HOSTILE not in garage.request("GET", "/events").text


@pytest.mark.parametrize("path", ["/", "/events"])
def test_the_page_fits_a_phone(garage, browser, path):
    fill(garage)
    browser.size(360, 740)
    browser.open(garage.url + path)
    browser.await_text("A1")
    width = browser.driver.execute_script("return document.documentElement.scrollWidth")
    assert width <= 360, f"{path} is {width} pixels wide"


@pytest.mark.parametrize("path", ["/", "/events"])
def test_light_and_dark(garage, browser, path):
    fill(garage)
    colours = []
    for scheme in ("light", "dark"):
        browser.colours(scheme)
        browser.open(garage.url + path)
        browser.await_text("A1")
        colours.append(browser.driver.find_element(By.TAG_NAME, "body").value_of_css_property("background-color"))
    browser.colours("light")
    assert colours[0] != colours[1]


@pytest.mark.parametrize("path", ["/", "/events", "/nothing"])
def test_a_policy_forbids_scripts_from_elsewhere(garage, path):
    answer = garage.request("GET", path)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy and "unsafe-inline" not in policy.split("style-src")[0]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "http://" not in answer.text.replace("http://www.w3.org", "").replace(garage.url, "")


def test_the_broker_page_counts_the_retained_messages_that_it_lists(garage):
    for number in range(3):
        mosquitto.publish(garage, f"app/{number}", "kept", "-r", "-q", "1")

    def agrees() -> bool:
        page = garage.request("GET", "/broker").text
        section = page[page.index('id="retained"') :]
        listed = re.findall(r'<tr><td data-label="[^"]*"><div><code>([^<]*)</code>', section[: section.index("</table>")])
        assert {f"app/{number}" for number in range(3)} <= set(listed), listed
        assert not [topic for topic in listed if topic.startswith("$")]
        (shown,) = re.findall(r"<span>Retained messages</span> <b>(\d+)</b>", page)
        assert int(shown) == len(listed), (shown, listed)
        return True

    eventually(agrees, "the figure of the list")
