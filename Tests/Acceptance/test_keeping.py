"""The log is kept: proved against heads kept elsewhere, backed up, restored, pruned, and cleaned of a person's traces."""

import json
import pathlib
import os
import random
import sqlite3
import stat
import subprocess
import threading

import pytest

import mosquitto
from device import Client
from service import Garage
from waiting import eventually
from wire import Wire, publish


def fill(garage, count: int = 20, sensor: str = "dht1") -> None:
    with Client(garage, "esp1") as device:
        for number in range(count):
            device.publish(f"garage/home/sensor/{sensor}/temperature", f"{20 + number / 10:.1f}")
            device.publish("garage/home/spot/A1/state", "occupied" if number % 2 == 0 else "free")


def positions(garage) -> list[int]:
    return [int(event["sequence"]) for event in garage.events()]


def test_a_kept_head_proves_later_that_the_log_was_not_written_anew(make_garage):
    garage = make_garage().start()
    fill(garage)
    kept = garage.folder / "heads.jsonl"
    heads = []
    for _ in range(2):
        done = garage.command("verify", "--head")
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("\n") == 1
        heads.append(json.loads(done.stdout))
        with kept.open("a") as file:
            file.write(done.stdout)
        fill(garage, 3)
    assert heads[0]["position"] < heads[1]["position"]
    key = garage.data / "head.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    check = ("verify", "--check-head", str(kept))
    done = garage.command(*check)
    assert done.returncode == 0 and "2 heads" in done.stdout, done.stdout + done.stderr
    assert garage.stop() == 0
    assert garage.command(*check).returncode == 0

    # The tail goes, and the heads in the file are made to fit: the chains alone can't tell.
    with sqlite3.connect(garage.data / "events.db") as database:
        database.execute("DELETE FROM event WHERE position > 30")
        for chain in (1, 2):
            database.execute(
                "UPDATE chain SET (position, hash) = (SELECT position, hash FROM event WHERE chain = ?1 "
                "ORDER BY position DESC LIMIT 1) WHERE id = ?1",
                (chain,),
            )
    assert garage.command("verify").returncode == 0
    done = garage.command(*check)
    assert done.returncode == 1 and "30" in done.stderr, done.stdout + done.stderr

    # A head that somebody made up, or signed with another key, is none.
    heads[0]["position"] = 7
    kept.write_text(json.dumps(heads[0]) + "\n")
    done = garage.command(*check)
    assert done.returncode == 1 and "signature" in done.stderr, done.stderr
    other = make_garage().start()
    fill(other, 1)
    kept.write_text(other.command("verify", "--head").stdout)
    done = garage.command(*check)
    assert done.returncode == 1 and "another key" in done.stderr, done.stderr


def test_the_head_is_a_retained_message_that_only_the_service_publishes(garage):
    fill(garage, 1)
    assert garage.stop() == 0
    garage.start()

    def head():
        with mosquitto.Subscriber(garage, "garage/home/log/head") as subscriber:
            line = eventually(lambda: subscriber.lines, "the retained head", 1)[0]
        return line.split(" ", 3)

    retained, _, _, payload = eventually(head, "the head", 20)
    assert retained == "1"
    kept = garage.folder / "head.json"
    kept.write_text(payload + "\n")
    done = garage.command("verify", "--check-head", str(kept))
    assert done.returncode == 0, done.stderr
    with Client(garage, "esp1") as device:
        device.publish("garage/home/log/head", '{"forged":true}', retain=True)
    assert head()[3] == payload


def test_the_head_is_published_again_and_again(make_garage):
    """Every hour, unless it is configured otherwise; here every second."""
    garage = make_garage(environment={"GARAGE_RETENTION_HEAD_SECONDS": "1"}).start()
    with mosquitto.Subscriber(garage, "garage/home/log/head") as subscriber:
        heads = []
        for number in range(3):
            fill(garage, 1, f"dht{number}")
            last = max(positions(garage))
            heads.append(
                eventually(
                    lambda: [h for h in map(head_of, subscriber.lines) if h["position"] >= last][:1],
                    f"a head of position {last}",
                )[0]
            )
    assert [h["position"] for h in heads] == sorted({h["position"] for h in heads})
    kept = garage.folder / "heads.jsonl"
    kept.write_text("".join(json.dumps(h) + "\n" for h in heads))
    done = garage.command("verify", "--check-head", str(kept))
    assert done.returncode == 0 and "3 heads" in done.stdout, done.stdout + done.stderr


def head_of(line: str) -> dict:
    return json.loads(line.split(" ", 3)[3])


