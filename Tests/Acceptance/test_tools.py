"""The other commands of `garage`: events, views, devices, and the broker alone."""

import json
import pathlib
import re
import subprocess
import threading

import mosquitto
import pytest
from device import Client
from service import BINARY, clean_environment
from waiting import eventually


def fill(garage) -> None:
    with Client(garage, "esp1") as device:
        device.publish("garage/home/spot/A1/state", "occupied")
        device.publish("garage/home/gate/front/state", "closed")
        device.publish("garage/home/sensor/dht1/temperature", "21.5")
    garage.await_event("device.disconnected")


def test_events_list_and_show(garage):
    fill(garage)
    done = garage.command("events", "list", "--type", "spot.*")
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    position, _, type, subject, actor = line.split("\t")
    assert (type, subject, actor) == ("spot.occupied", "spot/home.A1", "esp1")
    shown = garage.command("events", "show", position)
    assert json.loads(shown.stdout)["type"] == "spot.occupied"
    missing = garage.command("events", "show", "9999")
    assert missing.returncode == 1 and len(missing.stderr.splitlines()) == 1


def test_events_export(garage):
    fill(garage)
    lines = garage.command("events", "export").stdout.splitlines()
    assert sorted(json.loads(line)["type"] for line in lines) == sorted(garage.types())
    table = garage.command("events", "export", "--format", "csv", "--kind", "spot").stdout.splitlines()
    assert len(table) == 2 and table[0].startswith("position,time,type")


