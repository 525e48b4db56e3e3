"""Acknowledged means stored, and views are only views."""

import random
import re
import sqlite3
import threading

import pytest

import mosquitto
from device import Client
from wire import Wire, publish

LISTS = (
    "/events?limit=1000",
    "/events?order=asc&limit=1000",
    "/events?kind=gate",
    "/gates",
    "/spots",
    "/sensors",
    "/devices",
    "/readings",
    "/sensors/home.dht1/readings",
    "/sensors/home.dht1/readings?bucket=1h",
    "/gates/home.front/commands",
)


def test_a_single_acknowledged_event_survives_the_death_of_the_process(garage):
    with Wire(garage).connect("esp1") as device:
        device.send(publish("garage/home/spot/A1/state", b"occupied", 1, qos=1))
        assert device.receive() == (0x40, b"\x00\x01")
        garage.kill()
    garage.start()
    assert garage.types(kind="spot") == ["spot.occupied"]
    assert garage.one("spots", "home.A1")["state"] == "occupied"


def test_a_single_event_of_quality_of_service_2_survives_too(garage):
    with Wire(garage).connect("esp1") as device:
        device.send(publish("garage/home/spot/A1/state", b"occupied", 7, qos=2))
        assert device.receive() == (0x50, b"\x00\x07")
        garage.kill()
    garage.start()
    assert garage.types(kind="spot") == ["spot.occupied"]


class Burst(threading.Thread):
    """Publishes different readings as fast as it can until the connection breaks; counts what was acknowledged."""

    def __init__(self, garage, sensor: str, first: int, ends_after: int):
        super().__init__(daemon=True)
        self.garage, self.sensor, self.first, self.ends_after = garage, sensor, first, ends_after
        self.acknowledged: list[float] = []
        self.reached = threading.Event()

    def run(self) -> None:
        sent: dict[int, float] = {}
        try:
            with Wire(self.garage).connect(self.sensor) as device:
                number = self.first
                while True:
                    batch = b""
                    while len(sent) < 64:
                        # Values with two decimals inside the sensor's range, none twice for one sensor.
                        value = round(-40 + number % 12000 / 100, 2)
                        identifier = number % 65535 + 1
                        sent[identifier] = value
                        topic = f"garage/home/sensor/{self.sensor}/temperature"
                        batch += publish(topic, str(value).encode(), identifier, qos=1)
                        number += 1
                    device.send(batch)
                    first, body = device.receive()
                    assert first == 0x40
                    self.acknowledged.append(sent.pop(int.from_bytes(body[:2], "big")))
                    if len(self.acknowledged) >= self.ends_after:
                        self.reached.set()
        except (ConnectionError, OSError):
            self.reached.set()


def test_every_acknowledged_reading_survives_ten_deaths_in_the_middle_of_bursts(make_garage):
    service = make_garage()
    generator = random.Random(20)
    expected: dict[str, list[float]] = {}
    for death in range(10):
        service.start()
        bursts = [
            Burst(service, f"burst-{death}-{index}", generator.randrange(6000), generator.randrange(1, 400))
            for index in range(3)
        ]
        for burst in bursts:
            burst.start()
        assert bursts[death % 3].reached.wait(20), "no acknowledgements"
        service.kill()
        for burst in bursts:
            burst.join(20)
            expected[f"sensor/home.{burst.sensor}"] = burst.acknowledged
    service.start()
    stored: dict[str, list[float]] = {}
    for event in service.events(type="sensor.reading-recorded"):
        stored.setdefault(event["subject"], []).append(event["data"]["value"])
    assert sum(map(len, expected.values())) > 10
    for subject, values in expected.items():
        found = stored.get(subject, [])
        missing = [value for value in values if value not in set(found)]
        assert not missing, f"{subject}: {len(missing)} of {len(values)} acknowledged readings are lost"
        # In the order in which they were sent, each one once.
        assert found[: len(values)] == values
    sequence = [int(event["sequence"]) for event in service.events()]
    assert sequence == list(range(1, len(sequence) + 1)), "positions without gaps"
    verify = service.command("verify")
    assert verify.returncode == 0, verify.stdout + verify.stderr


def fill(service) -> None:
    """Some of everything, with no device connected at the end."""
    with Client(service, "esp1", will=("garage/home/device/esp1/status", "offline")) as device:
        device.publish("garage/home/device/esp1/status", "online")
        for number in range(50):
            device.publish(
                "garage/home/sensor/dht1", f'{{"temperature":{20 + number / 10},"humidity":{40 + number / 5}}}'
            )
            device.publish(f"garage/home/spot/A{number % 7}/state", "occupied" if number % 2 == 0 else "free")
            device.publish("garage/home/gate/front/state", ["closed", "opening", "open", "closing"][number % 4])
        device.publish("garage/home/sensor/dht2/temperature", "nan")
        device.publish("garage/home/gate/back/obstruction", "obstructed")
        mosquitto.publish(service, "garage/home/gate/none/command", "OPEN", "-q", "1")
        mosquitto.publish(service, "garage/home/gate/front/command", "jump", "-q", "1")
    service.await_event("device.disconnected")


def answers(service) -> dict[str, str]:
    """What the lists answer, without the topics of devices: these are counted from each start on."""
    texts = {path: service.request("GET", "/api/v1" + path).text for path in LISTS}
    return {path: re.sub(r'"topics":\[[^\]]*\]', '"topics":[]', text) for path, text in texts.items()}


@pytest.mark.parametrize("damage", ["deleted", "corrupt", "empty", "from another log"])
def test_views_are_rebuilt_and_answer_the_same(make_garage, damage):
    service = make_garage().start()
    fill(service)
    before = answers(service)
    assert '"sensor.reading-recorded"' in before["/events?limit=1000"]
    assert service.stop() == 0
    views = service.data / "views.db"
    assert views.exists()
    if damage == "from another log":
        other = make_garage().start()
        mosquitto.publish(other, "garage/home/spot/Z9/state", "occupied", "-q", "1")
        other.await_event("spot.occupied")
        assert other.stop() == 0
        foreign = (other.data / "views.db").read_bytes()
    for file in service.data.glob("views.db*"):
        file.unlink()
    if damage == "corrupt":
        views.write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 64)
    elif damage == "empty":
        views.write_bytes(b"")
    elif damage == "from another log":
        views.write_bytes(foreign)
    service.start()
    after = answers(service)
    for path in LISTS:
        assert after[path] == before[path], path
    assert service.stop() == 0
    service.start()
    assert answers(service) == before, "and again after a restart that found them whole"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE event SET data = CAST(replace(CAST(data AS TEXT), 'true', 'null') AS BLOB) WHERE position = 3",
        "UPDATE event SET time = time - 3600000000 WHERE position = 3",
        "DELETE FROM event WHERE position = 3",
    ],
)
def test_verify_finds_what_was_changed_behind_its_back(garage, change):
    for state in ("occupied", "free", "occupied", "free", "occupied", "free"):
        mosquitto.publish(garage, "garage/home/spot/A1/state", state, "-q", "1")
    garage.await_event("spot.freed", count=3)
    assert garage.stop() == 0
    done = garage.command("verify")
    assert done.returncode == 0, done.stdout + done.stderr
    with sqlite3.connect(garage.data / "events.db") as database:
        assert database.execute(change).rowcount == 1
    done = garage.command("verify")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "3" in done.stdout + done.stderr