class Load(threading.Thread):
    """Publishes readings until it is told to stop, and notes each value once it is acknowledged."""

    def __init__(self, garage, sensor: str):
        super().__init__(daemon=True)
        self.garage, self.sensor = garage, sensor
        self.acknowledged: list[float] = []
        self.stops = threading.Event()
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            sent: dict[int, float] = {}
            number = 0
            with Wire(self.garage).connect(self.sensor) as device:
                while not self.stops.is_set() or sent:
                    batch = b""
                    while len(sent) < 32 and not self.stops.is_set():
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
        except Exception as error:  # noqa: BLE001 — the test looks at it
            self.error = error


def test_a_backup_under_load_holds_all_that_was_acknowledged_before(make_garage):
    garage = make_garage().start()
    fill(garage)
    loads = [Load(garage, f"load{index}") for index in range(3)]
    for load in loads:
        load.start()
    eventually(lambda: all(len(load.acknowledged) > 200 for load in loads), "load", 20)
    backup = garage.folder / "backup.db"
    before = {load.sensor: len(load.acknowledged) for load in loads}
    done = garage.command("backup", str(backup))
    for load in loads:
        load.stops.set()
    assert done.returncode == 0, done.stdout + done.stderr
    for load in loads:
        load.join(20)
        assert load.error is None
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    again = garage.command("backup", str(backup))
    assert again.returncode == 1 and "--force" in again.stderr
    head = int(done.stdout.split("position ")[1].split(",")[0])
    eventually(lambda: len(garage.events()) >= head, "the list of all that the backup has")
    original = {event["sequence"]: event for event in garage.events() if int(event["sequence"]) <= head}
    assert garage.command("verify", str(backup)).returncode == 0

    other = make_garage()
    refused = garage.command("restore", str(backup))
    assert refused.returncode == 1 and "in use" in refused.stderr
    done = other.command("restore", str(backup))
    assert done.returncode == 0, done.stdout + done.stderr
    other.start()
    restored = {event["sequence"]: event for event in other.events() if int(event["sequence"]) <= head}
    assert restored == original
    for load in loads:
        subject = f"sensor/home.{load.sensor}"
        stored = [event["data"]["value"] for event in restored.values() if event["subject"] == subject]
        assert stored[: before[load.sensor]] == load.acknowledged[: before[load.sensor]]
    # It goes on from there.
    fill(other, 2)
    assert other.stop() == 0
    assert other.command("verify").returncode == 0
    refused = other.command("restore", str(backup))
    assert refused.returncode == 1 and "--force" in refused.stderr
    done = other.command("restore", str(backup), "--force")
    assert done.returncode == 0, done.stdout + done.stderr
    other.start()
    assert {e["sequence"]: e for e in other.events() if int(e["sequence"]) <= head} == original


def test_a_damaged_backup_changes_nothing(garage):
    fill(garage, 3)
    assert garage.stop() == 0
    backup = garage.folder / "backup.db"
    assert garage.command("backup", str(backup)).returncode == 0, "also while the service is stopped"
    with sqlite3.connect(backup) as database:
        database.execute("UPDATE event SET time = time + 1 WHERE position = 2")
    before = (garage.data / "events.db").read_bytes()
    done = garage.command("restore", str(backup), "--force")
    assert done.returncode == 1 and "position 2" in done.stderr, done.stderr
    assert (garage.data / "events.db").read_bytes() == before


def test_the_setting_of_the_age_is_checked_and_young_readings_stay(make_garage):
    garage = make_garage(environment={"GARAGE_RETENTION_TELEMETRY_DAYS": "1"}).start()
    fill(garage)
    before = len(positions(garage))
    assert garage.stop() == 0
    heads = garage.folder / "heads.jsonl"
    heads.write_text(garage.command("verify", "--head").stdout)
    done = garage.command("config", "print", env={"GARAGE_RETENTION_TELEMETRY_DAYS": "7"})
    assert "retention.telemetry_days: 7" in done.stdout
    done = garage.command("config", "check", env={"GARAGE_RETENTION_TELEMETRY_DAYS": "-1"})
    assert done.returncode == 2 and "retention.telemetry_days" in done.stderr
    garage.start()
    assert len(positions(garage)) >= before
    assert len(garage.events(type="sensor.reading-recorded")) == 20
    done = garage.command("verify", "--check-head", str(heads))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("is_running", [True, False], ids=["running", "stopped"])
