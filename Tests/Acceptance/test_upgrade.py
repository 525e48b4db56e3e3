"""A data folder of an earlier format is brought to this one; one of a newer format is refused, and why is said."""

import json
import pathlib
import sqlite3
import tarfile

import pytest

import mosquitto
from device import Client

EARLIER = pathlib.Path(__file__).with_name("Golden") / "broker-format-1.tar.xz"


def version(file: pathlib.Path) -> int:
    with sqlite3.connect(file) as database:
        return database.execute("PRAGMA user_version").fetchone()[0]


def test_a_folder_of_an_earlier_format_starts_and_a_copy_is_kept(make_garage):
    garage = make_garage()
    with tarfile.open(EARLIER) as archive:
        archive.extractall(garage.data, filter="data")
    garage.data.chmod(0o700)
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
    if name != "access.json":
        assert "format 99" in last and "format" in last.split("format 99")[1] and "nstall" in last, last
    assert file.read_bytes() == before
