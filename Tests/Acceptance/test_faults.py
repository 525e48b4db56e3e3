"""A disk that fails, turns read-only, has a damaged page or is slow under the running service: acknowledgements stop, the
service says why, and goes on by itself when the disk is well again. Never a crash, never an acknowledgement for nothing."""

import pathlib
import socket
import sqlite3
import threading
import time

import pytest

from waiting import eventually
from wire import Wire, publish

TOPIC = "garage/home/sensor/dht1/temperature"


class Disk:
    """What `faulty_disk.c` listens to."""

    def __init__(self, control: pathlib.Path):
        self.control = control

    def breaks(self, how: str) -> None:
        # At once: the service must not read half of it.
        new = self.control.with_suffix(".new")
        new.write_text(how)
        new.rename(self.control)

    def is_mended(self) -> None:
        self.control.unlink()


@pytest.fixture
def on_faulty_disk(make_garage, shim, tmp_path):
    """A service whose event log lies on a disk that can be broken."""
    disk = Disk(tmp_path / "disk")
    garage = make_garage(
        environment={
            "LD_PRELOAD": str(shim),
            "FAULTY_DISK_CONTROL": str(disk.control),
            "FAULTY_DISK_PART": "/events.db",
        }
    ).start()
    return garage, disk


def reading(number: int, identifier: int | None = None) -> bytes:
    return publish(TOPIC, f"{number / 10:.1f}".encode(), identifier or number, qos=1)


def values(garage) -> list[float]:
    return [event["data"]["value"] for event in garage.events(type="sensor.reading-recorded")]


def shows(garage, wanted: list[float]) -> None:
    """The list answers from the views, which follow the log at a distance."""
    eventually(lambda: len(values(garage)) >= len(wanted), f"{len(wanted)} readings")
    assert values(garage) == wanted


def acknowledged(device: Wire, identifier: int) -> None:
    assert device.receive() == (0x40, identifier.to_bytes(2, "big"))


def says_why(garage, words: tuple[str, ...]) -> None:
    """`/readyz` and the page tell that nothing can be stored, while everything else goes on."""

    def check() -> bool:
        ready = garage.request("GET", "/readyz")
        assert ready.status_code == 503, ready.text
        part = next(check for check in ready.json()["checks"] if check["name"] == "event_log")
        assert not part["ok"] and any(word in part["detail"] for word in words), part
        return True

    eventually(check, "the reason in /readyz")
    assert garage.request("GET", "/healthz").status_code == 200
    page = garage.request("GET", "/")
    assert page.status_code == 200 and "Nothing new can be stored" in page.text


def is_well(garage) -> None:
    eventually(lambda: garage.request("GET", "/readyz").status_code == 200, "/readyz", 15)
    assert "Nothing new can be stored" not in garage.request("GET", "/").text


def ends_whole(garage) -> None:
    assert garage.stop() == 0
    verify = garage.command("verify")
    assert verify.returncode == 0, verify.stdout + verify.stderr
    assert "Fatal error" not in garage.log()


@pytest.mark.parametrize(
    ("how", "words"), [("eio", ("I/O error",)), ("erofs", ("I/O error", "readonly", "read-only"))]
)
def test_a_disk_that_fails_or_turns_read_only_stops_the_acknowledgements(on_faulty_disk, how, words):
    garage, disk = on_faulty_disk
    with Wire(garage).connect("esp1") as device:
        device.send(reading(1))
        acknowledged(device, 1)
        disk.breaks(how)
        device.send(reading(2) + reading(3))
        says_why(garage, words)
        device.socket.settimeout(1.5)
        with pytest.raises(TimeoutError):
            device.receive()
        shows(garage, [0.1])
        disk.is_mended()
        # By itself, and without the device sending anything.
        device.socket.settimeout(30)
        acknowledged(device, 2)
        acknowledged(device, 3)
        is_well(garage)
        device.send(reading(4))
        acknowledged(device, 4)
    shows(garage, [0.1, 0.2, 0.3, 0.4])
    ends_whole(garage)


