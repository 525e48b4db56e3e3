"""Readings that a sensor can't have measured: jumps, and sensors that fall silent."""

import time

import pytest

from device import Client
from waiting import eventually

TOPIC = "garage/home/sensor/dht1/temperature"


def quality(garage) -> str:
    return garage.get("/sensors/home.dht1/latest")["latest"][0]["quality"]


def test_an_impossible_jump_is_kept_raw_and_flagged(garage):
    with Client(garage, "esp1") as device:
        for value in ("24.0", "24.1", "24.0", "24.1", "24.0"):
            device.publish(TOPIC, value, qos=1)
        device.publish(TOPIC, "-12", qos=1)
        fault = garage.await_event("sensor.fault-detected")
        assert fault["data"] == {"kind": "impossible-jump", "quantity": "temperature", "raw": "-12.0"}
        eventually(lambda: quality(garage) == "suspect", "the quality")
        page = garage.request("GET", "/sensors/home.dht1?lang=en").text
        assert "jumped further than it can" in page
        device.publish(TOPIC, "24.2", qos=1)
        garage.await_event("sensor.fault-cleared")
        eventually(lambda: quality(garage) == "good", "the quality")
    readings = [event["data"]["value"] for event in garage.events(type="sensor.reading-recorded")]
    assert -12 not in readings and len(readings) == 6


def test_three_values_that_are_not_believed_raise_an_alert(garage):
    with Client(garage, "esp1") as device:
        for value in ("24", "24", "24", "24", "24", "-12", "70", "-35"):
            device.publish(TOPIC, value, qos=1)
        assert garage.await_event("alert.raised")["data"]["condition"] == "sensor-fault"
        device.publish(TOPIC, "24", qos=1)
        garage.await_event("alert.cleared")


@pytest.fixture
def impatient(make_garage):
    return make_garage(environment={"GARAGE_QUALITY_SILENT_AFTER_SECONDS": "1"}).start()


def test_a_silent_sensor_is_told_until_it_reports_again(impatient):
    garage = impatient
    with Client(garage, "esp1") as device:
        for index in range(11):
            device.publish(TOPIC, f"24.{index % 2}", qos=1)
            time.sleep(0.15)
        fault = garage.await_event("sensor.fault-detected")
        assert fault["data"]["kind"] == "silent"
        assert garage.await_event("alert.raised")["data"]["condition"] == "sensor-fault"
        eventually(lambda: quality(garage) == "silent", "the quality")
        assert "stays away" in garage.request("GET", "/sensors/home.dht1?lang=en").text
        # A restart reads the log again, and judges nothing by it.
        garage.restart()
        assert len(garage.events(type="sensor.fault-detected")) == 1
    with Client(garage, "esp1") as device:
        device.publish(TOPIC, "24.5", qos=1)
        garage.await_event("sensor.fault-cleared")
        garage.await_event("alert.cleared")
        eventually(lambda: quality(garage) == "good", "the quality")
    assert garage.command("verify").returncode == 0
