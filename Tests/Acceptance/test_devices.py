"""From device messages to events, and from events to what the API answers."""

import html
import json
import re

import pytest

import mosquitto
from device import Client
from waiting import eventually
from wire import Wire, publish

ROWS = [
    ("sensor/dht1/temperature", "23.4", "sensor.reading-recorded", {"quantity": "temperature", "value": 23.4}),
    ("sensor/dht1/temperature", "-12", "sensor.reading-recorded", {"quantity": "temperature", "value": -12}),
    ("sensor/dht1/humidity", "58", "sensor.reading-recorded", {"quantity": "humidity", "value": 58}),
    ("gate/front/state", "open", "gate.opened", {"to": "open"}),
    ("gate/front/state", "opening", "gate.opening", {"to": "opening"}),
    ("gate/front/state", "closed", "gate.closed", {"to": "closed"}),
    ("gate/front/state", "closing", "gate.closing", {"to": "closing"}),
    ("gate/front/state", "stopped", "gate.stopped", {"to": "stopped"}),
    ("gate/front/obstruction", "obstructed", "gate.obstructed", {}),
    ("spot/A1/state", "occupied", "spot.occupied", {"occupied": True}),
    ("spot/A1/state", "free", "spot.freed", {"occupied": False}),
    ("spot/A1/state", "ON", "spot.occupied", {"occupied": True}),
    ("spot/A1/state", "OFF", "spot.freed", {"occupied": False}),
    ("spot/A1/state", "1", "spot.occupied", {"occupied": True}),
    ("spot/A1/state", "0", "spot.freed", {"occupied": False}),
    ("spot/A1/state", "true", "spot.occupied", {"occupied": True}),
    ("spot/A1/state", "false", "spot.freed", {"occupied": False}),
    ("device/esp1/status", "online", "device.connected", {}),
]


@pytest.mark.parametrize("topic, payload, type, data", ROWS)
def test_each_topic_becomes_its_event(garage, topic, payload, type, data):
    mosquitto.publish(garage, f"garage/home/{topic}", payload, "-q", "1", "-i", "esp1")
    event = garage.await_event(type)
    kind, name, _ = topic.split("/")
    assert event["subject"] == f"{kind}/home.{name}"
    for field, value in data.items():
        assert event["data"][field] == value, event
    assert event["time"].endswith("Z")
    assert event["specversion"] == "1.0"


@pytest.mark.parametrize("qos", ["0", "1", "2"])
def test_the_quality_of_service_does_not_matter_for_the_event(garage, qos):
    mosquitto.publish(garage, "garage/home/spot/A1/state", "occupied", "-q", qos)
    garage.await_event("spot.occupied")


def test_one_json_message_gives_one_reading_for_each_value(garage):
    mosquitto.publish(garage, "garage/home/sensor/dht1", json.dumps({"temperature": 23.4, "humidity": 58}), "-q", "1")
    garage.await_event("sensor.reading-recorded", count=2)
    readings = [event["data"] for event in garage.events(type="sensor.reading-recorded")]
    assert [(reading["quantity"], reading["value"]) for reading in readings] == [
        ("temperature", 23.4),
        ("humidity", 58),
    ]


@pytest.mark.parametrize(
    "topic, payload, kind",
    [
        ("sensor/dht1/temperature", "nan", "not-a-number"),
        ("sensor/dht1/humidity", "NaN", "not-a-number"),
        ("sensor/dht1/temperature", "null", "null"),
        ("sensor/dht1/temperature", "85.1", "out-of-range"),
        ("sensor/dht1/temperature", "-127", "out-of-range"),
        ("sensor/dht1/humidity", "101", "out-of-range"),
        ("sensor/dht1/humidity", "1e400", "out-of-range"),
        ("sensor/dht1/temperature", "warm", "unreadable"),
        ("sensor/dht1", '{"temperature":null}', "null"),
        ("sensor/dht1", '{"temperature":nan}', "not-a-number"),
    ],
)
def test_what_is_no_measurement_is_a_fault_and_never_a_number(garage, topic, payload, kind):
    mosquitto.publish(garage, f"garage/home/{topic}", payload, "-q", "1")
    fault = garage.await_event("sensor.fault-detected")
    assert fault["data"]["kind"] == kind, fault
    assert garage.types(type="sensor.reading-recorded") == []
    assert garage.get("/readings")["readings"] == []
    # The API is JSON that any program can read: no NaN, no Infinity.
    for path in ("/events", "/sensors", "/readings"):
        json.loads(garage.request("GET", "/api/v1" + path).text, parse_constant=pytest.fail)