def test_events_tail_prints_new_events_as_they_come(garage):
    lines: list[str] = []
    process = subprocess.Popen(
        [BINARY, "events", "tail", "--data", str(garage.data)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        env=clean_environment(),
    )
    reader = threading.Thread(target=lambda: lines.extend(process.stdout), daemon=True)
    reader.start()
    state = ["free", "occupied"]

    def seen():
        # It may still be connecting: change the state until it has seen one change.
        state.reverse()
        mosquitto.publish(garage, "garage/home/spot/A1/state", state[0], "-q", "1")
        return [line for line in list(lines) if "spot." in line]

    eventually(seen, "a line from `garage events tail`", interval=0.2)
    process.terminate()
    process.wait(10)
    reader.join(10)
    process.stdout.close()


def test_views_rebuild_and_status(garage):
    fill(garage)
    before = garage.request("GET", "/api/v1/events").text
    live = garage.command("views", "rebuild")
    assert live.returncode == 0, live.stderr
    assert garage.request("GET", "/api/v1/events").text == before
    garage.stop()
    done = garage.command("views", "rebuild")
    assert done.returncode == 0, done.stderr
    status = garage.command("views", "status").stdout
    head = re.search(r"log head: (\d+)", status).group(1)
    assert head != "0"
    assert re.findall(r"at (\d+), 0 behind", status) == [head] * 4
    garage.start()
    assert garage.request("GET", "/api/v1/events").text == before


def test_a_device_from_the_network_needs_its_password(make_garage):
    service = make_garage("--mqtt", "0.0.0.0:0", "--mqtt-ws", "off")
    done = service.command("devices", "add", "esp1")
    assert done.returncode == 0, done.stderr
    password = re.search(r"password\s+(\S+)", done.stdout).group(1)
    assert password not in "".join(file.read_text() for file in service.data.glob("*.json")), "only its hash is kept"
    assert service.command("devices", "add", "esp1").returncode == 1, "the name is taken"
    assert "esp1" in service.command("devices", "list").stdout

    service.start()
    for options, accepted in (
        ([], False),
        (["-u", "esp1", "-P", "wrong"], False),
        (["-u", "nobody", "-P", password], False),
        (["-u", "esp1", "-P", password], True),
    ):
        port = str(service.mqtt[1])
        topic = ["-t", "garage/home/spot/esp1/state", "-m", "occupied", "-q", "1"]
        done = subprocess.run(
            ["mosquitto_pub", "-h", "127.0.0.1", "-p", port, *topic, *options],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=15,
        )
        assert (done.returncode == 0) is accepted, f"{options}: {done.stderr}"
    service.await_event("spot.occupied")
    assert password not in service.log()


@pytest.mark.parametrize("version", ["mqttv311", "mqttv5"])
def test_the_broker_alone(make_broker, version):
    broker = make_broker().start()
    with mosquitto.Subscriber(broker, "garage/#", options=("-V", version)) as subscriber:
        # Without the garage around it, no topic has a meaning.
        mosquitto.publish(broker, "garage/home/gate/front/command", "OPEN", "-q", "1", "-r", "-V", version)
        subscriber.await_line("0 1 garage/home/gate/front/command OPEN")
    assert broker.stop() == 0


def test_the_example_of_embedding_the_broker_does_what_it_says():
    example = pathlib.Path(__file__).parents[2] / ".build" / "debug" / "embedding-example"
    done = subprocess.run([str(example)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    first, *said = done.stdout.splitlines()
    assert re.fullmatch(r"listening on \[127\.0\.0\.1:\d+\]", first) and said == ["greetings/world: hello"]


def test_the_broker_listens_at_several_addresses(make_broker):
    broker = make_broker("--mqtt", "127.0.0.1:0", "--mqtt", "127.0.0.2:0", "--mqtt-ws", "off")
    broker.launch()
    found = eventually(lambda: (all := re.findall(r"msg=listening mqtt=(\S+)", broker.log()))[1:] and all, "both", 30)
    broker.addresses = {"mqtt": found[0]}
    with Client(broker, "one") as one:
        one.subscribe("t")
        broker.addresses = {"mqtt": found[1]}
        with Client(broker, "other") as other:
            other.publish("t", "from the other")
            one.await_payload("t", "from the other")
    assert broker.stop() == 0


def test_what_was_taken_back_gives_no_rights_to_those_who_are_connected(make_garage):
    """A revoked token must not turn into a device with its name, and a removed device is nobody."""
    service = make_garage()
    token = service.command("tokens", "add", "sign", "--scope", "read").stdout.split()[0]
    password = re.search(r"password\s+(\S+)", service.command("devices", "add", "esp1").stdout).group(1)
    service.start()
    clients = {"sign": Client(service, "c1"), "esp1": Client(service, "c2")}
    clients["sign"].paho.username_pw_set("sign", token)
    clients["esp1"].paho.username_pw_set("esp1", password)

    def spots() -> list[str]:
        return [event["subject"] for event in service.events(kind="spot")]

    with clients["sign"], clients["esp1"]:
        for name, client in clients.items():
            client.publish(f"garage/home/spot/{name}/state", "occupied")
        assert spots() == ["spot/home.esp1"], "a token reports nothing, a device does"
        assert service.command("tokens", "remove", "sign").returncode == 0
        assert service.command("devices", "remove", "esp1").returncode == 0

        def denied(name: str) -> int:
            # One at a time: of many refusals at once only some are recorded by name.
            clients[name].publish(f"garage/home/spot/{name}/state", "occupied")
            return [event["actor"] for event in service.events(type="access.denied")].count(name)

        eventually(lambda: denied("esp1"), "the device to be refused", 10, interval=0.5)
        eventually(lambda: denied("sign") >= 2, "the program to be refused again", 10, interval=0.5)
        clients["esp1"].publish("garage/home/spot/esp1/state", "free")
        assert spots() == ["spot/home.esp1"]


def test_a_client_identifier_is_its_users_also_after_a_kill(make_garage):
    service = make_garage()
    passwords = {
        name: re.search(r"password\s+(\S+)", service.command("devices", "add", name).stdout).group(1)
        for name in ("esp1", "esp2")
    }
    service.start()
    topic = "garage/home/device/esp1/config"

    def client(user: str | None) -> Client:
        client = Client(service, "shared", clean=False)
        if user:
            client.paho.username_pw_set(user, passwords[user])
        return client

    def refusal(user: str | None, *options: str) -> str:
        """What a stock client hears, with the same identifier."""
        host, port = service.mqtt
        account = ["-u", user, "-P", passwords[user]] if user else []
        command = ["mosquitto_pub", "-h", host, "-p", str(port), "-i", "shared", *account, *options, "-t", "x", "-m", "y"]
        return subprocess.run(command, capture_output=True, text=True, timeout=30).stderr

    with client("esp1") as owner:
        owner.subscribe(topic)
        assert "identifier rejected" in refusal("esp2")
        assert owner.paho.is_connected()
        service.await_event("access.denied")
    service.kill()
    service.start()
    mosquitto.publish(service, topic, "waits", "-q", "1")
    assert "identifier rejected" in refusal("esp2")
    assert "Client Identifier not valid" in refusal(None, "-V", "5", "-c")
    eventually(lambda: len(service.events(type="access.denied")) == 3, "three refusals")
    denied = service.events(type="access.denied")
    assert [event["actor"] for event in denied] == ["esp2", "esp2", "anonymous"]
    assert all(event["data"]["attempt"] == "connect with the client identifier of another user" for event in denied)
    with client("esp1") as owner:
        owner.await_payload(topic, "waits")
