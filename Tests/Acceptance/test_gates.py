"""Gates that are safe to move from afar: the rules, over the wire."""

import json
import threading

import paho.mqtt.client as mqtt
import pytest

import mosquitto
from device import Client, GateDevice
from waiting import eventually

COMMAND = "garage/home/gate/front/command"
ACTUATE = "garage/home/gate/front/actuate"
WARNING = "garage/home/gate/front/warning"


def configured(make_garage, tmp_path, text: str, **environment: str):
    file = tmp_path / "garage.yaml"
    file.write_text(text)
    return make_garage("--config", str(file), environment=environment).start()


def rejection(garage, count: int = 1) -> str:
    return garage.await_event("gate.command-rejected", count=count)["data"]["reason"]


# Retained messages and last wills

FIRMWARE_TOPICS = [
    "cmnd/portao/POWER",
    "home/cmnd/portao/ShutterOpen",
    "garagem/cover/portao/command",
    "/home/garage/MainDoor/command/door",
    "zigbee2mqtt/gate/set",
    "zigbee2mqtt/gate/set/state",
    "homie/5/gate/door/state/set",
    "shellies/shelly1/relay/0/command",
    "shelly-gate/rpc",
    "garagem/IN/STATE",
    ACTUATE,
]


@pytest.mark.parametrize("topic", FIRMWARE_TOPICS)
def test_a_retained_message_on_a_command_topic_is_refused(garage, topic):
    codes = []
    with Client(garage, "program", version=mqtt.MQTTv5) as program:
        done = threading.Event()
        program.paho.on_publish = lambda c, u, mid, reason, p: (codes.append(reason.value), done.set())
        program.paho.publish(topic, "OPEN", 1, retain=True)
        assert done.wait(10)
    assert codes == [0x87]
    with mosquitto.Subscriber(garage, topic, "mark") as late:
        mosquitto.publish(garage, "mark", "x", "-q", "1")
        late.await_line("0 1 mark x")
        assert len(late.lines) == 1, "nothing was kept"


def test_a_refused_retained_message_is_in_the_log(garage):
    mosquitto.publish(garage, "cmnd/portao/POWER", "ON", "-q", "1", "-r", "-i", "tool")
    denied = garage.await_event("access.denied")
    assert denied["data"]["attempt"] == "retained message on cmnd/portao/POWER"
    assert denied["clientid"] == "tool"


@pytest.mark.parametrize("topic", FIRMWARE_TOPICS)
def test_a_last_will_on_a_command_topic_keeps_the_client_out(garage, topic):
    client = Client(garage, "bad", will=(topic, "OPEN"))
    refused = threading.Event()
    client.paho.on_connect = lambda c, u, flags, reason, p: refused.set() if reason.is_failure else None
    host, port = garage.mqtt
    client.paho.connect(host, port)
    client.paho.loop_start()
    assert refused.wait(10)
    client.paho.loop_stop()


def test_a_command_on_a_firmware_topic_is_not_kept_for_an_absent_device(garage):
    topic = "garagem/cover/portao/command"
    device = Client(garage, "esphome", clean=False).connect().subscribe(topic)
    device.disconnect()
    mosquitto.publish(garage, topic, "OPEN", "-q", "1")
    again = Client(garage, "esphome", clean=False).connect()
    again.subscribe("mark")
    again.publish("mark", "x")
    again.await_payload("mark", "x")
    assert again.payloads(topic) == []
    again.disconnect()


# What becomes of a command


def test_a_message_that_expired_on_its_way_moves_nothing(garage, gate_device):
    with Client(garage, "program", version=mqtt.MQTTv5) as program:
        properties = mqtt.Properties(mqtt.PacketTypes.PUBLISH)
        properties.MessageExpiryInterval = 0
        program.publish(COMMAND, "OPEN", properties=properties)
    assert rejection(garage) == "expired"
    assert gate_device.actuations == []


