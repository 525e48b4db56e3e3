"""Views follow from the log, and building them again does nothing else."""

import contextlib
import sqlite3
import threading

import requests

import mosquitto
from device import Client
from waiting import eventually


def fill(garage) -> None:
    with Client(garage, "esp1") as device:
        device.publish("garage/home/gate/front/state", "closed")
        device.publish("garage/home/sensor/dht1/temperature", "23.4")
        device.publish("garage/home/spot/A1/state", "occupied")
        garage.await_event("spot.occupied")
        device.subscribe("garage/home/gate/front/actuate")
        mosquitto.publish(garage, "garage/home/gate/front/command", "OPEN", "-q", "1")
        garage.await_event("gate.command-dispatched")
        device.publish("garage/home/gate/front/state", "opening")
        device.publish("garage/home/gate/front/state", "open")
        garage.await_event("gate.command-completed")
    garage.await_event("device.disconnected")


def test_reading_the_log_again_sends_nothing_and_appends_nothing(make_garage):
    garage = make_garage().start()
    fill(garage)
    with Client(garage, "watcher", clean=False) as watcher:
        watcher.subscribe("garage/#")
    assert garage.stop() == 0
    for file in [*garage.data.glob("views.db*"), *garage.data.glob("rollups.db*")]:
        file.unlink()
    with sqlite3.connect(garage.data / "events.db") as log:
        (before,) = log.execute("SELECT max(position) FROM event").fetchone()
    garage.start()
    assert garage.one("spots", "home.A1")["state"] == "occupied"
    assert garage.one("gates", "home.front")["state"] == "open"
    # Where sessions outlive a restart, whatever the replay had sent would wait in the watcher's.
    with Client(garage, "watcher", clean=False) as watcher:
        watcher.subscribe("garage/#")
        mosquitto.publish(garage, "garage/home/spot/A1/state", "free", "-q", "1")
        watcher.await_payload("garage/home/spot/A1/state", "free")
        live = [message for message in watcher.messages if not message.retain]
        assert not [message for message in live if message.topic.endswith(("/actuate", "/result"))]
        types = [event["type"] for event in garage.events() if int(event["sequence"]) > before]
    assert "spot.freed" in types
    assert not [name for name in types if name.startswith(("gate.", "alert.", "sensor."))]


def test_what_was_acknowledged_is_in_the_next_answer(garage):
    """Whoever publishes, waits for the acknowledgement and asks finds it, however the threads run."""
    with Client(garage, "esp1") as device:
        for burst in range(1, 11):
            # The views need a while for so many, the acknowledgements come at once.
            sent = [device.paho.publish("garage/home/spot/A1/state", state, qos=1) for state in ("occupied", "free") * 30]
            for message in sent:
                message.wait_for_publish(10)
            page = garage.request("GET", "/api/v1/events", params={"kind": "spot", "limit": 1000}).json()
            assert len(page["events"]) == 60 * burst


def test_views_are_rebuilt_one_by_one(make_garage):
    garage = make_garage().start()
    fill(garage)
    lists = ("/events", "/gates", "/spots", "/sensors", "/readings", "/readings?bucket=1h")
    before = [garage.request("GET", "/api/v1" + path).text for path in lists]
    assert garage.stop() == 0
    status = garage.command("views", "status")
    assert status.returncode == 0, status.stderr
    for name in ("events", "garage", "readings", "rollups"):
        assert f"{name}: at " in status.stdout
        done = garage.command("views", "rebuild", name)
        assert done.returncode == 0, done.stderr
        assert "events/s" in done.stdout
    assert garage.command("views", "rebuild", "weather").returncode == 2
    garage.start()
    assert [garage.request("GET", "/api/v1" + path).text for path in lists] == before


