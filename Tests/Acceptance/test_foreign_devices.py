"""Devices with topics of their own: what their firmware sends, through a real connection, up to the API."""

import json
import pathlib
import subprocess
import sys

import pytest

from device import Client
from firmware_stories import STORIES
from waiting import eventually

DEVICES = pathlib.Path(__file__).parents[2] / "deploy" / "devices"

@pytest.mark.parametrize("firmware", STORIES)
def test_what_a_firmware_sends_becomes_events(garage, firmware):
    messages, expected = STORIES[firmware]
    with Client(garage, f"{firmware}-1") as client:
        for topic, payload, retained in messages:
            client.publish(topic, payload, retain=retained)

    def told():
        events = [e for e in garage.events(limit=100) if not e["type"].startswith("device.")]
        assert sorted((e["subject"], e["type"]) for e in events) == sorted(expected)
        return True

    eventually(told, f"the events of {firmware}")
    assert garage.get("/unmapped")["topics"] == []


def test_an_opener_is_moved_in_its_own_words(garage):
    with Client(garage, "ratgdo-1") as opener:
        opener.subscribe("/home/garage/MainDoor/command/#")
        opener.publish("/home/garage/MainDoor/status/door", "closed", retain=True)
        garage.await_event("gate.closed")
        # This firmware ignores commands in the first seconds after it has connected, so they are refused then.
        assert garage.post_command("open", gate="home.MainDoor").status_code == 409
        eventually(lambda: garage.post_command("open", gate="home.MainDoor").status_code == 202, "the opener", 20)
        opener.await_payload("/home/garage/MainDoor/command/door", "open")


def test_a_rule_made_over_http_reads_the_next_message(garage):
    with Client(garage, "shop-1") as client:
        client.publish("shop/a/probe", "215")
        eventually(lambda: [t["topic"] for t in garage.get("/unmapped")["topics"]] == ["shop/a/probe"], "the topic")
        rule = {"topic": "shop/{place}/probe", "property": "temperature", "name": "{place}", "scale": 0.1}
        assert garage.request("POST", "/api/v1/mappings", json=rule).status_code == 201
        client.publish("shop/a/probe", "215")
    event = garage.await_event("sensor.reading-recorded")
    assert (event["subject"], event["data"]["value"]) == ("sensor/home.a", 21.5)
    explained = garage.command("devices", "explain", "shop/b/probe", "100")
    assert "rule shop-place-probe" in explained.stdout and "temperature 10.0 celsius" in explained.stdout
    garage.restart()
    assert [m["id"] for m in garage.get("/mappings")["mappings"]] == ["shop-place-probe"]


def test_a_rule_is_made_on_the_page(garage):
    with Client(garage, "shop-1") as client:
        client.publish("shop/gate", "1")
        eventually(lambda: garage.get("/unmapped")["topics"], "the topic")
        page = garage.request("GET", "/devices/unmapped?topic=shop%2Fgate").text
        assert 'value="shop/gate"' in page
        form = {"topic": "shop/gate", "property": "state", "name": "front", "values": "0=closed,1=open"}
        answer = garage.request("POST", "/devices/mappings", data=form, allow_redirects=False)
        assert answer.status_code == 303, answer.text
        client.publish("shop/gate", "1")
    garage.await_event("gate.opened")
    bad = garage.request("POST", "/devices/mappings", data={"topic": "a", "property": "state", "name": "a b"})
    assert bad.status_code == 422 and "“Name” can’t be taken." in bad.text


def test_a_topic_with_two_values_gets_two_rules_on_the_page(garage):
    rule = {"topic": "shop/air", "property": "temperature", "name": "air", "pointer": "/t"}
    for form in (rule, rule | {"property": "humidity", "pointer": "/h"}):
        answer = garage.request("POST", "/devices/mappings", data=form, allow_redirects=False)
        assert answer.status_code == 303, answer.text
    assert [m["id"] for m in garage.get("/mappings")["mappings"]] == ["shop-air", "shop-air-2"]
    again = garage.request("POST", "/devices/mappings", data=rule)
    assert again.status_code == 422, "there is this very rule"
    with Client(garage, "shop-1") as client:
        client.publish("shop/air", '{"t":21.5,"h":58}')
    garage.await_event("sensor.reading-recorded", count=2)


def test_a_rule_that_is_not_taken_comes_back_as_it_was_written(garage):
    form = {
        "topic": "shop/air", "property": "humidity", "name": "air", "pointer": "/h", "values": "", "scale": "a tenth",
        "offset": "2", "unit": "fahrenheit",
    }
    page = garage.request("POST", "/devices/mappings", data=form)
    assert page.status_code == 422
    shown = ["/h", "a tenth", "2", "air"]
    assert [text for text in shown if f'value="{text}"' not in page.text] == []
    assert 'value="humidity" selected' in page.text and 'value="fahrenheit" selected' in page.text
    assert '<details class="more-fields" open>' in page.text


