"""What changes while the service runs: SIGHUP, and rights that are taken away."""

import re
import signal
import socket

import pytest

from device import Client
from waiting import eventually
from wire import Wire, connect, publish


def with_file(make_garage, tmp_path, text: str):
    file = tmp_path / "garage.yaml"
    file.write_text(text)
    return make_garage("--config", str(file)), file


def device(service, name: str, password: str, clean: bool = True) -> Client:
    client = Client(service, f"{name}-client", clean=clean)
    client.paho.username_pw_set(name, password)
    return client


def password_of(service, name: str, *options: str) -> str:
    return re.search(r"password\s+(\S+)", service.command("devices", "add", name, *options).stdout).group(1)


def hang_up(service, lines: int) -> None:
    """SIGHUP, and the `lines`-th report that it was followed."""
    service.process.send_signal(signal.SIGHUP)
    eventually(lambda: service.log().count("read the configuration again") >= lines, "the reload", 10)


def test_sighup_reads_again_what_can_change_and_says_what_can_not(make_garage, tmp_path):
    service, file = with_file(make_garage, tmp_path, "log:\n  level: info\n")
    password = password_of(service, "esp1")
    service.start()
    topic = "garage/home/spot/esp9/state"
    with device(service, "esp1", password) as client:
        client.publish(topic, "occupied")
        eventually(lambda: service.types(type="access.denied") == ["access.denied"], "a refusal")
        file.write_text(
            "log:\n  level: debug\naccess:\n  rules: allow device:esp1 publish garage/home/spot/esp9/#\n"
            "site:\n  time_zone: America/Sao_Paulo\nalerts:\n  webhook_secret: not-for-the-log\n"
        )
        hang_up(service, 1)
        client.publish(topic, "occupied")
        eventually(lambda: [event["subject"] for event in service.events(kind="spot")] == ["spot/home.esp9"], "the spot")
        assert client.paho.is_connected()
    change = service.await_event("access.granted-changed")
    assert change["data"]["change"] == "topic rules: allow device:esp1 publish garage/home/spot/esp9/#"
    assert (change["actor"], change["channel"]) == ("service", "cli")
    eventually(lambda: "level=debug" in service.log(), "a line for debugging")
    told = re.findall(r'msg="setting ([a-z ]+)" key=(\S+)', service.log())
    assert sorted(told) == [
        ("changed", "access.rules"), ("changed", "alerts.webhook_secret"), ("changed", "log.level"),
        ("needs a restart", "site.time_zone"),
    ]
    assert "not-for-the-log" not in service.log()
    file.write_text("access:\n  rules: allow everything\n")
    service.process.send_signal(signal.SIGHUP)
    eventually(lambda: "what was in force stays so" in service.log(), "the mistake to be told")
    with device(service, "esp1", password) as client:
        client.publish(topic, "free")
        eventually(lambda: service.types(kind="spot") == ["spot.occupied", "spot.freed"], "the spot to be free")


def test_what_a_client_may_not_read_any_more_stops_coming(make_garage, tmp_path):
    rule = "access:\n  rules: allow device:sign subscribe garage/home/occupancy, allow device:sign subscribe plans/#\n"
    service, file = with_file(make_garage, tmp_path, rule)
    password = password_of(service, "sign")
    other = password_of(service, "other", "--topic", "plans/#")
    service.start()
    sign = device(service, "sign", password, clean=False).connect()
    sign.subscribe("plans/#")
    with device(service, "other", other) as client, Client(service, "speaker") as speaker:
        client.subscribe("plans/#")
        speaker.publish("plans/a", "1")
        sign.await_payload("plans/a", "1")
        file.write_text("access:\n  rules: allow device:sign subscribe garage/home/occupancy\n")
        hang_up(service, 1)
        eventually(lambda: not sign.paho.is_connected() or "2" in sign.payloads("plans/a"), "the connection to end")
        sign.paho.loop_stop()
        speaker.publish("plans/a", "2")
        client.await_payload("plans/a", "2")
        assert service.command("devices", "remove", "other").returncode == 0
        eventually(lambda: not client.paho.is_connected(), "the removed device to be gone", 10)
    # Nothing waits for it either.
    with device(service, "sign", password, clean=False) as again:
        again.subscribe("garage/home/occupancy")
        assert again.payloads("plans/a") == [] and sign.payloads("plans/a") == ["1"]


