"""What a device sends again because its acknowledgement got lost is the same event, not another one (MQTT 5, 4.4)."""

import pytest

from waiting import eventually
from wire import Wire, publish

TOPIC = "garage/home/sensor/dht1/temperature"


def values(garage) -> list[float]:
    return [event["data"]["value"] for event in garage.events(type="sensor.reading-recorded")]


def acknowledged(device: Wire, qos: int, identifier: int) -> None:
    assert device.receive() == (0x40 if qos == 1 else 0x50, identifier.to_bytes(2, "big"))


@pytest.mark.parametrize("qos", [1, 2])
@pytest.mark.parametrize("death", [False, True], ids=["cut", "SIGKILL"])
def test_a_reading_that_is_sent_again_in_its_session_is_one_event(garage, qos, death):
    with Wire(garage).connect("esp1", clean=False) as device:
        device.send(publish(TOPIC, b"21.5", 7, qos=qos) + publish(TOPIC, b"21.5", 8, qos=qos))
        # On disk, and whatever acknowledgements are under way die with the connection.
        eventually(lambda: len(values(garage)) == 2, "two readings")
        before = [event["id"] for event in garage.events(type="sensor.reading-recorded")]
        if death:
            garage.kill()
    if death:
        garage.start()
    with Wire(garage).connect("esp1", clean=False) as device:
        for identifier in (7, 8):
            device.send(publish(TOPIC, b"21.5", identifier, qos=qos, dup=True))
            acknowledged(device, qos, identifier)
        # Never sent before; the one with the identifier 7 is another message now.
        device.send(publish(TOPIC, b"21.6", 9, qos=qos, dup=True))
        acknowledged(device, qos, 9)
        if qos == 1:
            device.send(publish(TOPIC, b"22.5", 7, qos=qos, dup=True))
            acknowledged(device, qos, 7)
    expected = [21.5, 21.5, 21.6] + ([22.5] if qos == 1 else [])
    # On disk with the acknowledgement, and a moment later in the list.
    eventually(lambda: len(values(garage)) >= len(expected), "all readings")
    assert values(garage) == expected
    after = [event["id"] for event in garage.events(type="sensor.reading-recorded")]
    assert after[:2] == before
    verify = garage.command("verify")
    assert verify.returncode == 0, verify.stdout + verify.stderr


def test_an_identifier_that_is_used_anew_or_in_a_new_session_is_another_event(garage):
    with Wire(garage).connect("esp1", clean=False) as device:
        for _ in range(3):
            device.send(publish(TOPIC, b"21.5", 7, qos=1))
            acknowledged(device, 1, 7)
    with Wire(garage).connect("esp1", clean=True) as device:
        device.send(publish(TOPIC, b"21.5", 7, qos=1, dup=True))
        acknowledged(device, 1, 7)
    eventually(lambda: len(values(garage)) >= 4, "all readings")
    assert values(garage) == [21.5] * 4


def test_a_gate_does_not_move_back_and_forth_when_its_reports_come_again(garage):
    states = [b"closed", b"opening", b"open"]
    topic = "garage/home/gate/front/state"
    with Wire(garage).connect("esp1", clean=False) as device:
        for number, state in enumerate(states, 1):
            device.send(publish(topic, state, number, qos=1))
        garage.await_event("gate.opened")
        garage.kill()
    garage.start()
    with Wire(garage).connect("esp1", clean=False) as device:
        for number, state in enumerate(states, 1):
            device.send(publish(topic, state, number, qos=1, dup=True))
            acknowledged(device, 1, number)
    assert garage.types(kind="gate") == ["gate.closed", "gate.opening", "gate.opened"]
