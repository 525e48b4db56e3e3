"""The broker's bounds, and that each client who runs into one is counted in the metrics."""

import re
import socket
import time

import pytest

from device import Client
from waiting import eventually
from wire import Wire, packet, publish
from wire import text as wire_text

SETTINGS = """
mqtt:
  maximum_packet_size: 4000
  maximum_connections: 12
  receive_maximum: 2
  maximum_queued_messages: 5
  total_queued_messages: 8
  limits:
    topic_length: 200
    topic_levels: 6
    subscriptions_per_client: 3
    retained_messages: 200
    sessions: 10
    stalled_receiver_seconds: 1
"""


@pytest.fixture
def narrow(make_garage, tmp_path):
    (tmp_path / "garage.yaml").write_text(SETTINGS)
    return make_garage("--config", str(tmp_path / "garage.yaml")).start()


def too_many_connections(garage):
    host, port = garage.mqtt
    return [socket.create_connection((host, port), timeout=10) for _ in range(20)]


def too_many_sessions(garage):
    for number in range(12):
        # Each leaves a session behind.
        wire = Wire(garage)
        wire.send(bytes.fromhex("100e00044d5154540400003c0002") + f"s{number:x}".encode())
        wire.receive()
        wire.socket.close()


def too_large_a_packet(garage):
    with Wire(garage) as wire:
        wire.connect("large")
        wire.send(publish("a", b"x" * 5000))
        wire.await_close()


def too_long_a_topic(garage):
    with Client(garage, "long") as client:
        client.publish("a" * 201, "1")


def too_deep_a_topic(garage):
    with Client(garage, "deep") as client:
        client.publish("/".join("a" * 7), "1")


def will_is_taken(garage, topic: str) -> bool:
    with Wire(garage) as wire:
        fields = wire_text("MQTT") + b"\x04\x06\x00\x3c" + wire_text("willing") + wire_text(topic) + wire_text("gone")
        wire.send(packet(0x10, fields))
        try:
            return wire.receive()[1][1] == 0
        except ConnectionError:
            # MQTT 3.1.1 has no code for it.
            return False


def too_many_subscriptions(garage):
    with Client(garage, "many") as client:
        client.subscribe("a", "b", "c", "d")


def too_many_under_way(garage):
    with Wire(garage) as wire:
        properties = "00"
        connect = bytes.fromhex("10" + "11" + "00044d51545405" + "02" + "003c" + properties + "0004") + b"busy"
        wire.send(connect)
        wire.receive()
        # QoS 2 publishes that are never released.
        for number in range(1, 4):
            body = b"\x00\x01a" + number.to_bytes(2, "big") + b"\x00x"
            wire.send(bytes([0x34, len(body)]) + body)
        wire.await_close()


def too_much_waits_for_one(garage):
    with Client(garage, "away", clean=False) as away:
        away.subscribe("for/away")
    with Client(garage, "source") as source:
        for number in range(8):
            source.publish("for/away", str(number))


def too_much_waits_for_all(garage):
    for name in ("away1", "away2"):
        with Client(garage, name, clean=False) as away:
            away.subscribe("for/all")
    with Client(garage, "source") as source:
        for number in range(5):
            source.publish("for/all", str(number))


def too_much_is_retained(garage):
    with Client(garage, "keeper") as keeper:
        for number in range(250):
            keeper.publish(f"kept/{number}", "x", retain=True)


def a_receiver_does_not_read(garage):
    with Wire(garage) as wire, Client(garage, "flood") as flood:
        wire.connect("deaf")
        wire.send(bytes.fromhex("8208000100036e6f7200"))
        wire.receive()
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and not reached(garage).get("stalled_receiver"):
            for _ in range(500):
                flood.paho.publish("nor", b"x" * 3000, qos=0)


def reached(garage) -> dict[str, float]:
    text = garage.request("GET", "/metrics").text
    found = re.findall(r'^garage_mqtt_limits_reached_total\{limit="(\w+)"\} (\S+)', text, re.M)
    return {limit: float(count) for limit, count in found if float(count)}


BREACHES = {
    "connections": too_many_connections,
    "sessions": too_many_sessions,
    "packet_size": too_large_a_packet,
    "topic_length": too_long_a_topic,
    "topic_levels": too_deep_a_topic,
    "subscriptions_per_client": too_many_subscriptions,
    "in_flight": too_many_under_way,
    "queue": too_much_waits_for_one,
    "all_queues": too_much_waits_for_all,
    "stalled_receiver": a_receiver_does_not_read,
    "retained": too_much_is_retained,
}


@pytest.mark.parametrize("limit", BREACHES)
def test_who_runs_into_a_limit_is_counted(narrow, limit):
    assert not reached(narrow)
    connections = BREACHES[limit](narrow)
    eventually(lambda: limit in reached(narrow), f"{limit} in the metrics", 15, interval=0.2)
    for connection in connections or []:
        connection.close()
    assert narrow.request("GET", "/healthz").status_code == 200


@pytest.mark.parametrize(
    ("limit", "allowed", "beyond"),
    [("topic_levels", "/".join("a" * 6), "/".join("a" * 7)), ("topic_length", "a" * 200, "a" * 201)],
    ids=["topic_levels", "topic_length"],
)
def test_a_will_beyond_a_limit_is_refused_and_counted(narrow, limit, allowed, beyond):
    assert will_is_taken(narrow, allowed)
    assert not reached(narrow)
    assert not will_is_taken(narrow, beyond)
    eventually(lambda: reached(narrow) == {limit: 1}, f"{limit} in the metrics", 15, interval=0.2)


def test_every_counted_limit_is_told_from_the_start(narrow):
    text = narrow.request("GET", "/metrics").text
    told = re.findall(r'^garage_mqtt_limits_reached_total\{limit="(\w+)"\}', text, re.M)
    assert sorted(told) == sorted(BREACHES)


def test_every_limit_is_printed_and_told_in_the_metrics(narrow, tmp_path):
    printed = narrow.command("config", "print", "--config", str(tmp_path / "garage.yaml")).stdout
    settings = dict(line.split(": ", 1) for line in printed.splitlines() if ": " in line)
    metrics = narrow.request("GET", "/metrics").text
    told = dict(re.findall(r'^garage_limit\{key="([^"]+)"\} (\S+)', metrics, re.M))
    assert settings["mqtt.limits.topic_levels"] == "6" and settings["mqtt.maximum_packet_size"] == "4000"
    limits = {key: value for key, value in settings.items() if ".limits." in key and not key.endswith("exempt_addresses")}
    queues = {key: value for key, value in settings.items() if "_maximum" in key or "maximum_" in key or "total_" in key}
    assert len(limits) > 20 and len(queues) > 8
    assert {key: float(value) for key, value in told.items()} == {
        key: float(value) for key, value in {**limits, **queues}.items()
    }