def test_a_persons_traces_go_and_the_log_still_proves_the_rest(garage, is_running):
    fill(garage, 3)
    secret = "left-her-umbrella-in-bay-seven"
    answer = garage.request("POST", "/api/v1/events", json={"text": secret})
    assert answer.status_code < 300, answer.text
    note = garage.await_event("note.added")
    actor = note["actor"]
    before = garage.events()
    heads = garage.folder / "heads.jsonl"
    heads.write_text(garage.command("verify", "--head").stdout)
    kept = garage.request("GET", f"/api/v1/events/{note['sequence']}")
    assert secret in kept.text and "immutable" not in kept.headers["Cache-Control"]
    # The page's rows are kept from here on.
    assert secret in garage.request("GET", "/events").text
    if not is_running:
        assert garage.stop() == 0
    assert garage.command("erase", "actor", actor).returncode == 2, "without --yes and a terminal to ask at"
    done = garage.command("erase", "actor", "nobody-of-this-name", "--yes")
    assert done.returncode == 1 and "no events of" in done.stderr, done.stdout + done.stderr
    done = garage.command("erase", "actor", actor, "--yes")
    assert done.returncode == 0 and "Erased" in done.stdout, done.stdout + done.stderr

    def is_gone() -> bool:
        for file in filter(pathlib.Path.is_file, garage.data.iterdir()):
            assert secret.encode() not in file.read_bytes(), file
        return True

    eventually(is_gone, "every trace in the files to go")
    done = garage.command("verify", "--check-head", str(heads))
    assert done.returncode == 0, done.stderr
    if not is_running:
        garage.start()
    after = garage.events()
    for old in before:
        new = after[int(old["sequence"]) - 1]
        assert (new["type"], new["time"], new["subject"]) == (old["type"], old["time"], old["subject"])
        if old["actor"] != actor:
            assert new == old
    assert secret not in json.dumps(after)
    assert any(event["type"] == "access.data-erased" for event in after)
    page = garage.request("GET", "/events")
    assert page.status_code == 200 and secret not in page.text
    asked_again = {"If-None-Match": kept.headers["ETag"]}
    changed = garage.request("GET", f"/api/v1/events/{note['sequence']}", headers=asked_again)
    assert changed.status_code == 200 and changed.json()["erased"] and secret not in changed.text
    assert is_gone()
    fill(garage, 1)


@pytest.mark.parametrize("qos", [1, 2])
@pytest.mark.parametrize("place", ["before-commit", "after-commit"])
def test_killed_right_before_and_right_after_the_commit(make_garage, place, qos):
    """The only moments that matter: what was not committed was not acknowledged either, and the reverse does no harm."""
    garage = make_garage(environment={"GARAGE_FAULT_POINT": place}).start()
    topic, payload = "garage/home/spot/A1/state", b"occupied"
    with Wire(garage).connect("esp1") as device:
        device.send(publish("garage/home/spot/A2/state", payload, 1, qos=1))
        assert device.receive()[0] == 0x40
        (garage.data / "fault-now").touch()
        device.send(publish(topic, payload, 2, qos=qos))
        with pytest.raises(ConnectionError):
            device.receive()
            raise AssertionError("it was acknowledged")
    assert garage.wait() == -9
    (garage.data / "fault-now").unlink()
    garage.environment = {}
    garage.start()
    stored = [event for event in garage.events(type="spot.occupied") if event["subject"] == "spot/home.A1"]
    assert len(stored) == (1 if place == "after-commit" else 0)
    assert garage.command("verify").returncode == 0
    # The device resends what it has no acknowledgement for; it is one event.
    with Wire(garage).connect("esp1") as device:
        device.send(publish(topic, payload, 2, qos=qos, dup=True))
        assert device.receive()[0] == (0x40 if qos == 1 else 0x50)
    eventually(lambda: len(garage.events(type="spot.occupied")) >= 2, "both spots")
    assert [e["subject"] for e in garage.events(type="spot.occupied")].count("spot/home.A1") == 1


def test_every_acknowledged_event_survives_deaths_at_random_moments(make_garage):
    """QoS 1 and 2 by turns. An event whose QoS 2 message was acknowledged is there exactly once."""
    seed = int(os.environ.get("GARAGE_SEED", random.SystemRandom().randrange(2**32)))
    print(f"GARAGE_SEED={seed}")
    generator = random.Random(seed)
    garage = make_garage()
    expected: dict[str, tuple[int, list[float]]] = {}
    for death in range(50 if os.environ.get("GARAGE_LONG") else 5):
        garage.start()
        qos = 1 + death % 2
        runs = [Dying(garage, f"d{death}-{index}", qos) for index in range(3)]
        for run in runs:
            run.start()
        eventually(lambda: any(run.acknowledged for run in runs), "an acknowledgement", 20)
        threading.Event().wait(generator.random() * 0.5)
        garage.kill()
        for run in runs:
            run.join(20)
            expected[f"sensor/home.{run.sensor}"] = (qos, run.acknowledged)
    garage.start()
    stored: dict[str, list[float]] = {}
    for event in garage.events(type="sensor.reading-recorded"):
        stored.setdefault(event["subject"], []).append(event["data"]["value"])
    for subject, (qos, values) in expected.items():
        found = stored.get(subject, [])
        assert found[: len(values)] == values, f"{subject} (QoS {qos}), seed {seed}"
        assert len(set(found)) == len(found), f"{subject} (QoS {qos}): some are there twice, seed {seed}"
    assert garage.command("verify").returncode == 0, f"seed {seed}"
    # What the last death left in the views is compared, so nothing may be added to it: the service has come to rest.
    garage.restart()
    subjects = [subject.removeprefix("sensor/") for subject in expected]
    lists = [
        "/sensors",
        "/devices",
        "/readings",
        *(f"/sensors/{sensor}/readings?limit=1000" for sensor in subjects),
        *(f"/sensors/{sensor}/readings?bucket=1m" for sensor in subjects),
    ]

    def answers() -> dict:
        return {"/events": garage.events(), **{path: garage.request("GET", "/api/v1" + path).text for path in lists}}

    before = answers()
    assert garage.stop() == 0
    for file in [*garage.data.glob("views.db*"), *garage.data.glob("rollups.db*")]:
        file.unlink()
    garage.start()
    after = answers()
    for path, answer in before.items():
        assert after[path] == answer, f"{path}: the views differ from a rebuild, seed {seed}"