def test_a_good_value_beside_a_bad_one_is_kept(garage):
    mosquitto.publish(garage, "garage/home/sensor/dht1", '{"temperature":nan,"humidity":58}', "-q", "1")
    assert garage.await_event("sensor.reading-recorded")["data"]["quantity"] == "humidity"
    assert garage.await_event("sensor.fault-detected")["data"]["quantity"] == "temperature"


def test_a_state_is_recorded_on_change_and_not_on_repetition(garage):
    with Client(garage, "esp1") as device:
        for _ in range(10):
            device.publish("garage/home/gate/front/state", "closed")
            device.publish("garage/home/spot/A1/state", "free")
            device.publish("garage/home/spot/A1/state", "0")
            device.publish("garage/home/gate/front/obstruction", "clear")
        device.publish("garage/home/gate/front/state", "open")
        garage.await_event("gate.opened")
    assert garage.types(kind="gate") == ["gate.closed", "gate.opened"]
    assert garage.types(kind="spot") == ["spot.freed"]


def test_each_reading_is_recorded_even_if_it_repeats(garage):
    with Client(garage, "esp1") as device:
        for _ in range(5):
            device.publish("garage/home/sensor/dht1/temperature", "21.5")
    garage.await_event("sensor.reading-recorded", count=5)
    assert len(garage.get("/sensors/home.dht1/readings")["readings"]) == 5


def test_a_repeated_state_survives_a_restart_as_one_event(garage):
    mosquitto.publish(garage, "garage/home/gate/front/state", "closed", "-q", "1")
    garage.restart()
    mosquitto.publish(garage, "garage/home/gate/front/state", "closed", "-q", "1")
    mosquitto.publish(garage, "garage/home/gate/front/state", "open", "-q", "1")
    garage.await_event("gate.opened")
    assert garage.types(kind="gate") == ["gate.closed", "gate.opened"]


def test_the_state_of_a_gate_is_kept_for_later_subscribers(garage):
    mosquitto.publish(garage, "garage/home/gate/front/state", "open", "-q", "1")
    with mosquitto.Subscriber(garage, "garage/home/gate/+/state") as subscriber:
        subscriber.await_line("1 1 garage/home/gate/front/state open")


def unmapped_topics(garage) -> list[list[str]]:
    """The rows of the table on the page of the devices, each as the texts of its cells."""
    page = garage.request("GET", "/devices").text
    rows = re.findall("<tr>(.*?)</tr>", page.split("</thead>")[-1], re.DOTALL)
    return [
        [html.unescape(re.sub("<[^>]+>", "", cell)) for cell in re.findall("<td[^>]*>(.*?)</td>", row, re.DOTALL)]
        for row in rows
    ]


def test_a_topic_that_nothing_maps_stays_visible_and_still_reaches_subscribers(garage):
    with mosquitto.Subscriber(garage, "somewhere/#") as subscriber:
        mosquitto.publish(garage, "somewhere/else", "first", "-q", "1")
        mosquitto.publish(garage, "somewhere/else", "<b>second</b>", "-q", "1", "-i", "stranger")
        subscriber.await_line("0 1 somewhere/else <b>second</b>")
    (row,) = eventually(lambda: unmapped_topics(garage), "the unmapped topics")
    assert "somewhere/else" in row and "2" in row and "stranger" in row
    assert "<b>second</b>" in row
    assert garage.events() == []


@pytest.mark.parametrize(
    "topic",
    [
        "garage/home/gate/front/colour",
        "garage/home/window/a/state",
        "garage/ho me/gate/front/state",
        "garage/home/gate//state",
        "garage/home/gate/front",
        "garage",
    ],
)
def test_topics_near_ours_are_unmapped_too(garage, topic):
    mosquitto.publish(garage, topic, "open", "-q", "1")
    rows = eventually(lambda: unmapped_topics(garage), "the unmapped topics")
    assert [row[0] for row in rows] == [topic]