@pytest.mark.parametrize("version, qos, expected", [(mqtt.MQTTv5, 1, 0x83), (mqtt.MQTTv311, 1, 0), (mqtt.MQTTv311, 2, 0)])
def test_a_refusal_is_told_in_the_acknowledgement(garage, gate_device, version, qos, expected):
    gate_device.report("open")
    gate_device.client.publish("garage/home/gate/front/obstruction", "obstructed")
    codes = []
    with Client(garage, "program", version=version) as program:
        done = threading.Event()
        program.paho.on_publish = lambda c, u, mid, reason, p: (codes.append(reason.value), done.set())
        program.paho.publish(COMMAND, "CLOSE", qos)
        assert done.wait(10)
        assert codes == [expected]
        # The connection is as good as before.
        program.subscribe("mark").publish("mark", "x")
        program.await_payload("mark", "x")
    assert gate_device.actuations == []


def test_a_movement_without_a_command_is_recorded_as_manual(garage, gate_device):
    gate_device.report("opening")
    gate_device.report("open")
    for type in ("gate.opening", "gate.opened"):
        assert "command_id" not in garage.await_event(type)["data"]
    assert garage.gate()["last_movement"]["commanded"] is False


def test_what_closes_already_is_not_told_again(garage, gate_device):
    gate_device.report("open")
    gate_device.report("closing")
    assert garage.post_command("close").status_code == 202
    assert garage.await_event("gate.command-requested")["data"]["joins"] is True
    gate_device.report("closed")
    garage.await_event("gate.command-completed")
    assert gate_device.actuations == []


def test_a_lost_device_fails_the_command(garage):
    device = GateDevice(garage, "front").start()
    device.obeys = False
    assert garage.post_command("open").status_code == 202
    garage.await_event("gate.command-dispatched")
    device.client.cut()
    assert garage.await_event("gate.command-failed")["data"]["reason"] == "device-lost"


def test_what_comes_in_the_way_fails_the_command(garage, gate_device):
    gate_device.report("open")
    gate_device.pauses = True
    assert garage.post_command("close").status_code == 202
    garage.await_event("gate.closing")
    gate_device.client.publish("garage/home/gate/front/obstruction", "obstructed")
    assert garage.await_event("gate.command-failed")["data"]["reason"] == "obstructed"


# Closing with nobody there


def test_closing_is_refused_unless_someone_sees_the_gate(make_garage):
    garage = make_garage(environment={"GARAGE_GATE_UNATTENDED_CLOSE": "off"}).start()
    device = GateDevice(garage, "front", state="open").start()
    mosquitto.publish(garage, COMMAND, "CLOSE", "-q", "1")
    assert rejection(garage) == "unattended"
    answer = garage.post_command("close")
    assert answer.status_code == 409
    assert answer.json()["reason"] == "unattended"
    assert device.actuations == []
    mosquitto.publish(garage, COMMAND, '{"action":"close","attended":true}', "-q", "1")
    garage.await_event("gate.command-completed")
    device.report("open")
    assert garage.post_command("close", attended=True).status_code == 202
    garage.await_event("gate.command-completed", count=2)
    device.report("open")
    assert garage.command("gate", "close", "front").returncode == 1
    assert garage.command("gate", "close", "front", "--attended").returncode == 0
    assert device.actuations == ["CLOSE"] * 3
    device.stop()


def test_closing_from_afar_begins_with_a_warning(make_garage):
    garage = make_garage(environment={"GARAGE_GATE_UNATTENDED_CLOSE": "warn"}).start()
    device = GateDevice(garage, "front", state="open").start()
    with Client(garage, "siren") as siren:
        siren.subscribe(WARNING)
        mosquitto.publish(garage, COMMAND, "CLOSE", "-q", "1")
        siren.await_payload(WARNING, "5")
        warned = garage.await_event("gate.command-warned")
        sent = garage.await_event("gate.command-dispatched")
    from datetime import datetime

    def seconds(event):
        return datetime.fromisoformat(event["time"].replace("Z", "+00:00")).timestamp()

    assert seconds(sent) - seconds(warned) >= 5
    garage.await_event("gate.command-completed")
    assert device.actuations == ["CLOSE"]
    device.stop()


