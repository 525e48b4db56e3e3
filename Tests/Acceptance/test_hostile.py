"""No text that a device or a person sends runs in a page, breaks its layout or makes it long."""

import json
import urllib.parse

import paho.mqtt.client as mqtt
import pytest

from device import Client
from people import staff
from waiting import eventually

SCRIPT = "<script>document.title='owned'</script>\"><img src=x onerror=alert(1)>"
#: Marks of the writing direction, an emoji of several scalars, a combining mark after a quote, and a word without end.
HOSTILE = SCRIPT + "\u202e\u200f\u2067\U0001f468\u200d\U0001f469\u200d\U0001f467'\u0301" + "W" * 300
HUGE = (HOSTILE * 400)[:60_000]
#: The longest name that a topic of ours may have, with nowhere to break it.
NAME = "W" * 64
PAGES = {
    "overview": "/",
    "events": "/events?readings=1",
    "search": "/events?" + urllib.parse.urlencode({"q": HOSTILE, "actor": HOSTILE, "device": HOSTILE}),
    "gate": f"/gates/home.{NAME}",
    "sensor": f"/sensors/home.{NAME}",
    "spots": "/spots",
    "devices": "/devices",
    "device": f"/events?device={NAME}&readings=1",
    "sign-in": "/login?" + urllib.parse.urlencode({"next": HOSTILE}),
    "rule": "/devices/unmapped?" + urllib.parse.urlencode({"topic": HOSTILE}),
    "unmapped": "/devices/unmapped",
    "broker": "/broker",
    "missing": "/" + urllib.parse.quote(HOSTILE),
}
#: Far more than any of them needs, far less than what was sent.
LONGEST = 400_000


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    from service import Garage

    garage = Garage(tmp_path_factory.mktemp("hostile")).start()
    properties = mqtt.Properties(mqtt.PacketTypes.PUBLISH)
    properties.UserProperty = [("<b>name</b>", HOSTILE)]
    with Client(garage, SCRIPT + "W" * 300, version=mqtt.MQTTv5) as device:
        device.subscribe(f"garage/home/gate/{NAME}/actuate")
        device.publish(f"garage/home/device/{NAME}/status", HUGE)
        device.publish(f"garage/home/device/{NAME}/status", "online")
        device.publish(f"garage/home/gate/{NAME}/state", HUGE)
        device.publish(f"garage/home/gate/{NAME}/state", "closed")
        device.publish(f"garage/home/gate/{NAME}/obstruction", "obstructed")
        device.publish(f"garage/home/spot/{NAME}/state", HUGE)
        device.publish(f"garage/home/spot/{NAME}/state", "occupied")
        device.publish(f"garage/home/sensor/{NAME}", '{"temperature":21.5,"humidity":47}')
        device.publish(f"garage/home/sensor/{NAME}/humidity", HUGE, properties=properties)
        device.publish(f"garage/home/sensor/{NAME}", json.dumps({"temperature": HUGE}))
        # Topics that nothing reads: hostile, and as long and as deep as the broker takes them.
        device.publish("odd/" + SCRIPT.replace("+", "") + "W" * 200, HUGE, retain=True)
        device.publish("odd/" + "W" * 1000, HUGE, retain=True)
        garage.await_event("sensor.fault-detected", count=2)
        command = garage.post_command("open", f"home.{NAME}", reason=HOSTILE[:200], id="c-" + "W" * 60)
        assert command.status_code in (202, 400, 409), command.text
        note = {"text": HOSTILE[:1000], "subject": f"gate/home.{NAME}"}
        assert garage.request("POST", "/api/v1/events", json=note).status_code == 201
        huge = garage.request("POST", "/api/v1/events", json={**note, "text": HUGE})
        assert 400 <= huge.status_code < 500 or huge.status_code == 201, huge.status_code
    garage.await_event("note.added")
    yield garage
    garage.close()
    assert "Fatal error" not in garage.log()


def check(browser, garage, path: str) -> None:
    answer = garage.request("GET", path)
    assert answer.status_code in (200, 404), f"{path[:80]}: {answer.status_code}"
    assert len(answer.content) < LONGEST, f"{path[:80]} has {len(answer.content)} bytes"
    assert "<script>document" not in answer.text and "<img" not in answer.text
    assert "\u202e" not in answer.text and "\u2067" not in answer.text
    browser.open(garage.url + path)
    eventually(lambda: browser.driver.execute_script("return document.readyState") == "complete", path[:80])
    # What can be opened is open.
    browser.driver.execute_script("for (const part of document.querySelectorAll('details')) part.open = true")
    # Nothing sticks out of the page to the right, even where the page would hide it.
    out = browser.driver.execute_script(
        "return [...document.querySelectorAll('main *')].filter((part) => !part.closest('.scroll, svg, .hidden')"
        " && part.getBoundingClientRect().right > 361 && part.getClientRects().length)"
        ".map((part) => part.outerHTML.slice(0, 200))"
    )
    wide = browser.driver.execute_script("return document.documentElement.scrollWidth")
    assert wide <= 360, f"{path[:80]} is {wide} pixels wide: {out[:5]}"
    assert out == [], f"{path[:80]}: {out[:3]}"
    assert browser.driver.title != "owned"
    assert [line for line in browser.console() if "404" not in line] == []


@pytest.mark.parametrize("name", PAGES)
def test_no_page_is_broken_by_what_it_shows(hostile, browser, name):
    browser.size(360, 740)
    check(browser, hostile, PAGES[name])


@pytest.mark.parametrize("path", ["/settings", "/account", "/"])
def test_no_name_of_a_person_breaks_the_pages_about_people(make_garage, browser, path):
    garage = make_garage().start()
    cookies = staff(garage, name=NAME, topic="odd/" + SCRIPT.replace("+", "").replace(" ", "") + "W" * 200)[NAME]
    garage.http.cookies.update(cookies)
    browser.size(360, 740)
    browser.open(garage.url + "/healthz")
    for name, value in cookies.items():
        browser.driver.add_cookie({"name": name, "value": value})
    check(browser, garage, path)
    browser.driver.delete_all_cookies()


def test_no_event_breaks_its_own_page(hostile, browser):
    browser.size(360, 740)
    of_each_type = {event["type"]: event for event in hostile.events()}
    assert {"sensor.fault-detected", "note.added", "device.connected", "gate.closed"} <= set(of_each_type)
    for event in of_each_type.values():
        check(browser, hostile, f"/events/{event['sequence']}")


def test_tables_of_the_log_run_nothing_in_a_spreadsheet(hostile):
    note = {"text": '=HYPERLINK("http://x")', "subject": f"gate/home.{NAME}"}
    formula = hostile.request("POST", "/api/v1/events", json=note)
    assert formula.status_code == 201
    table = hostile.request("GET", "/api/v1/events.csv")
    assert table.status_code == 200
    for line in table.text.splitlines():
        for cell in line.split(","):
            assert cell.lstrip('"')[:1] not in ("=", "+", "@", "\t"), cell[:80]