def test_views_are_rebuilt_while_the_service_runs(garage):
    """Readings come in and readers read all the while; the answers are those of a rebuild with the service stopped."""
    fill(garage)
    lists = ("/events?limit=1000", "/gates", "/spots", "/sensors", "/readings", "/readings?bucket=1h")
    stops = threading.Event()
    errors: list[str] = []

    def read() -> None:
        while not stops.is_set():
            for path in lists:
                answer = requests.get(garage.url + "/api/v1" + path, timeout=10)
                if answer.status_code != 200:
                    errors.append(f"{path}: {answer.status_code} {answer.text}")

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    with Client(garage, "esp2") as device:
        for number in range(6):
            device.publish("garage/home/sensor/dht1/temperature", f"{number}.5")
            names = [[], ["garage"], ["events", "rollups"]][number % 3]
            done = garage.command("views", "rebuild", *names)
            assert done.returncode == 0 and "events/s" in done.stdout, done.stdout + done.stderr
    garage.await_event("device.disconnected", count=2)
    stops.set()
    reader.join(20)
    assert not errors, errors[0]
    status = garage.command("views", "status")
    assert status.returncode == 0, status.stderr
    for name in ("events", "garage", "readings", "rollups"):
        assert f"{name}: at " in status.stdout and ", 0 behind" in status.stdout, status.stdout
    assert len(garage.events(type="sensor.reading-recorded")) == 7
    before = [garage.request("GET", "/api/v1" + path).text for path in lists]
    # The socket is the owner's; over the network there is no such thing.
    assert garage.request("GET", "/api/control/views").status_code == 404
    assert garage.request("POST", "/api/control/erase?actor=esp1").status_code in (403, 404)
    assert garage.stop() == 0
    assert not list(garage.data.glob("*-new.db*"))
    assert garage.command("views", "rebuild").returncode == 0
    garage.start()
    assert [garage.request("GET", "/api/v1" + path).text for path in lists] == before


def test_a_view_that_cannot_go_on_says_where_and_why_and_skips_nothing(garage):
    """The others go on, and so do the devices; once the reason is gone the view catches up."""
    fill(garage)
    before = len(garage.events())

    def change(statement: str) -> None:
        with contextlib.closing(sqlite3.connect(garage.data / "views.db", timeout=10)) as views, views:
            views.execute(statement)

    change("CREATE TRIGGER refuse BEFORE INSERT ON stay BEGIN SELECT RAISE(ABORT, 'no room for a stay'); END")
    with Client(garage, "esp2") as device:
        device.publish("garage/home/spot/A2/state", "occupied")
        device.publish("garage/home/spot/A1/state", "free")
        device.publish("garage/home/sensor/dht1/temperature", "24.5")
    garage.await_event("device.disconnected", count=2)
    position = int(garage.await_event("spot.occupied", count=2)["sequence"])
    assert position > before

    def says_why() -> bool:
        ready = garage.request("GET", "/readyz")
        assert ready.status_code == 503, ready.text
        (check,) = [check for check in ready.json()["checks"] if check["name"] == "views"]
        assert not check["ok"]
        for word in ("garage", f"event {position}", "no room for a stay"):
            assert word in check["detail"], check
        return True

    eventually(says_why, "the reason in /readyz")
    page = garage.request("GET", "/").text
    assert f"{position}" in page and "no room for a stay" in page
    status = garage.command("views", "status").stdout
    assert "no room for a stay" in status, status
    assert garage.one("spots", "home.A1")["state"] == "occupied", "what came after it is not applied either"
    assert [event["data"]["value"] for event in garage.events(type="sensor.reading-recorded")] == [23.4, 24.5]
    change("DROP TRIGGER refuse")
    done = garage.command("views", "rebuild", "garage")
    assert done.returncode == 0, done.stdout + done.stderr
    eventually(lambda: garage.request("GET", "/readyz").status_code == 200, "/readyz")
    assert garage.one("spots", "home.A1")["state"] == "free"
    assert garage.one("spots", "home.A2")["state"] == "occupied"