def test_our_things_announce_themselves_to_home_assistant(make_garage):
    garage = make_garage(environment={"GARAGE_HOME_ASSISTANT_DISCOVERY": "on"}).start()
    config = "homeassistant/device/garage_home_gate_front/config"
    with Client(garage, "home-assistant") as assistant:
        assistant.subscribe("homeassistant/#", "garage/home/published/#")
        with Client(garage, "esp1") as client:
            client.publish("garage/home/gate/front/state", "closed")
        assistant.await_payload("garage/home/published/gate/front/state", "closed")
        eventually(lambda: len(assistant.payloads(config)) == 1, "the announcement")
        announced = json.loads(assistant.payloads(config)[0])
        assert announced["cmps"]["gate"]["cmd_t"] == "garage/home/gate/front/command"
        with Client(garage, "esp2") as client:
            client.publish("garage/home/gate/back/obstruction", "obstructed")
        # Of this gate nothing is known but that: Home Assistant's word for it.
        assistant.await_payload("garage/home/published/gate/back/state", "None")
        assistant.publish("homeassistant/status", "online")
        eventually(lambda: len(assistant.payloads(config)) == 2, "the announcement again")
        # The gate's device has gone, the service has not.
        assistant.await_payload("garage/home/published/gate/front/availability", "offline")


def retained(garage, *filters: str) -> dict[str, str]:
    """What a client that comes now is told at once."""
    with Client(garage, "newcomer") as client:
        client.subscribe(*filters)
        client.publish("end/of/it", "1", retain=True)
        client.subscribe("end/of/it")
        client.await_payload("end/of/it", "1")
        return {message.topic: message.payload.decode() for message in client.messages if message.topic != "end/of/it"}


def test_announcements_are_taken_back_when_they_are_no_longer_wanted(make_garage):
    ours = ("homeassistant/#", "garage/home/published/#", "garage/home/availability")
    garage = make_garage(environment={"GARAGE_HOME_ASSISTANT_DISCOVERY": "on"}).start()
    with Client(garage, "esp1") as client:
        client.publish("garage/home/spot/A1/state", "free")
        # Somebody else's, and left alone.
        client.publish("homeassistant/sensor/x/config", '{"stat_t":"x/t","dev_cla":"temperature"}', retain=True)
    eventually(lambda: "garage/home/published/spot/A1/state" in retained(garage, *ours), "the announcement")
    assert len(retained(garage, *ours)) == 4
    garage.restart()
    assert len(retained(garage, *ours)) == 4
    assert garage.stop() == 0
    garage.environment["GARAGE_HOME_ASSISTANT_DISCOVERY"] = "off"
    garage.start()
    eventually(lambda: set(retained(garage, *ours)) == {"homeassistant/sensor/x/config"}, "only what is not ours")


def test_webhooks_need_their_secret(make_garage):
    garage = make_garage(environment={"GARAGE_WEBHOOKS_TTN_SECRET": "0123456789abcdef"}).start()
    uplink = {"end_device_ids": {"device_id": "vaga-1"}, "uplink_message": {"f_port": 1, "frm_payload": "AQ=="}}
    assert garage.request("POST", "/api/v1/ingest/ttn", json=uplink).status_code == 401
    assert garage.request("POST", "/api/v1/ingest/chirpstack", json=uplink).status_code == 404
    headers = {"Authorization": "Bearer 0123456789abcdef"}
    assert garage.request("POST", "/api/v1/ingest/ttn", json=uplink, headers=headers).status_code == 202
    assert garage.await_event("spot.occupied")["subject"] == "spot/home.vaga-1"


@pytest.mark.parametrize("temperature, type", [("23400\n", "sensor.reading-recorded"), (None, "sensor.fault-detected")])
def test_the_raspberry_pi_script_reads_the_kernel_driver(garage, tmp_path, temperature, type):
    device = tmp_path / "iio:device0"
    device.mkdir()
    (device / "name").write_text("dht11@4\n")
    (device / "in_humidityrelative_input").write_text("58000\n")
    if temperature:
        (device / "in_temp_input").write_text(temperature)
    host, port = garage.mqtt
    script = DEVICES / "raspberry-pi-dht11" / "dht11.py"
    subprocess.run(
        [sys.executable, script, "--once", "--broker", host, "--port", str(port), "--sysfs", tmp_path],
        check=True, timeout=20,
    )
    event = garage.await_event(type)
    assert event["subject"] == "sensor/home.pi1"
    if temperature:
        values = {e["data"]["quantity"]: e["data"]["value"] for e in garage.events(type=type)}
        assert values == {"temperature": 23.4, "humidity": 58}


def test_each_device_is_shown_with_its_topics_and_who_reads_them(garage):
    with Client(garage, "esp1") as client:
        for payload in ("free", "free", "occupied"):
            client.publish("garage/home/spot/A1/state", payload)
        client.publish("tele/esp1/SENSOR", '{"DHT11":{"Temperature":23.4,"Humidity":58}}')
        eventually(lambda: len(garage.one("devices", "home.esp1")["topics"]) == 2, "both topics")
    read = {topic["topic"]: (topic["reader"], topic["count"]) for topic in garage.one("devices", "home.esp1")["topics"]}
    assert read == {"garage/home/spot/A1/state": ("native", 3), "tele/esp1/SENSOR": ("tasmota", 1)}
    page = garage.request("GET", "/devices").text
    assert "<summary>2 topics · Tasmota · this service’s own topics</summary>" in page
    assert "<code>tele/esp1/SENSOR</code>" in page
    garage.restart()
    assert garage.one("devices", "home.esp1")["topics"] == []
    assert "No report since the service started." in garage.request("GET", "/devices").text
