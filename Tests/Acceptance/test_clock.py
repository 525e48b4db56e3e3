"""The machine's clock is set while the service runs: by a time server after a start without one, or by hand."""

from datetime import datetime

import pytest

from device import Client, GateDevice
from waiting import eventually

HOUR = 3600


@pytest.fixture
def set_clock(make_garage, settable_clock, tmp_path):
    """A service, started, and a function that sets its clock so many seconds off."""
    file = tmp_path / "clock"

    def make(**environment: str):
        garage = make_garage(
            environment={"LD_PRELOAD": str(settable_clock), "SETTABLE_CLOCK": str(file), **environment}
        ).start()

        def set_by(seconds: int) -> None:
            known = len(garage.events(type="clock.changed"))
            file.write_text(str(seconds))
            garage.await_event("clock.changed", count=known + 1)

        return garage, set_by

    return make


@pytest.mark.parametrize("jump", [3 * HOUR, -3 * HOUR, 40 * 365 * 24 * HOUR])
def test_how_long_things_last_does_not_change(set_clock, jump):
    garage, set_by = set_clock()
    with Client(garage, "esp1") as device:
        device.publish("garage/home/spot/A1/state", "occupied")
        device.publish("garage/home/gate/front/state", "closed")
        device.publish("garage/home/gate/front/state", "opening")
        garage.await_event("gate.opening")
        set_by(jump)
        device.publish("garage/home/gate/front/state", "open")
        device.publish("garage/home/spot/A1/state", "free")
    opened = garage.await_event("gate.opened")
    assert opened["data"]["took_ms"] < 30_000, opened
    garage.await_event("spot.freed")
    changed = garage.events(type="clock.changed")
    assert len(changed) == 1 and abs(changed[0]["data"]["milliseconds"] - jump * 1000) < 2000, changed
    stays = eventually(lambda: [s for s in garage.get("/spots/home.A1/sessions")["sessions"] if s["departure"]], "it")
    assert 0 <= stays[0]["duration_ms"] < 30_000, stays
    garage.restart()
    assert garage.gate()["state"] == "open"
    assert garage.stop() == 0
    done = garage.command("verify")
    assert done.returncode == 0, done.stdout + done.stderr
    done = garage.command("views", "rebuild")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("jump", [2 * HOUR, -2 * HOUR])
def test_a_warning_before_closing_is_as_long_as_ever(set_clock, jump):
    """An hour later nobody would expect the gate to close."""
    garage, set_by = set_clock(GARAGE_GATE_UNATTENDED_CLOSE="warn")
    gate = GateDevice(garage, "front", state="open").start()
    garage.await_event("gate.opened")
    with Client(garage, "siren") as siren:
        siren.subscribe("garage/home/gate/front/warning")
        assert garage.post_command("close").status_code == 202
        warned = garage.await_event("gate.command-warned")
        set_by(jump)
        eventually(lambda: gate.actuations == ["CLOSE"], "the order to close", 15)
    sent = garage.await_event("gate.command-dispatched")
    # Both as the clock told them, and between them it was set.
    assert 4.9 <= seconds(sent) - seconds(warned) - jump <= 10
    gate.stop()


def seconds(event: dict) -> float:
    return datetime.fromisoformat(event["time"].replace("Z", "+00:00")).timestamp()


def test_the_log_says_so_in_both_languages(set_clock):
    garage, set_by = set_clock()
    with Client(garage, "esp1") as device:
        device.publish("garage/home/spot/A1/state", "free")
    set_by(-2 * HOUR)
    english = garage.request("GET", "/events", headers={"Accept-Language": "en"}).text
    portuguese = garage.request("GET", "/events", headers={"Accept-Language": "pt-BR"}).text
    assert "the clock was set back by" in english and "o relógio foi atrasado em" in portuguese
    set_by(1 * HOUR)
    assert "o relógio foi adiantado em" in garage.request("GET", "/events", headers={"Accept-Language": "pt-BR"}).text
