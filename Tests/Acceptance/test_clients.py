"""Stock MQTT clients against the broker: mosquitto_pub, mosquitto_sub, paho-mqtt 1.6 and 2.x."""

import pathlib
import subprocess
import sys

import paho.mqtt.client as mqtt
import pytest

import mosquitto
import wire
from device import Client
from service import clean_environment
from waiting import eventually

HERE = pathlib.Path(__file__).parent
PAHO_1 = HERE.parents[1] / ".venv" / "paho-1.6"


@pytest.mark.parametrize("version", ["mqttv311", "mqttv5"])
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_each_quality_of_service_arrives_as_sent(garage, qos, version):
    with mosquitto.Subscriber(garage, "elsewhere/#", qos=2, options=("-V", version)) as subscriber:
        mosquitto.publish(garage, "elsewhere/a", "one", "-q", str(qos), "-V", version)
        mosquitto.publish(garage, "elsewhere/b", "two", "-q", str(qos), "-V", version)
        subscriber.await_line(f"0 {qos} elsewhere/b two")
        assert subscriber.lines == [f"0 {qos} elsewhere/a one", f"0 {qos} elsewhere/b two"]


def test_quality_of_service_is_lowered_to_the_subscription(garage):
    with mosquitto.Subscriber(garage, "elsewhere/a", qos=0) as subscriber:
        mosquitto.publish(garage, "elsewhere/a", "x", "-q", "2")
        subscriber.await_line("0 0 elsewhere/a x")


def test_the_oldest_protocol_version_is_spoken_too(garage):
    with mosquitto.Subscriber(garage, "elsewhere/#", options=("-V", "mqttv31", "-i", "old")) as subscriber:
        mosquitto.publish(garage, "elsewhere/a", "x", "-q", "1", "-V", "mqttv31", "-i", "old-too")
        subscriber.await_line("0 1 elsewhere/a x")


@pytest.mark.parametrize(
    "filter, matching, other",
    [
        ("a/+/c", ["a/b/c", "a//c"], ["a/b/c/d", "a/c", "x/b/c"]),
        ("a/#", ["a", "a/b", "a/b/c"], ["b", "b/a", "/a"]),
        ("+/b", ["a/b", "/b"], ["b", "a/b/c"]),
        ("#", ["a", "a/b"], ["$other/a"]),
    ],
)
def test_wildcards(garage, filter, matching, other):
    with mosquitto.Subscriber(garage, filter) as subscriber:
        for topic in other + matching:
            mosquitto.publish(garage, topic, "x", "-q", "1")
        mosquitto.publish(garage, matching[-1], "end", "-q", "1")
        subscriber.await_line(f"0 1 {matching[-1]} end")
        assert [line.split()[2] for line in subscriber.lines[:-1]] == matching


def test_a_retained_message_reaches_later_subscribers_until_it_is_emptied(garage):
    mosquitto.publish(garage, "elsewhere/kept", "old", "-r", "-q", "1")
    mosquitto.publish(garage, "elsewhere/kept", "new", "-r", "-q", "1")
    with mosquitto.Subscriber(garage, "elsewhere/#") as subscriber:
        subscriber.await_line("1 1 elsewhere/kept new")
        mosquitto.publish(garage, "elsewhere/kept", "newer", "-r", "-q", "1")
        # To those who are there already it is a message like any other.
        subscriber.await_line("0 1 elsewhere/kept newer")
    mosquitto.publish(garage, "elsewhere/kept", "", "-r", "-q", "1")
    with mosquitto.Subscriber(garage, "elsewhere/#") as subscriber:
        mosquitto.publish(garage, "elsewhere/mark", "x", "-q", "1")
        subscriber.await_line("0 1 elsewhere/mark x")
        assert len(subscriber.lines) == 1


def test_a_will_is_published_when_the_connection_breaks_and_not_after_goodbye(garage):
    with mosquitto.Subscriber(garage, "wills/#") as subscriber:
        polite = Client(garage, will=("wills/polite", "gone")).connect()
        broken = Client(garage, will=("wills/broken", "gone")).connect()
        polite.disconnect()
        broken.cut()
        subscriber.await_line("0 1 wills/broken gone")
        assert subscriber.lines == ["0 1 wills/broken gone"]


def test_a_will_is_published_at_shutdown_and_waits_for_who_is_away(garage):
    Client(garage, "away", version=mqtt.MQTTv5, clean=False).connect().subscribe("wills/#").disconnect()
    will = wire.text("wills/dying") + wire.text("gone")
    flags = bytes([0x02 | 0x04 | 0x08])  # A clean start, and a will with QoS 1.
    body = wire.text("MQTT") + b"\x05" + flags + b"\x00\x3c" + b"\x00" + wire.text("dying") + b"\x00" + will
    with wire.Wire(garage) as dying:
        first, answer = dying.send(wire.packet(0x10, body)).receive()
        assert first == 0x20 and answer[1] == 0
        assert garage.stop() == 0
        # 0x8B: the server shuts down. The client has not said goodbye, so its will is due (MQTT 5.0 section 3.1.2.5).
        assert dying.receive() == (0xE0, b"\x8b")
    garage.start()
    away = Client(garage, "away", version=mqtt.MQTTv5, clean=False).connect()
    away.await_payload("wills/dying", "gone")
    away.disconnect()
    assert away.payloads("wills/dying") == ["gone"]


@pytest.mark.parametrize("version", [mqtt.MQTTv311, mqtt.MQTTv5])
def test_a_persistent_session_gets_what_it_missed(garage, version):
    client = Client(garage, "sleeper", version=version, clean=False).connect().subscribe("elsewhere/#")
    client.disconnect()
    for number in range(20):
        mosquitto.publish(garage, "elsewhere/a", str(number), "-q", "1")
    again = Client(garage, "sleeper", version=version, clean=False).connect()
    eventually(lambda: len(again.payloads("elsewhere/a")) >= 20, "the queued messages")
    assert again.payloads("elsewhere/a") == [str(number) for number in range(20)]
    again.disconnect()


def test_a_second_connection_with_the_same_client_id_takes_over(garage):
    first = Client(garage, "twin").connect()
    lost = []
    first.paho.on_disconnect = lambda client, userdata, flags, reason, properties: (
        lost.append(reason),
        client.disconnect(),
    )
    with Client(garage, "twin") as second:
        eventually(lambda: lost, "the end of the first connection")
        second.subscribe("elsewhere/a").publish("elsewhere/a", "x")
        second.await_payload("elsewhere/a", "x")
    first.paho.loop_stop()


@pytest.mark.parametrize("transport", ["tcp", "websockets"])
@pytest.mark.parametrize("protocol", ["3.1.1", "5.0"])
@pytest.mark.parametrize("library", ["paho-mqtt 1.6", "paho-mqtt 2"])
def test_a_stock_paho_client_just_works(garage, library, protocol, transport):
    environment = clean_environment()
    if library == "paho-mqtt 1.6":
        if not PAHO_1.is_dir():
            pytest.fail(f"{PAHO_1} is missing; deploy/test installs it")
        environment["PYTHONPATH"] = str(PAHO_1)
    host, port = garage.mqtt if transport == "tcp" else garage.websocket
    done = subprocess.run(
        [sys.executable, str(HERE / "stock_client.py"), host, str(port), protocol, transport, "elsewhere/stock"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "elsewhere/stock hello"
    assert done.stdout.startswith("connected")
