"""The distributed-tracing context, from a request to everything that follows from it."""

import paho.mqtt.client as mqtt
import pytest

from device import Client, GateDevice
from waiting import eventually

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
STATE = "vendor=abc,other=1"


def user_properties(message) -> dict[str, str]:
    return dict(getattr(message.properties, "UserProperty", []))


def publish(client: Client, topic: str, payload: str, *properties: tuple[str, str]) -> None:
    sent = mqtt.Properties(mqtt.PacketTypes.PUBLISH)
    sent.UserProperty = list(properties)
    client.paho.publish(topic, payload, qos=1, properties=sent).wait_for_publish(10)


@pytest.fixture
def watcher(garage):
    """A client of MQTT 5 that hears what the gate's device is told, and the results."""
    client = Client(garage, "watcher", version=mqtt.MQTTv5).connect()
    client.subscribe("garage/home/gate/front/actuate", "garage/home/gate/front/command/result")
    yield client
    client.disconnect()


def check_command(garage, watcher) -> None:
    completed = garage.await_event("gate.command-completed", 20)
    of_command = [e for e in garage.events() if e.get("correlationid") == completed["correlationid"]]
    assert len(of_command) >= 3
    for event in of_command:
        assert (event["traceparent"], event["tracestate"]) == (PARENT, STATE), event
        assert "traceparent" not in event["data"]

    def told(ending: str):
        return [m for m in list(watcher.messages) if m.topic.endswith(ending)]

    eventually(lambda: told("/actuate") and len(told("/result")) >= 3, "the actuate message and the results")
    for message in told("/actuate") + told("/result"):
        assert user_properties(message) == {"traceparent": PARENT, "tracestate": STATE}
    page = garage.request("GET", f"/events/{completed['sequence']}").text
    assert PARENT in page
    assert garage.stop() == 0
    assert garage.command("verify").returncode == 0


def test_from_http_to_the_device_and_into_every_event(garage, gate_device, watcher):
    garage.post_command("open", headers={"traceparent": PARENT, "tracestate": STATE})
    check_command(garage, watcher)


def test_from_mqtt_to_the_device_and_into_every_event(garage, gate_device, watcher):
    publish(watcher, "garage/home/gate/front/command", "OPEN", ("traceparent", PARENT), ("tracestate", STATE))
    check_command(garage, watcher)


def test_what_a_device_reports_bears_its_trace(garage, watcher):
    publish(watcher, "garage/home/sensor/t1/temperature", "21.5", ("traceparent", PARENT))
    publish(watcher, "garage/home/sensor/t1/temperature", "21.6")
    first, second = eventually(lambda: garage.events(type="sensor.reading-recorded")[1:] and garage.events(
        type="sensor.reading-recorded"), "two readings")
    assert first["traceparent"] == PARENT and "tracestate" not in first
    assert first["data"] == {"quantity": "temperature", "value": 21.5}
    assert "traceparent" not in second


@pytest.mark.parametrize("parent", ["", "nonsense", PARENT.upper(), "00-" + "0" * 32 + PARENT[35:], PARENT + "-x", "x" * 9000])
def test_a_malformed_one_is_ignored(garage, gate_device, parent):
    headers = {"traceparent": parent, "tracestate": STATE} if len(parent) < 5000 else {"tracestate": parent}
    answer = garage.post_command("open", headers=headers)
    assert answer.status_code == 202, answer.text
    assert "traceparent" not in garage.await_event("gate.command-requested")


def test_a_note_bears_its_trace(garage, gate_device):
    garage.await_event("gate.closed")
    answer = garage.request(
        "POST", "/api/v1/events", json={"text": "hello", "subject": "gate/home.front"}, headers={"traceparent": PARENT}
    )
    assert answer.status_code in (200, 201), answer.text
    assert garage.await_event("note.added")["traceparent"] == PARENT