class Dying(threading.Thread):
    """Publishes different readings until the connection breaks; notes what was acknowledged (QoS 2: with PUBREC)."""

    def __init__(self, garage, sensor: str, qos: int):
        super().__init__(daemon=True)
        self.garage, self.sensor, self.qos = garage, sensor, qos
        self.acknowledged: list[float] = []

    def run(self) -> None:
        sent: dict[int, float] = {}
        number = 0
        try:
            with Wire(self.garage).connect(self.sensor) as device:
                while True:
                    batch = b""
                    while len(sent) < 32:
                        value = round(-40 + number % 12000 / 100, 2)
                        number += 1
                        identifier = number % 65535 + 1
                        sent[identifier] = value
                        topic = f"garage/home/sensor/{self.sensor}/temperature"
                        batch += publish(topic, str(value).encode(), identifier, qos=self.qos)
                    device.send(batch)
                    first, body = device.receive()
                    identifier = int.from_bytes(body[:2], "big")
                    if first == 0x70:
                        continue
                    assert first == (0x40 if self.qos == 1 else 0x50)
                    self.acknowledged.append(sent.pop(identifier))
                    if self.qos == 2:
                        device.send(bytes([0x62, 2]) + body[:2])
        except (ConnectionError, OSError):
            pass


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 24 MB for a data folder."""
    folder = tmp_path / "garage-1" / "data"
    folder.mkdir(parents=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m,mode=0700", "garage-test", str(folder)], capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_stops_the_acknowledgements_and_nothing_else(small_disk, tmp_path):
    garage = Garage(tmp_path / "garage-1").start()
    try:
        with Wire(garage).connect("esp1") as device:
            device.send(publish("garage/home/spot/A1/state", b"occupied", 1, qos=1))
            assert device.receive()[0] == 0x40
            garage.await_event("spot.occupied")
            filler = small_disk / "filler"
            with filler.open("wb", buffering=0) as file:
                try:
                    while True:
                        file.write(bytes(4096))
                except OSError:
                    pass
            # Small events still fit into pages and files that exist; a long client id and time fill them.
            device.socket.settimeout(2)
            number, acknowledged = 0, []
            with pytest.raises(TimeoutError):
                while number < 20_000:
                    topic = "garage/home/sensor/dht1/temperature"
                    device.send(publish(topic, f"{number % 800 / 10 - 20:.1f}".encode(), number % 60000 + 2, qos=1))
                    assert device.receive()[0] == 0x40
                    acknowledged.append(round(number % 800 / 10 - 20, 1))
                    number += 1
            device.socket.settimeout(30)
            ready = garage.request("GET", "/readyz")
            assert ready.status_code == 503, ready.text
            check = next(check for check in ready.json()["checks"] if check["name"] == "event_log")
            assert not check["ok"] and "full" in check["detail"], check
            assert garage.request("GET", "/healthz").status_code == 200
            page = garage.request("GET", "/")
            assert page.status_code == 200 and "Nothing new can be stored" in page.text
            filler.unlink()
            # By itself, and without the device sending anything.
            assert device.receive()[0] == 0x40
            acknowledged.append(round(number % 800 / 10 - 20, 1))
        eventually(lambda: garage.request("GET", "/readyz").status_code == 200, "/readyz", 10)

        def values() -> list[float]:
            return [event["data"]["value"] for event in garage.events(type="sensor.reading-recorded")]

        # The views, which answer here, follow the log at a distance.
        eventually(lambda: len(values()) >= len(acknowledged), "all readings")
        assert values() == acknowledged
        assert "Nothing new can be stored" not in garage.request("GET", "/").text
        assert garage.stop() == 0
        assert garage.command("verify").returncode == 0
        assert "Fatal error" not in garage.log()
    finally:
        garage.close()