def test_a_device_that_says_goodbye_is_disconnected(garage):
    with Client(garage, "esp1") as device:
        device.publish("garage/home/device/esp1/status", "online")
        assert garage.await_event("device.seen")["subject"] == "device/home.esp1"
        garage.await_event("device.connected")
        assert garage.one("devices", "home.esp1")["state"] == "online"
    assert garage.await_event("device.disconnected")["data"]["reason"] == "left"
    assert garage.one("devices", "home.esp1")["state"] == "offline"


def test_a_lost_connection_disconnects_the_device(garage):
    device = Client(garage, "esp1").connect()
    device.publish("garage/home/sensor/dht1/temperature", "21")
    garage.await_event("device.connected")
    device.cut()
    event = garage.await_event("device.disconnected")
    assert event["subject"] == "device/home.esp1"
    assert event["data"]["reason"] == "connection-lost"


def test_a_last_will_disconnects_the_device_once(garage):
    device = Client(garage, "esp1", will=("garage/home/device/esp1/status", "offline")).connect()
    device.publish("garage/home/device/esp1/status", "online", retain=True)
    garage.await_event("device.connected")
    device.cut()
    assert garage.await_event("device.disconnected")["data"]["reason"] in ("will", "connection-lost")
    with Client(garage, "esp1") as again:
        again.publish("garage/home/device/esp1/status", "online", retain=True)
        garage.await_event("device.connected", count=2)
        assert len(garage.events(type="device.disconnected")) == 1
        assert garage.one("devices", "home.esp1")["state"] == "online"


def test_a_device_that_falls_silent_is_disconnected(garage):

    with Wire(garage).connect("esp1", keep_alive=1) as silent:
        silent.send(publish("garage/home/sensor/dht1/temperature", b"21", 1, qos=1))
        event = garage.await_event("device.disconnected", seconds=15)
        assert event["data"]["reason"] == "keep-alive-timeout"


def test_the_lists_of_the_api(garage):
    with Client(garage, "esp1") as device:
        device.publish("garage/home/gate/front/state", "closed")
        device.publish("garage/home/gate/back/state", "open")
        device.publish("garage/home/gate/back/obstruction", "obstructed")
        device.publish("garage/home/spot/A1/state", "occupied")
        device.publish("garage/home/spot/A2/state", "free")
        device.publish("garage/home/sensor/dht1", '{"temperature":21.5,"humidity":40}')
        device.publish("garage/home/sensor/dht1/temperature", "22.5")
        garage.await_event("sensor.reading-recorded", count=3)

        assert {gate["id"]: (gate["state"], gate["obstructed"]) for gate in garage.get("/gates")["gates"]} == {
            "home.front": ("closed", False),
            "home.back": ("open", True),
        }
        assert {spot["id"]: spot["state"] for spot in garage.get("/spots")["spots"]} == {
            "home.A1": "occupied",
            "home.A2": "free",
        }
        sensor = garage.one("sensors", "home.dht1")
        latest = {name: (value["value"], value["unit"]) for name, value in sensor["latest"].items()}
        assert latest == {"temperature": (22.5, "celsius"), "humidity": (40, "percent")}
        assert garage.one("devices", "home.esp1")["state"] == "online"

        readings = garage.get("/sensors/home.dht1/readings")["readings"]
        assert sorted((reading["quantity"], reading["value"]) for reading in readings) == [
            ("humidity", 40),
            ("temperature", 21.5),
            ("temperature", 22.5),
        ]
        everything = garage.get("/readings")["readings"]
        assert len(everything) == 3 and {reading["sensor"] for reading in everything} == {"home.dht1"}
        # A lone garage may leave its own name out.
        assert garage.get("/sensors/dht1/readings")["readings"] == readings


def test_readings_between_two_moments(garage):
    with Client(garage, "esp1") as device:
        for value in ("20", "21", "22", "23"):
            device.publish("garage/home/sensor/dht1/temperature", value)
    garage.await_event("sensor.reading-recorded", count=4)
    times = [event["time"] for event in garage.events(type="sensor.reading-recorded")]
    part = garage.get("/sensors/home.dht1/readings", **{"from": times[1], "to": times[3]})["readings"]
    assert sorted(reading["value"] for reading in part) == [21, 22], "from is inclusive, to is exclusive"


