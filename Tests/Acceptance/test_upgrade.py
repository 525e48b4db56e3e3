"""A data folder of an earlier format is brought to this one; one of a newer format is refused, and why is said."""

import json
import pathlib
import sqlite3
import tarfile

import pytest

import mosquitto
from device import Client
from waiting import eventually

EARLIER = pathlib.Path(__file__).with_name("Golden") / "broker-format-1.tar.xz"


def version(file: pathlib.Path) -> int:
    with sqlite3.connect(file) as database:
        return database.execute("PRAGMA user_version").fetchone()[0]


def unpack(garage) -> None:
    with tarfile.open(EARLIER) as archive:
        archive.extractall(garage.data, filter="data")
    garage.data.chmod(0o700)


def test_a_folder_of_an_earlier_format_starts_and_a_copy_is_kept(make_garage):
    garage = make_garage()
    unpack(garage)
    assert version(garage.data / "broker.db") == 1
    garage.start()
    assert garage.one("spots", "home.A1")["state"] == "occupied"
    assert [event["data"]["value"] for event in garage.events(type="sensor.reading-recorded")] == [20.5, 21.5]
    with mosquitto.Subscriber(garage, "app/kept") as subscriber:
        subscriber.await_line("1 1 app/kept from the earlier version")
    client = Client(garage, "away", clean=False).connect()
    client.await_payload("app/a", "waiting")
    assert version(garage.data / "broker.db") == 2
    assert version(garage.data / "broker.db.format-1") == 1
    client.disconnect()
    assert garage.stop() == 0
    done = garage.command("verify")
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_upgrade_that_is_killed_at_any_write_loses_nothing(make_garage, shim, tmp_path):
    """In steps; the unit tests of the store count one by one, without a process."""
    control = tmp_path / "disk"
    faulty = {"LD_PRELOAD": str(shim), "FAULTY_DISK_CONTROL": str(control), "FAULTY_DISK_PART": "/broker.db"}
    killed = 0
    for operation in [1, 2, 3, *range(5, 400, 6)]:
        garage = make_garage(environment=faulty)
        unpack(garage)
        control.write_text(f"kill {operation}")
        garage.launch()
        ends = eventually(
            lambda: garage.process.poll() is not None or "msg=listening" in garage.log(), "its death or its start"
        )
        assert ends
        died = garage.process.poll()
        garage.kill()
        control.unlink()
        garage.environment = {}
        garage.log_file.unlink()
        garage.start()
        with mosquitto.Subscriber(garage, "app/kept") as subscriber:
            subscriber.await_line("1 1 app/kept from the earlier version")
        assert version(garage.data / "broker.db") == 2
        assert version(garage.data / "broker.db.format-1") == 1
        assert not list(garage.data.glob("broker.db.damaged-*")), f"operation {operation}"
        garage.kill()
        if died is None:
            break
        assert died == -9, f"operation {operation}"
        killed += 1
    assert died is None and killed > 5


@pytest.mark.parametrize("name", ["events.db", "broker.db", "rollups.db", "outbox.db", "devices.json", "access.json"])
def test_a_file_of_a_newer_format_is_refused_and_left_alone(make_garage, name):
    garage = make_garage(environment={"GARAGE_ALERTS_WEBHOOK": "http://127.0.0.1:9/"}).start()
    assert garage.stop() == 0
    file = garage.data / name
    if name.endswith(".json"):
        file.write_text(json.dumps({"format": 99, "devices": [], "people": [], "tokens": [], "sessions": []}))
        file.chmod(0o600)
    else:
        assert file.exists()
        with sqlite3.connect(file) as database:
            database.execute("PRAGMA user_version = 99")
        database.close()
    before = file.read_bytes()
    garage.launch()
    assert garage.wait() == 1, garage.log()
    last = garage.log().splitlines()[-1]
    assert name in last and "newer version" in last, last
    assert "format 99" in last and "format" in last.split("format 99")[1] and "nstall" in last, last
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    "content, complaint",
    [('{"format":99,"filters":[]}', "newer version"), ("[", "not a list"), ('{"format":1}', "not a list")],
)
def test_what_a_bridge_remembers_is_never_taken_for_nothing(make_garage, tmp_path, content, complaint):
    configuration = tmp_path / "bridge.yaml"
    configuration.write_text("bridges:\n  house:\n    address: 127.0.0.1:9\n    topics:\n      - {topic: out/#}\n")
    garage = make_garage("--config", str(configuration))
    garage.data.mkdir(mode=0o700)
    file = garage.data / "bridge-house.json"
    file.write_text(content)
    garage.launch()
    assert garage.wait() == 1, garage.log()
    last = garage.log().splitlines()[-1]
    assert str(file) in last and complaint in last and "ove" in last, last
    assert file.read_text() == content


def test_a_key_of_another_kind_is_refused_and_left_alone(make_garage):
    garage = make_garage().start()
    assert garage.stop() == 0
    file = garage.data / "head.key"
    file.write_text("ed448:AAAA\n")
    garage.launch()
    assert garage.wait() == 1, garage.log()
    last = garage.log().splitlines()[-1]
    assert "head.key holds no key" in last and file.read_text() == "ed448:AAAA\n", last