def test_the_warning_is_cut_short_by_a_stop(make_garage):
    garage = make_garage(environment={"GARAGE_GATE_UNATTENDED_CLOSE": "warn"}).start()
    device = GateDevice(garage, "front", state="open").start()
    with Client(garage, "siren") as siren:
        siren.subscribe(WARNING)
        mosquitto.publish(garage, COMMAND, "CLOSE", "-q", "1")
        garage.await_event("gate.command-warned")
        mosquitto.publish(garage, COMMAND, "STOP", "-q", "1")
        garage.await_event("gate.command-completed")
        assert garage.await_event("gate.command-failed")["data"]["reason"] == "superseded"
    assert device.actuations == ["STOP"]
    device.stop()


def test_without_anyone_to_warn_the_gate_stays_open(make_garage):
    garage = make_garage(environment={"GARAGE_GATE_UNATTENDED_CLOSE": "warn"}).start()
    device = GateDevice(garage, "front", state="open").start()
    mosquitto.publish(garage, COMMAND, "CLOSE", "-q", "1")
    assert garage.await_event("gate.command-failed")["data"]["reason"] == "not-delivered"
    assert device.actuations == []
    device.stop()


def test_two_failures_suspend_it_until_a_person_allows_it_again(garage, gate_device):
    gate_device.obeys = False
    for number in range(2):
        gate_device.report("open")
        assert garage.post_command("close").status_code == 202
        garage.await_event("gate.command-dispatched", count=number + 1)
        gate_device.report("closing")
        gate_device.report("open")
        garage.await_event("gate.command-failed", count=number + 1)
    garage.await_event("gate.unattended-close-suspended")
    assert garage.post_command("close").json()["reason"] == "suspended"
    garage.restart()
    device = GateDevice(garage, "front", state="open").start()
    assert garage.post_command("close").json()["reason"] == "suspended"
    answer = garage.request("POST", "/api/v1/gates/home.front/unattended-close/resume")
    assert answer.json()["changed"] is True, answer.text
    assert garage.post_command("close").status_code == 202
    garage.await_event("gate.command-completed")
    device.stop()


# One button


TOGGLE = "gates:\n  front:\n    type: toggle\n"


def test_one_button_is_not_pressed_while_the_state_is_uncertain(make_garage, tmp_path):
    garage = configured(make_garage, tmp_path, TOGGLE)
    device = GateDevice(garage, "front").start()
    device.report("stopped")
    for action in ("open", "close"):
        assert garage.post_command(action).json()["reason"] == "ambiguous"
    device.stop()
    garage.await_event("device.disconnected")
    again = GateDevice(garage, "front")
    again.client.connect().subscribe(ACTUATE)
    again.client.publish(again.status, "online", retain=True)
    assert garage.post_command("open").json()["reason"] == "stale-state"
    again.report("closed")
    assert garage.post_command("open").status_code == 202
    garage.await_event("gate.command-completed")
    assert again.actuations == ["OPEN"]
    assert device.actuations == []
    again.stop()


def test_one_button_is_pressed_once_and_never_again(make_garage, tmp_path):
    garage = configured(make_garage, tmp_path, TOGGLE, GARAGE_GATE_COMMAND_TIMEOUT_SECONDS="1")
    device = GateDevice(garage, "front").start()
    device.obeys = False
    assert garage.post_command("open").status_code == 202
    assert garage.await_event("gate.command-failed")["data"]["reason"] == "timed-out"
    # A gate at rest is not started by a stop.
    assert garage.post_command("stop").status_code == 202
    garage.await_event("gate.command-completed")
    assert device.actuations == ["OPEN"]
    device.stop()