def test_a_flood_of_refusals_does_not_fill_the_log(make_garage):
    service = make_garage().start()
    refused = 300
    for _ in range(refused):
        with socket.create_connection(service.mqtt, timeout=10) as stranger:
            # A client identifier that MQTT 3.1.1 does not allow without a clean session.
            stranger.sendall(connect("", clean=False))
            stranger.recv(100)

    def lines() -> int:
        return service.log().count('msg="connection closed"')

    eventually(lambda: lines() > 0, "a line")
    assert lines() <= 10

    def told() -> int:
        omitted = re.findall(r'msg="more of the same were left out".* lines=(\d+)', service.log())
        return sum(map(int, omitted))

    eventually(lambda: told() + lines() >= refused, "the rest to be counted", 25)


def told(service) -> list[tuple[str, str]]:
    return sorted(re.findall(r'msg="setting ([a-z ]+)" key=(\S+)', service.log()))


def answer(wire: Wire, data: bytes) -> bytes:
    return wire.send(data).receive()[1]


def subscription(number: int) -> bytes:
    return bytes.fromhex("82080001000361") + b"/%d" % number + b"\x00"


def test_sighup_takes_up_the_limits_of_the_broker_and_drops_nobody(make_garage, tmp_path):
    service, file = with_file(make_garage, tmp_path, "mqtt:\n  limits:\n    subscriptions_per_client: 3\n")
    service.start()
    with Wire(service) as wire:
        wire.connect("there")
        for number in range(3):
            assert answer(wire, subscription(number))[-1] == 0
        file.write_text(
            "mqtt:\n  maximum_packet_size: 2000\n  event_loops: 2\n  limits:\n    subscriptions_per_client: 2\n"
        )
        hang_up(service, 1)
        assert told(service) == [
            ("changed", "mqtt.limits.subscriptions_per_client"), ("changed", "mqtt.maximum_packet_size"),
            ("needs a restart", "mqtt.event_loops"),
        ]
        metrics = service.request("GET", "/metrics").text
        assert 'garage_limit{key="mqtt.limits.subscriptions_per_client"} 2' in metrics
        assert 'garage_limit{key="mqtt.maximum_packet_size"} 2000' in metrics
        assert answer(wire, subscription(3))[-1] == 0x80
        # What it had stays, and it goes on with the packet size that held when it came.
        wire.send(publish("a/1", b"x" * 3000))
        assert wire.receive()[1].endswith(b"x" * 3000)
        with Wire(service) as late:
            late.connect("late").send(publish("a/1", b"x" * 3000))
            late.await_close()
        wire.send(publish("a/2", b"still here"))
        assert wire.receive()[1].endswith(b"still here")


def test_names_and_origins_that_may_reach_the_service_follow_sighup(make_garage, tmp_path):
    service, file = with_file(make_garage, tmp_path, "http:\n  allowed_hosts: old.example\n")
    service.start()

    def ask(host: str):
        return service.request("GET", "/api/v1/gates", headers={"Host": host, "Origin": "https://panel.example"})

    assert ask("old.example").status_code == 200 and ask("new.example").status_code == 421
    file.write_text("http:\n  allowed_hosts: new.example\n  allowed_origins: https://panel.example\n")
    hang_up(service, 1)
    assert ask("old.example").status_code == 421 and ask("new.example").status_code == 200
    assert ask("new.example").headers["Access-Control-Allow-Origin"] == "https://panel.example"


def test_the_broker_alone_names_only_the_keys_that_it_uses(make_broker, tmp_path):
    file = tmp_path / "garage.yaml"
    file.write_text("mqtt:\n  limits:\n    topic_levels: 9\n")
    service = make_broker("--config", str(file)).start()
    with Wire(service) as wire:
        wire.connect("there")
        file.write_text(
            "mqtt:\n  event_loops: 2\n  limits:\n    topic_levels: 3\nquality:\n  jumps: 'off'\n"
            "access:\n  rules: deny anyone publish a/#\nalerts:\n  webhook_secret: secret\n"
            "gates:\n  front:\n    type: toggle\nbridges:\n  house:\n    address: 127.0.0.1:9\n    topics:\n      - topic: a\n"
        )
        hang_up(service, 1)
        wire.send(bytes.fromhex("82060001000123") + b"\x00")
        assert wire.receive()[1][-1] == 0
        # Too deep now, so nobody gets it.
        wire.send(publish("a/b/c/d", b"deep")).send(publish("a/b/c", b"seen"))
        assert wire.receive()[1].endswith(b"seen")
    assert told(service) == [("changed", "mqtt.limits.topic_levels"), ("needs a restart", "mqtt.event_loops")]


