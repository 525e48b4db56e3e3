"""`garage simulate` against a running service, and `garage serve --demo`."""

import datetime
import os
import signal
import subprocess

import pytest

from device import Client
from service import BINARY, clean_environment
from waiting import eventually


@pytest.fixture
def simulate(garage):
    """Starts `garage simulate` against the service; ends it with the test."""
    running = []

    def start(*options: str) -> subprocess.Popen:
        host, port = garage.mqtt
        log = (garage.folder / f"simulate-{len(running)}.log").open("wb")
        process = subprocess.Popen(
            [BINARY, "simulate", "--url", f"mqtt://{host}:{port}", *options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=clean_environment(),
        )
        running.append((process, log))
        return process

    yield start
    for process, log in running:
        if process.poll() is None:
            process.kill()
            process.wait(10)
        log.close()


def counts(garage) -> tuple[int, int, int]:
    return tuple(len(garage.get(f"/{kind}")[kind]) for kind in ("gates", "spots", "sensors"))


def test_the_mini_garage_moves(garage, simulate):
    process = simulate("--gates", "3", "--spots", "7", "--sensors", "2", "--seed", "7", "--speed", "600")
    eventually(lambda: counts(garage) == (3, 7, 2), "3 gates, 7 spots and 2 sensors", 20)
    for type in ("gate.opening", "gate.opened", "spot.occupied", "spot.freed", "sensor.reading-recorded"):
        garage.await_event(type, seconds=60)
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    eventually(
        lambda: not [device for device in garage.get("/devices")["devices"] if device["state"] == "online"],
        "all offline",
    )


def test_a_simulated_gate_obeys(garage, simulate):
    simulate("--gates", "1", "--spots", "0", "--sensors", "0", "--seed", "1")
    gates = eventually(
        lambda: [gate for gate in garage.get("/gates")["gates"] if gate["state"] == "closed"], "the gate", 20
    )
    answer = garage.post_command("open", gate=gates[0]["id"])
    assert answer.status_code == 202, answer.text
    garage.await_event("gate.command-completed", seconds=40)


def test_a_chosen_rate(garage, simulate):
    simulate("--gates", "0", "--spots", "0", "--sensors", "200", "--rate", "1000", "--seed", "3")
    eventually(lambda: len(garage.get("/sensors")["sensors"]) == 200, "200 sensors", 30)
    eventually(lambda: int(garage.get("/events", limit=1)["events"][0]["sequence"]) > 3000, "3000 events", 60)


@pytest.mark.parametrize("mischief, type", [("nan", "sensor.fault-detected"), ("drop", "device.disconnected")])
def test_it_misbehaves_on_request(garage, simulate, mischief, type):
    simulate("--sensors", "4", "--rate", "100", "--speed", "600", "--seed", "5", "--misbehave", mischief)
    garage.await_event(type, seconds=60)
    with Client(garage, "bystander") as bystander:
        bystander.subscribe("mark").publish("mark", "x")
        bystander.await_payload("mark", "x")


def test_no_broker_is_one_clear_line():
    done = subprocess.run(
        [BINARY, "simulate", "--url", "mqtt://127.0.0.1:1"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        env=clean_environment(),
    )
    assert done.returncode == 1, done.stderr
    assert "127.0.0.1:1" in done.stderr


def test_the_demo(make_garage):
    garage = make_garage("--demo").start()
    eventually(lambda: counts(garage) == (2, 12, 3), "2 gates, 12 spots and 3 sensors", 30)
    sensors = garage.get("/sensors")["sensors"]
    assert all(set(sensor["latest"]) == {"temperature", "humidity"} for sensor in sensors)
    gate = next(gate["id"] for gate in garage.get("/gates")["gates"])
    eventually(lambda: garage.post_command("open", gate=gate).status_code == 202, "an accepted command", 60)
    garage.await_event("gate.command-completed", seconds=60)
    assert garage.stop() == 0


def test_the_demo_has_days_to_show(make_garage):
    garage = make_garage("--demo").start()
    now = datetime.datetime.now(datetime.timezone.utc)
    start = (now - datetime.timedelta(hours=70)).isoformat()
    end = (now - datetime.timedelta(hours=1)).isoformat()

    def hours() -> list:
        answer = garage.get("/sensors/ramp/readings", **{"from": start}, to=end, bucket="1h", limit=500)
        return [row for row in answer["readings"] if row["quantity"] == "temperature"]

    assert len(hours()) >= 68
    old = garage.get("/events", type="gate.command-completed", to=end, limit=100)["events"]
    assert len(old) > 10
    # What led to a movement is told as for a real one: from the request of a person to the state that was reached.
    chain = garage.get("/events", subject="gate/home.front", to=end, limit=1000)["events"]
    request = next(event for event in chain if event["type"] == "gate.command-requested")
    command = request["data"]["command_id"]
    whole = [event["type"] for event in chain if event["data"].get("command_id") == command]
    assert whole[::-1] == [
        "gate.command-requested", "gate.command-dispatched", "gate.opening", "gate.opened", "gate.command-completed",
    ]
    assert request["actor"] in ("ana", "bruno", "carla")
    assert garage.get("/alerts")["alerts"] == []
    assert garage.stop() == 0
    assert garage.command("verify").returncode == 0

    first = garage.start().get("/events", to=end, limit=1)["events"][0]["id"]
    assert garage.stop() == 0
    again = garage.start().get("/events", to=end, limit=1)["events"][0]["id"]
    assert first == again, "the history is written once"


def test_after_the_demo_the_rebuilt_views_answer_the_same(make_garage):
    garage = make_garage("--demo").start()
    eventually(lambda: counts(garage) == (2, 12, 3), "2 gates, 12 spots and 3 sensors", 30)
    assert garage.stop() == 0
    garage.options = ()

    def answers():
        return {
            path: garage.request("GET", "/api/v1" + path).text
            for path in ("/events?limit=1000", "/gates", "/spots", "/sensors", "/devices", "/readings")
        }

    garage.start()
    before = answers()
    assert garage.stop() == 0
    for file in garage.data.glob("views.db*"):
        os.unlink(file)
    garage.start()
    assert answers() == before
    assert garage.stop() == 0
    assert garage.command("verify").returncode == 0