# Blackout, modes, hours and limits


def test_nothing_is_sent_in_the_blackout(make_garage, tmp_path):
    garage = configured(make_garage, tmp_path, "gates:\n  front:\n    blackout_seconds: 600\n")
    device = GateDevice(garage, "front").start()
    assert garage.post_command("open").json()["reason"] == "reconnecting"
    assert garage.post_command("stop").status_code == 202
    eventually(lambda: device.actuations == ["STOP"], "the stop")
    device.stop()


@pytest.mark.parametrize("mode", ["locked", "maintenance"])
def test_a_gate_in_a_mode_takes_only_a_stop(garage, gate_device, mode):
    answer = garage.request("POST", "/api/v1/gates/home.front/mode", json={"mode": mode, "reason": "night"})
    assert answer.status_code == 200, answer.text
    assert garage.post_command("open").json()["reason"] == mode
    mosquitto.publish(garage, COMMAND, "OPEN", "-q", "1")
    assert rejection(garage, 2) == mode
    assert garage.post_command("stop").status_code == 202
    eventually(lambda: gate_device.actuations == ["STOP"], "the stop")
    garage.restart()
    device = GateDevice(garage, "front").start()
    assert garage.post_command("open").json()["reason"] == mode
    garage.request("POST", "/api/v1/gates/home.front/mode", json={"mode": "normal"})
    assert garage.post_command("open").status_code == 202
    device.stop()