def test_a_disk_that_fails_again_and_again_loses_nothing(on_faulty_disk):
    """And a device that gives up and connects anew, time after time, makes nothing twice."""
    garage, disk = on_faulty_disk
    number = 0
    for _ in range(4):
        first = number + 1
        number += 3
        with Wire(garage).connect("esp1", clean=False) as device:
            disk.breaks("eio")
            device.send(b"".join(reading(each) for each in range(first, number + 1)))
            says_why(garage, ("I/O error",))
        with Wire(garage).connect("esp1", clean=False) as device:
            for each in range(first, number + 1):
                device.send(publish(TOPIC, f"{each / 10:.1f}".encode(), each, qos=1, dup=True))
            disk.is_mended()
            device.socket.settimeout(30)
            for each in range(first, number + 1):
                acknowledged(device, each)
    is_well(garage)
    shows(garage, [each / 10 for each in range(1, number + 1)])
    ends_whole(garage)


def test_a_damaged_page_stops_the_acknowledgements_until_it_is_mended(garage):
    with Wire(garage).connect("esp1") as device:
        for number in range(1, 400):
            device.send(reading(number))
        for number in range(1, 400):
            acknowledged(device, number)
    assert garage.stop() == 0
    file = garage.data / "events.db"
    with sqlite3.connect(file) as database:
        (size,) = database.execute("PRAGMA page_size").fetchone()
        # The index by which an event that comes twice is found.
        (page,) = database.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_event_1'"
        ).fetchone()
    with file.open("r+b") as stream:
        stream.seek((page - 1) * size)
        sound = stream.read(size)
        stream.seek((page - 1) * size)
        stream.write(b"\xff" * size)
    garage.start()
    with Wire(garage).connect("esp1") as device:
        device.send(reading(500))
        says_why(garage, ("malformed",))
        device.socket.settimeout(4)
        with pytest.raises(TimeoutError):
            device.receive()
        # Not only at the moment of the first failure: also after the service has looked again.
        says_why(garage, ("malformed",))
        with file.open("r+b") as stream:
            stream.seek((page - 1) * size)
            stream.write(sound)
        device.socket.settimeout(30)
        acknowledged(device, 500)
    is_well(garage)
    shows(garage, [number / 10 for number in [*range(1, 400), 500]])
    ends_whole(garage)


class Flood(threading.Thread):
    """Publishes as fast as the service takes it, and counts how long it had to wait."""

    def __init__(self, garage, name: str):
        super().__init__(daemon=True)
        self.wire = Wire(garage)
        self.wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 32768)
        self.wire.connect(name)
        self.topic = f"garage/home/sensor/{name}"
        self.ends = threading.Event()
        self.sent = 0
        self.longest_wait = 0.0
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            while not self.ends.is_set():
                self.sent += 1
                payload = f'{{"temperature":{20 + self.sent % 10 / 10},"remark":"{"x" * 16000}"}}'.encode()
                start = time.monotonic()
                self.wire.socket.settimeout(60)
                self.wire.send(publish(self.topic, payload, self.sent, qos=1))
                self.longest_wait = max(self.longest_wait, time.monotonic() - start)
            for number in range(1, self.sent + 1):
                acknowledged(self.wire, number)
        except Exception as error:  # noqa: BLE001 — the test looks at it
            self.error = error
        finally:
            self.wire.close()


def resident_megabytes(garage) -> int:
    status = pathlib.Path(f"/proc/{garage.process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS:")).split()[1]) // 1024


def test_a_slow_disk_slows_publishers_down_and_memory_stays_bounded(on_faulty_disk):
    garage, disk = on_faulty_disk
    before = resident_megabytes(garage)
    # One fsync takes seconds, and a commit takes at most 1024 events.
    disk.breaks("slow 4000")
    floods = [Flood(garage, f"flood{index}") for index in range(4)]
    for flood in floods:
        flood.start()
    most = 0

    def all_wait() -> bool:
        nonlocal most
        most = max(most, resident_megabytes(garage))
        return all(flood.longest_wait > 0.5 for flood in floods)

    eventually(all_wait, "back-pressure on every publisher", 60, interval=0.2)
    for flood in floods:
        flood.ends.set()
    disk.is_mended()
    for flood in floods:
        flood.join(60)
        assert flood.error is None, flood.error
        most = max(most, resident_megabytes(garage))
    assert most - before < 200, f"{before} MB became {most} MB"
    sent = {f"sensor/home.flood{index}": flood.sent for index, flood in enumerate(floods)}

    def counts() -> dict[str, int]:
        subjects = [event["subject"] for event in garage.events(type="sensor.reading-recorded")]
        return {subject: subjects.count(subject) for subject in sent}

    # All of it is acknowledged; the views, which answer here, follow the log at a distance.
    eventually(lambda: counts() == sent, f"all of {sent}", 60)
    assert "messages dropped" not in garage.log()
    ends_whole(garage)
