"""A gate is a door of a house: what an attacker on the network, in a browser or with a device's password may try."""

import json
import socket

import paho.mqtt.client as mqtt
import pytest

import mosquitto
from device import Client
from service import host_and_port
from waiting import eventually

COMMAND = "garage/home/gate/front/command"


def handshake(address: str, origin: str, host: str) -> str:
    """The first line of the answer to a browser's WebSocket request."""
    with socket.create_connection(host_and_port(address), timeout=10) as connection:
        connection.sendall(
            (
                f"GET /mqtt HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nUpgrade: websocket\r\n"
                "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n"
            ).encode()
        )
        return connection.makefile("rb").readline().decode()


@pytest.mark.parametrize("listener", ["http", "mqtt_ws"])
@pytest.mark.parametrize(
    ("origin", "host", "is_admitted"),
    [
        ("http://127.0.0.1:8080", "127.0.0.1:8083", True),
        ("http://localhost:8080", "localhost:8083", True),
        ("http://[::1]:8080", "[::1]:8083", True),
        ("http://garage.lan:8080", "garage.lan:8083", True),
        ("http://evil.example", "127.0.0.1:8083", False),
        # The name of the attacker's page, which he has let point to this machine.
        ("http://evil.example:8083", "evil.example:8083", False),
        ("http://127.0.0.1.evil.example:8083", "127.0.0.1.evil.example:8083", False),
        ("null", "127.0.0.1:8083", False),
    ],
)
def test_a_page_from_elsewhere_cannot_speak_mqtt(make_garage, listener, origin, host, is_admitted):
    service = make_garage(environment={"GARAGE_HTTP_ALLOWED_HOSTS": "garage.lan"}).start()
    answer = handshake(service.addresses[listener], origin, host)
    assert ("101" in answer) == is_admitted, answer


@pytest.mark.parametrize(
    "topic",
    [
        "garage/home/gate/back/actuate",
        "garage/home/gate/back/command",
        "garage/home/gate/back/state",
        "garage/home/occupancy",
        "cmnd/opener/POWER",
        "portao/set",
    ],
)
def test_the_answer_to_a_command_goes_to_no_topic_that_moves_or_tells_something(garage, gate_device, topic):
    """The service publishes with its own rights: a sender must not borrow them by its response topic."""
    with Client(garage, "listener") as listener, Client(garage, "program", version=mqtt.MQTTv5) as program:
        listener.subscribe("#")
        properties = mqtt.Properties(mqtt.PacketTypes.PUBLISH)
        properties.ResponseTopic = topic
        program.publish(COMMAND, "OPEN", properties=properties)
        program.publish("mark", "end")
        listener.await_payload("mark", "end")
        denied = garage.await_event("access.denied")
        assert denied["data"]["attempt"] == f"have the answer published on {topic}"
        assert not [message for message in listener.messages if message.topic == topic]
        assert not [type for type in garage.types(kind="gate") if ".command-" in type], "and nothing moves"


def announcement(state: str, command: str) -> str:
    device = {"ids": ["x1"], "name": "front"}
    return json.dumps({"name": None, "dev": device, "uniq_id": "x1", "dev_cla": "garage", "stat_t": state, "cmd_t": command})


@pytest.fixture
def house(make_garage):
    """A service with two devices, of which one is in an attacker's hands."""
    service = make_garage()
    passwords = {}
    for name in ("front", "esp9"):
        lines = service.command("devices", "add", name).stdout.splitlines()
        passwords[name] = next(line.split()[-1] for line in lines if line.strip().startswith("password"))
    service.start()

    def client(name: str, client_id: str | None = None) -> Client:
        client = Client(service, client_id or name, version=mqtt.MQTTv5)
        client.paho.username_pw_set(name, passwords[name])
        return client

    service.client = client
    return service


@pytest.mark.parametrize(
    ("state", "command"),
    [
        ("esp9/state", "cmnd/front/POWER"),
        ("esp9/state", "garage/home/gate/front/actuate"),
        ("front/state", "esp9/set"),
    ],
)
def test_a_device_announces_no_topics_of_others(house, state, command):
    with house.client("esp9") as attacker, Client(house, "ana") as ana:
        ana.subscribe("#")
        topic = "homeassistant/cover/esp9/door/config"
        attacker.publish(topic, announcement(state, command), retain=True)
        denied = house.await_event("access.denied")
        assert denied["actor"] == "esp9"
        assert topic in denied["data"]["attempt"]
        attacker.publish("esp9/state", "closed")
        mosquitto.publish(house, "mark", "x", "-q", "1")
        ana.await_payload("mark", "x")
        assert not [message for message in ana.messages if message.topic == topic], "nor is it kept"
        assert not house.get("/gates")["gates"]


def test_a_device_takes_no_gate_from_another(house):
    """Its own topics are its own, but the name in an announcement is free: it may be another's gate."""
    with house.client("front") as owner, house.client("esp9") as attacker:
        owner.subscribe("garage/home/gate/front/actuate")
        attacker.subscribe("esp9/set")
        owner.publish("garage/home/gate/front/state", "closed")
        attacker.publish("homeassistant/cover/esp9/front/config", announcement("esp9/state", "esp9/set"), retain=True)
        attacker.publish("esp9/state", "open")
        denied = house.await_event("access.denied")
        assert denied["actor"] == "esp9"
        assert denied["data"]["attempt"] == "report gate home.front of the device front on esp9/state"
        assert house.gate()["state"] == "closed"
        assert house.post_command("open").status_code == 202
        owner.await_payload("garage/home/gate/front/actuate", "OPEN")
        assert not attacker.messages


def test_nor_after_a_restart(house):
    with house.client("front") as owner:
        owner.publish("garage/home/gate/front/state", "closed")
        house.await_event("gate.closed")
    assert house.stop() == 0
    house.start()
    with house.client("esp9") as attacker:
        attacker.publish("homeassistant/cover/esp9/front/config", announcement("esp9/state", "esp9/set"), retain=True)
        attacker.publish("esp9/state", "open")
        house.await_event("access.denied")
        assert house.gate()["state"] == "closed"


def test_a_gate_is_another_devices_once_its_device_is_removed(house):
    with house.client("front") as owner:
        owner.publish("garage/home/gate/front/state", "closed")
    assert house.command("devices", "remove", "front").returncode == 0

    with house.client("esp9") as successor:
        successor.publish("homeassistant/cover/esp9/front/config", announcement("esp9/state", "esp9/set"), retain=True)

        def is_taken() -> bool:
            successor.publish("esp9/state", "open")
            return house.gate()["state"] == "open"

        eventually(is_taken, "the new device to report the gate", 10, interval=0.5)