def test_the_event_log_filters_and_pages(garage):
    with Client(garage, "esp1") as device:
        for number in range(25):
            device.publish("garage/home/spot/A1/state", "occupied" if number % 2 == 0 else "free")
        device.publish("garage/home/gate/front/state", "open")
        garage.await_event("gate.opened")
    assert len(garage.events(kind="spot")) == 25
    assert len(garage.events(type="spot.freed")) == 12
    assert garage.types(type="gate.*") == ["gate.opened"]
    assert garage.types(subject="home.front") == ["gate.opened"]
    assert garage.types(device="esp1", type="gate.*") == ["gate.opened"]
    pages = list(garage.pages("/events", kind="spot", limit=10))
    assert [len(page["events"]) for page in pages] == [10, 10, 5]
    positions = [int(event["sequence"]) for page in pages for event in page["events"]]
    assert positions == sorted(positions, reverse=True), "newest first"
    event = garage.get(f"/events/{positions[0]}")
    assert int(event["sequence"]) == positions[0]


@pytest.mark.parametrize(
    "path, status",
    [
        ("/api/v1/events?colour=green", 400),
        ("/api/v1/events?limit=0", 400),
        ("/api/v1/events?limit=many", 400),
        ("/api/v1/events?from=yesterday", 400),
        ("/api/v1/events?cursor=nonsense", 400),
        ("/api/v1/events/999999", 404),
        ("/api/v1/gates/home.none/commands/x", 404),
        ("/api/v1/sensors/home.none/readings", 404),
        ("/api/v1/nothing", 404),
        ("/nothing", 404),
    ],
)
def test_a_wrong_request_gets_a_problem_and_not_a_guess(garage, path, status):
    answer = garage.request("GET", path)
    assert answer.status_code == status, answer.text
    if path.startswith("/api"):
        assert answer.headers["Content-Type"].startswith("application/problem+json")
        assert answer.json()["status"] == status


def test_the_live_feed_sends_new_events_and_resumes_where_it_ended(garage):
    def read(stream, count):
        found, position = [], None
        for line in stream.iter_lines(decode_unicode=True):
            if line.startswith("id:"):
                position = line.removeprefix("id:").strip()
            if line.startswith("data:"):
                found.append((position, json.loads(line.removeprefix("data:"))["type"]))
                if len(found) == count:
                    return found

    mosquitto.publish(garage, "garage/home/spot/A1/state", "occupied", "-q", "1")
    garage.await_event("spot.occupied")
    with garage.request("GET", "/api/v1/events/stream", stream=True, params={"kind": "spot"}) as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        mosquitto.publish(garage, "garage/home/spot/A1/state", "free", "-q", "1")
        (first,) = read(stream, 1)
    assert first[1] == "spot.freed"
    mosquitto.publish(garage, "garage/home/spot/A1/state", "occupied", "-q", "1")
    mosquitto.publish(garage, "garage/home/spot/A1/state", "free", "-q", "1")
    with garage.request(
        "GET", "/api/v1/events/stream", stream=True, params={"kind": "spot"}, headers={"Last-Event-ID": first[0]}
    ) as stream:
        assert [type for _, type in read(stream, 2)] == ["spot.occupied", "spot.freed"]


def test_each_event_is_published_over_mqtt(garage):
    with mosquitto.Subscriber(garage, "garage/home/events") as subscriber:
        mosquitto.publish(garage, "garage/home/spot/A1/state", "occupied", "-q", "1")
        line = eventually(
            lambda: [line for line in subscriber.lines if "spot.occupied" in line], "the event over MQTT"
        )[0]
    assert json.loads(line.split(" ", 3)[3])["subject"] == "spot/home.A1"


def test_nobody_but_the_service_publishes_on_its_own_topics(garage):
    with mosquitto.Subscriber(garage, "garage/home/#") as subscriber:
        mosquitto.publish(garage, "garage/home/events", "forged", "-q", "1")
        mosquitto.publish(garage, "garage/home/gate/front/actuate", "OPEN", "-q", "1")
        mosquitto.publish(garage, "garage/home/gate/front/command/result", "{}", "-q", "1")
        mosquitto.publish(garage, "garage/home/sensor/dht1/temperature", "21", "-q", "1")
        subscriber.await_line("0 1 garage/home/sensor/dht1/temperature 21")
        assert not [line for line in subscriber.lines if "forged" in line or "actuate" in line or line.endswith("{}")]
