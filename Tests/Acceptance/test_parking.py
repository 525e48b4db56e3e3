"""Parking: stays, occupancy and free spots over the API, on the page and over MQTT."""

import json

import pytest

from device import Client
from waiting import eventually

CHIRP = "application/1/device/0102/event/up"


def take(device: Client, spot: str, state: str) -> None:
    device.publish(f"garage/home/spot/{spot}/state", state)


def sessions(garage, spot: str = "home.A1") -> list[dict]:
    return garage.get(f"/spots/{spot}/sessions")["sessions"]


def test_a_stay_is_one_session_whatever_the_sensor_repeats(garage):
    with Client(garage, "esp1") as device:
        for state in ("free", "occupied", "occupied", "1", "occupied"):
            take(device, "A1", state)
        garage.await_event("spot.occupied")
        (lasting,) = sessions(garage)
        assert lasting["departure"] is None and lasting["duration_ms"] is None
        for state in ("free", "free", "0"):
            take(device, "A1", state)
        freed = garage.await_event("spot.freed", count=2)
        (done,) = sessions(garage)
    assert done["arrival"] == lasting["arrival"] and done["departure"] == freed["time"]
    assert done["duration_ms"] == freed["data"]["took_ms"] >= 0
    assert garage.types(kind="spot").count("spot.occupied") == 1


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_session_goes_on_over_a_restart(garage, end):
    with Client(garage, "esp1") as device:
        take(device, "A1", "occupied")
        take(device, "A2", "occupied")
    garage.await_event("spot.occupied", count=2)
    before = sessions(garage)
    getattr(garage, end)()
    garage.start()
    assert sessions(garage) == before
    with Client(garage, "esp1") as device:
        # What a device says again after a restart is no arrival.
        take(device, "A1", "occupied")
        take(device, "A2", "free")
    garage.await_event("spot.freed")
    assert sessions(garage) == before
    (left,) = sessions(garage, "home.A2")
    assert left["duration_ms"] > 0
    summary = garage.get("/occupancy")
    assert (summary["arrivals"], summary["completed_stays"]) == (2, 1)
    assert summary["mean_stay_ms"] == summary["longest_stay_ms"] == left["duration_ms"]


def test_a_sensor_that_goes_away_ends_no_session(garage):
    device = Client(garage, "esp1", will=("garage/home/device/esp1/status", "offline")).connect()
    device.publish("garage/home/device/esp1/status", "online")
    take(device, "A1", "occupied")
    garage.await_event("spot.occupied")
    device.cut()
    garage.await_event("device.disconnected")
    (lasting,) = sessions(garage)
    assert lasting["departure"] is None
    spot = garage.one("spots", "home.A1")
    assert spot["state"] == "occupied" and spot["device_online"] is False


def test_the_api_the_page_and_the_sign_count_the_same(garage, browser):
    with Client(garage, "sign") as sign, Client(garage, "esp1") as device:
        sign.subscribe("garage/home/occupancy")
        for spot, state in (("A1", "occupied"), ("A2", "free"), ("A3", "free"), ("A1", "free"), ("A1", "occupied")):
            take(device, spot, state)
        device.publish(CHIRP, json.dumps({"deviceInfo": {"deviceName": "vaga-9"}, "fPort": 1, "data": "AQ=="}))
        garage.await_event("spot.occupied", count=3)
        sign.await_payload("garage/home/occupancy", '{"free":2,"occupied":2,"total":4}')
        summary = garage.get("/occupancy")
        assert summary["total_spot_number"] == 4
        assert (summary["available_spot_number"], summary["occupied_spot_number"]) == (2, 2)
        # Three arrivals, one of which has left again: only that one has a length.
        assert (summary["arrivals"], summary["completed_stays"]) == (3, 1)
        (gone,) = [stay for stay in sessions(garage) if stay["departure"]]
        assert summary["mean_stay_ms"] == gone["duration_ms"]
        assert summary["turnover_per_spot_and_day"] > 0 and 0 < summary["occupancy"] <= 1
        assert len(summary["by_hour"]) == 7 and all(len(day) == 24 for day in summary["by_hour"])
        browser.open(garage.url + "/spots?lang=en")
        for words in ("2 of 4 free", "Arrivals", "Arrivals per spot and day", "Mean stay", "Longest stay"):
            browser.await_text(words)
        # The page follows.
        take(device, "A2", "occupied")
        browser.await_text("1 of 4 free")
        sign.await_payload("garage/home/occupancy", '{"free":1,"occupied":3,"total":4}')


def test_nobody_else_tells_the_sign(garage):
    with Client(garage, "sign") as sign, Client(garage, "liar") as liar:
        sign.subscribe("garage/home/occupancy")
        liar.publish("garage/home/occupancy", '{"free":99,"occupied":0,"total":99}', retain=True)
        take(liar, "A1", "free")
        eventually(lambda: sign.messages, "the count")
        assert sign.payloads("garage/home/occupancy") == ['{"free":1,"occupied":0,"total":1}']