def test_sighup_takes_up_what_is_set_about_the_garage(make_garage, settable_clock, tmp_path):
    clock = tmp_path / "clock"
    file = tmp_path / "garage.yaml"
    file.write_text("retention:\n  head_seconds: 86400\n")
    environment = {"LD_PRELOAD": str(settable_clock), "SETTABLE_CLOCK": str(clock)}
    service = make_garage("--config", str(file), environment=environment).start()
    temperature, front = "garage/home/sensor/dht1/temperature", "garage/home/gate/front/"

    def values() -> list[float]:
        return [event["data"]["value"] for event in service.events(type="sensor.reading-recorded")]

    with Client(service, "esp1") as device:
        device.subscribe(front + "actuate", "garage/home/log/head")
        for value in ("24", "24", "24", "24", "24", "-12"):
            device.publish(temperature, value)
        service.await_event("sensor.fault-detected")
        device.publish(temperature, "24.2").publish(front + "state", "closed")
        service.await_event("sensor.fault-cleared")
        clock.write_text(str(3 * 86400))
        service.await_event("clock.changed")
        assert 24.2 in values()
        file.write_text(
            "retention:\n  head_seconds: 1\n  telemetry_days: 1\nquality:\n  jumps: 'off'\n"
            "gate:\n  command_timeout_seconds: 1\nalerts:\n  overstay_hours: 5\n"
        )
        hang_up(service, 1)
        changed = (
            "alerts.overstay_hours", "gate.command_timeout_seconds", "quality.jumps", "retention.head_seconds",
            "retention.telemetry_days",
        )
        assert told(service) == [("changed", key) for key in changed]
        device.publish(temperature, "-12")
        eventually(lambda: values() == [-12], "a jump to be believed, and what is older than a day to be gone", 15)
        assert service.post_command("open").status_code == 202
        service.await_event("gate.command-failed")
        eventually(lambda: len(device.payloads("garage/home/log/head")) >= 3, "the head, again and again", 20)
        assert device.paho.is_connected()


def test_who_stands_around_the_pages_changes_with_the_file(make_garage, tmp_path):
    """Contacts and secrets of webhooks."""
    service, file = with_file(make_garage, tmp_path, "")
    service.start()
    text, webhook = "/.well-known/security.txt", "/api/v1/ingest/ttn"
    assert service.request("GET", text).status_code == 404
    assert service.request("POST", webhook, json={}).status_code == 404
    for number, secret in enumerate(["the-first-secret-1", "the-second-secret-2"], 1):
        file.write_text(
            f"http:\n  security_contacts: mailto:{number}@example.org\nwebhooks:\n  ttn_secret: {secret}\n"
        )
        hang_up(service, number)
        assert service.request("GET", text).text.startswith(f"Contact: mailto:{number}@example.org\n")
        for other in ["the-first-secret-1", "the-second-secret-2"]:
            answer = service.request("POST", webhook, json={}, headers={"Authorization": f"Bearer {other}"})
            assert (answer.status_code == 401) == (other != secret), answer.text
    denied = [event["data"]["attempt"] for event in service.events(type="access.denied")]
    assert denied == ["send an uplink with a wrong secret"] * 2
    assert "secret-" not in service.log()
    file.write_text("")
    hang_up(service, 3)
    assert service.request("GET", text).status_code == 404
    assert service.request("POST", webhook, json={}).status_code == 404


@pytest.mark.parametrize("kind", ["serve", "broker"])
def test_a_signal_that_comes_with_the_first_sign_of_life_is_followed(make_garage, make_broker, kind):
    """As `systemctl start` and `reload` in one go send it."""
    for _ in range(5):
        service = (make_broker if kind == "broker" else make_garage)().launch()
        eventually(lambda: "listening" in service.log(), "a listener", 30)
        hang_up(service, 1)
        assert service.stop() == 0