@pytest.mark.parametrize(
    "body, status", [('{"mode":"ajar"}', 422), ("{}", 422), ('{"mode":"locked","colour":1}', 422), ("x", 400)]
)
def test_a_wrong_mode_is_a_problem(garage, gate_device, body, status):
    answer = garage.request(
        "POST", "/api/v1/gates/home.front/mode", data=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == status, answer.text
    assert "gate.mode-changed" not in garage.types()


def test_a_page_of_another_site_can_decide_nothing(garage, gate_device):
    headers = {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"}
    for path in (
        "/gates/home.front/mode",
        "/gates/home.front/unattended-close",
        "/alerts/1/acknowledge",
        "/api/v1/gates/home.front/mode",
        "/api/v1/gates/home.front/unattended-close/resume",
        "/api/v1/alerts/1/acknowledge",
    ):
        assert garage.request("POST", path, data={"mode": "locked"}, headers=headers).status_code == 403, path


def test_too_many_requests_are_refused_but_never_a_stop(make_garage):
    garage = make_garage(environment={"GARAGE_GATE_COMMANDS_PER_MINUTE": "3"}).start()
    device = GateDevice(garage, "front", state="open").start()
    for _ in range(3):
        assert garage.post_command("open").status_code == 202
    answer = garage.post_command("open")
    assert (answer.status_code, answer.json()["reason"]) == (429, "rate-limited")
    assert garage.await_event("alert.raised")["data"]["condition"] == "too-many-commands"
    for _ in range(5):
        assert garage.post_command("stop").status_code == 202
    device.stop()


def test_a_wrong_gate_setting_is_named_with_its_line(make_garage, tmp_path):
    file = tmp_path / "garage.yaml"
    file.write_text("gates:\n  front:\n    type: lever\n")
    garage = make_garage("--config", str(file)).launch()
    assert garage.wait() == 2
    assert "garage.yaml:3: gates.front.type is 'lever'" in garage.log()


# Alerts


def alerts(garage, **parameters) -> list[dict]:
    return garage.get("/alerts", **parameters)["alerts"]


def test_an_alert_is_raised_acknowledged_and_over(garage, gate_device):
    gate_device.client.publish("garage/home/gate/front/obstruction", "obstructed")
    alert = eventually(lambda: alerts(garage), "an alert")[0]
    assert (alert["condition"], alert["subject"], alert["state"]) == ("obstructed", "gate/home.front", "open")
    for _ in range(2):
        answer = garage.request("POST", f"/api/v1/alerts/{alert['id']}/acknowledge")
        assert answer.status_code == 200, answer.text
        assert answer.json()["acknowledged_by"] == "anonymous"
    assert len(garage.events(type="event.acknowledged")) == 1
    assert len(alerts(garage)) == 1, "the cause is still there"
    gate_device.client.publish("garage/home/gate/front/obstruction", "clear")
    garage.await_event("alert.cleared")
    eventually(lambda: alerts(garage) == [], "no alert")
    assert [row["state"] for row in alerts(garage, state="all")] == ["over"]


def test_an_alert_without_an_end_of_its_own_is_over_when_someone_takes_note(garage):
    with Client(garage, "deaf") as device:
        device.publish("garage/home/gate/front/state", "closed")
        mosquitto.publish(garage, COMMAND, "OPEN", "-q", "1")
        raised = garage.await_event("alert.raised")
        assert raised["data"]["condition"] == "command-failed"
        answer = garage.request("POST", f"/alerts/{raised['sequence']}/acknowledge", allow_redirects=False)
        assert answer.status_code == 303
        garage.await_event("alert.cleared")


def test_an_unknown_alert_is_not_found(garage):
    assert garage.request("POST", "/api/v1/alerts/999/acknowledge").status_code == 404
    assert garage.request("GET", "/api/v1/alerts/abc").status_code == 404


def test_a_movement_in_the_night_is_an_alert(make_garage):
    garage = make_garage(environment={"GARAGE_ALERTS_NIGHT": "00:00-24:00"}).start()
    device = GateDevice(garage, "front").start()
    device.report("opening")
    assert garage.await_event("alert.raised")["data"]["condition"] == "moved-at-night"
    device.stop()


# Signs


def test_a_sign_is_told_how_many_spots_are_free(garage):
    with Client(garage, "esp1") as device:
        for spot, state in (("A1", "occupied"), ("A2", "free"), ("A3", "free")):
            device.publish(f"garage/home/spot/{spot}/state", state)
        device.publish("garage/home/spot/A3/state", "occupied")

    def told() -> dict:
        with Client(garage, "sign") as sign:
            sign.subscribe("garage/home/occupancy")
            eventually(lambda: sign.messages, "the retained count")
            assert sign.messages[0].retain
            return json.loads(sign.messages[0].payload)

    eventually(lambda: told() == {"free": 1, "occupied": 2, "total": 3}, "the count")
    garage.restart()
    assert told() == {"free": 1, "occupied": 2, "total": 3}


def test_a_display_is_told_which_alerts_stand(garage, gate_device):
    def told() -> list[dict]:
        with Client(garage, "display") as display:
            display.subscribe("garage/home/alerts")
            eventually(lambda: display.messages, "the retained alerts")
            return json.loads(display.messages[0].payload)["alerts"]

    gate_device.client.publish("garage/home/gate/front/obstruction", "obstructed")
    garage.await_event("alert.raised")
    (alert,) = eventually(told, "an alert")
    assert (alert["subject"], alert["condition"], alert["acknowledged"]) == ("gate/home.front", "obstructed", False)
    gate_device.client.publish("garage/home/gate/front/obstruction", "clear")
    garage.await_event("alert.cleared")
    eventually(lambda: told() == [], "no alert")


@pytest.mark.parametrize("topic", ["garage/home/occupancy", "garage/home/alerts", WARNING])
def test_only_the_service_publishes_what_is_its_own(garage, topic):
    codes = []
    with Client(garage, "program", version=mqtt.MQTTv5) as program:
        done = threading.Event()
        program.paho.on_publish = lambda c, u, mid, reason, p: (codes.append(reason.value), done.set())
        program.paho.publish(topic, "1", 1)
        assert done.wait(10)
    assert codes == [0x87]
