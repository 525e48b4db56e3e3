"""Gate commands from every door, followed to their end."""

import json
import subprocess
import threading

import paho.mqtt.client as mqtt
import pytest

import mosquitto
from device import Client, GateDevice
from waiting import eventually
from wire import Wire, publish

COMMAND = "garage/home/gate/front/command"
RESULT = COMMAND + "/result"
ACTUATE = "garage/home/gate/front/actuate"

LIFE = ["gate.command-requested", "gate.command-dispatched", "gate.command-completed"]


def command_types(garage) -> list[str]:
    return [type for type in garage.types(kind="gate") if ".command-" in type]


def assert_completed(garage, actor: str | None, channel: str) -> None:
    """The command's whole life is in the log, and the movement names who caused it."""
    completed = garage.await_event("gate.command-completed")
    assert command_types(garage) == LIFE
    (requested,) = garage.events(type="gate.command-requested")
    (opened,) = garage.events(type="gate.opened")
    command_id = requested["data"]["command_id"]
    assert requested["channel"] == channel
    if actor:
        assert requested["actor"] == actor
    assert opened["data"]["command_id"] == completed["data"]["command_id"] == command_id
    movement = garage.gate()["last_movement"]
    assert (movement["to"], movement["commanded"], movement["channel"]) == ("open", True, channel)
    assert movement["actor"] == requested["actor"]
    command = garage.get(f"/gates/home.front/commands/{command_id}")
    assert command["status"] == "completed"
    assert garage.gate()["state"] == "open"


@pytest.mark.parametrize("payload", ["OPEN", "open", '{"action":"open"}', '{"action":"OPEN","expires_in":10}'])
def test_over_mqtt(garage, gate_device, payload):
    mosquitto.publish(garage, COMMAND, payload, "-q", "1", "-i", "ana")
    assert_completed(garage, None, "mqtt")
    assert gate_device.actuations == ["OPEN"]
    assert gate_device.retained_actuations == 0


@pytest.mark.parametrize("qos", ["0", "2"])
def test_over_mqtt_with_every_quality_of_service(garage, gate_device, qos):
    mosquitto.publish(garage, COMMAND, "OPEN", "-q", qos)
    assert_completed(garage, None, "mqtt")
    assert gate_device.actuations == ["OPEN"]


def test_the_whole_circle_open_stop_close(garage, gate_device):
    gate_device.pauses = True
    mosquitto.publish(garage, COMMAND, "OPEN", "-q", "1")
    garage.await_event("gate.opening")
    mosquitto.publish(garage, COMMAND, "STOP", "-q", "1")
    garage.await_event("gate.stopped")
    gate_device.pauses = False
    mosquitto.publish(garage, COMMAND, "CLOSE", "-q", "1")
    garage.await_event("gate.closed", count=2)
    garage.await_event("gate.command-completed", count=2)
    assert gate_device.actuations == ["OPEN", "STOP", "CLOSE"]
    assert garage.await_event("gate.command-failed")["data"]["reason"] == "superseded"


def test_the_result_goes_to_the_result_topic(garage, gate_device):
    with mosquitto.Subscriber(garage, RESULT) as subscriber:
        mosquitto.publish(garage, COMMAND, '{"action":"open","id":"mine-1"}', "-q", "1")

        def results():
            return [json.loads(line.split(" ", 3)[3]) for line in subscriber.lines]

        eventually(lambda: results()[-1:] and results()[-1]["status"] == "completed", "the result 'completed'")
        assert {result["id"] for result in results()} == {"mine-1"}
        assert all(line.startswith("0 ") for line in subscriber.lines), "never retained"
    with mosquitto.Subscriber(garage, RESULT, "mark") as subscriber:
        mosquitto.publish(garage, "mark", "x", "-q", "1")
        subscriber.await_line("0 1 mark x")
        assert len(subscriber.lines) == 1, "and not kept for later subscribers"


def test_the_result_goes_to_the_response_topic_with_its_correlation_data(garage, gate_device):
    with Client(garage, "program", version=mqtt.MQTTv5) as program:
        program.subscribe("answers/program")
        properties = mqtt.Properties(mqtt.PacketTypes.PUBLISH)
        properties.ResponseTopic = "answers/program"
        properties.CorrelationData = b"\x00\x01tag"
        program.publish(COMMAND, "OPEN", properties=properties)
        eventually(
            lambda: [
                payload
                for payload in program.payloads("answers/program")
                if json.loads(payload)["status"] == "completed"
            ],
            "the result on the response topic",
        )
        assert {message.properties.CorrelationData for message in program.messages} == {b"\x00\x01tag"}


def test_over_http(garage, gate_device):
    answer = garage.post_command("open")
    assert answer.status_code == 202, answer.text
    location = answer.headers["Location"]
    assert_completed(garage, None, "http")
    assert garage.request("GET", location).json()["status"] == "completed"


def test_over_http_the_same_key_is_honoured_once(garage, gate_device):
    first = garage.post_command("open", headers={"Idempotency-Key": "once"})
    garage.await_event("gate.command-completed")
    again = garage.post_command("open", headers={"Idempotency-Key": "once"})
    assert again.status_code == first.status_code == 202
    assert again.headers["Location"] == first.headers["Location"]
    other = garage.post_command("close", headers={"Idempotency-Key": "once"})
    assert other.status_code in (409, 422), other.text
    assert gate_device.actuations == ["OPEN"]


@pytest.mark.parametrize(
    "body, status",
    [
        ('{"action":"jump"}', {400, 422}),
        ("{}", {400, 422}),
        ("not json", {400}),
        ('{"action":"open","colour":1}', {400, 422}),
        ('{"action":"open","expires_in":0}', {400, 422}),
    ],
)
def test_over_http_a_wrong_body_is_a_problem(garage, gate_device, body, status):
    answer = garage.request(
        "POST", "/api/v1/gates/home.front/commands", data=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in status, answer.text
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert command_types(garage) == []


def test_over_http_an_unknown_gate_is_not_found(garage):
    assert garage.post_command("open", gate="home.none").status_code == 404


def test_over_http_reading_never_moves_a_gate(garage, gate_device):
    assert garage.request("GET", "/api/v1/gates/home.front/commands", params={"action": "open"}).status_code in (
        200,
        400,
    )
    assert garage.request("GET", "/gates/home.front/commands", params={"action": "open"}).status_code in (400, 404, 405)
    assert command_types(garage) == []


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
def test_over_http_another_site_cannot_post_with_the_readers_browser(garage, gate_device, origin):
    for content in (
        {"data": {"action": "open"}},
        {"data": '{"action":"open"}', "headers": {"Content-Type": "text/plain"}},
        {"json": {"action": "open"}},
    ):
        headers = {"Origin": origin, "Sec-Fetch-Site": "cross-site", **content.pop("headers", {})}
        for path in ("/api/v1/gates/home.front/commands", "/gates/home.front/commands"):
            answer = garage.request("POST", path, headers=headers, **content)
            assert answer.status_code >= 400, f"{path}: {answer.status_code}"
    assert gate_device.actuations == []


def test_on_the_command_line(garage, gate_device):
    done = garage.command("gate", "open", "front")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "completed"
    assert_completed(garage, None, "cli")


def test_on_the_command_line_a_failure_is_an_exit_code(garage):
    done = garage.command("gate", "open", "none")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


def test_a_command_that_asks_for_what_is_so_completes_without_a_pulse(garage, gate_device):
    mosquitto.publish(garage, COMMAND, "CLOSE", "-q", "1")
    garage.await_event("gate.command-completed")
    assert gate_device.actuations == []


# Refused


def refused(garage, reason: str) -> None:
    event = garage.await_event("gate.command-rejected")
    assert event["data"]["reason"] == reason, event
    assert "gate.command-dispatched" not in command_types(garage)


@pytest.mark.parametrize("version", ["mqttv311", "mqttv5"])
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_a_retained_command_is_refused_and_never_fires(garage, gate_device, qos, version):
    protocol = mqtt.MQTTv5 if version == "mqttv5" else mqtt.MQTTv311
    with Client(garage, "program", version=protocol) as program:
        program.paho.publish(COMMAND, "OPEN", qos, retain=True)
        refused(garage, "retained")
    with mosquitto.Subscriber(garage, COMMAND, ACTUATE, "mark") as late:
        mosquitto.publish(garage, "mark", "x", "-q", "1")
        late.await_line("0 1 mark x")
        assert len(late.lines) == 1, "nothing is kept on the command's topics"
    assert gate_device.actuations == []
    assert garage.gate()["state"] == "closed"


def test_a_refused_command_has_a_reason_code_in_version_5(garage, gate_device):
    reasons = []
    with Client(garage, "program", version=mqtt.MQTTv5) as program:
        done = threading.Event()
        program.paho.on_publish = lambda c, u, mid, reason, p: (reasons.append(reason.value), done.set())
        program.paho.publish(COMMAND, "OPEN", 1, retain=True)
        assert done.wait(10)
    assert reasons == [0x87]


def test_a_last_will_can_move_no_gate(garage, gate_device):
    host, port = garage.mqtt
    done = subprocess.run(
        [
            "mosquitto_pub",
            "-h",
            host,
            "-p",
            str(port),
            "-t",
            "a",
            "-m",
            "x",
            "-V",
            "mqttv5",
            "--will-topic",
            COMMAND,
            "--will-payload",
            "OPEN",
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=15,
    )
    assert done.returncode != 0
    assert "authori" in done.stderr.lower(), done.stderr
    assert gate_device.actuations == []


@pytest.mark.parametrize(
    "payload",
    [
        "jump",
        "",
        "OPEN!",
        '{"action":"open"',
        '{"action":1}',
        '{"action":"open","expires_in":"soon"}',
        '{"action":"open","action":"close"}',
        "x" * 5000,
        "toggle",
    ],
)
def test_an_unreadable_command_is_recorded_and_moves_nothing(garage, gate_device, payload):
    mosquitto.publish(garage, COMMAND, payload, "-q", "1")
    refused(garage, "unreadable")
    assert gate_device.actuations == []


def test_an_expired_command_moves_nothing(garage, gate_device):
    mosquitto.publish(garage, COMMAND, '{"action":"open","expires_in":0}', "-q", "1")
    refused(garage, "expired")
    assert gate_device.actuations == []


def test_a_redelivered_command_is_not_trusted(garage, gate_device):
    with Wire(garage).connect("program") as program:
        program.send(publish(COMMAND, b"OPEN", 1, qos=1, dup=True))
        assert program.receive() == (0x40, b"\x00\x01")
    refused(garage, "redelivered")


def test_the_same_id_is_honoured_once(garage, gate_device):
    for _ in range(3):
        mosquitto.publish(garage, COMMAND, '{"action":"open","id":"mine-1"}', "-q", "1")
    garage.await_event("gate.command-completed")
    garage.restart()
    device = GateDevice(garage, "front", state="open").start()
    mosquitto.publish(garage, COMMAND, '{"action":"open","id":"mine-1"}', "-q", "1")
    mosquitto.publish(garage, COMMAND, '{"action":"close","id":"mine-2"}', "-q", "1")
    garage.await_event("gate.command-completed", count=2)
    assert [event["data"]["command_id"] for event in garage.events(type="gate.command-requested")] == [
        "mine-1",
        "mine-2",
    ]
    assert device.actuations == ["CLOSE"]
    device.stop()


def test_an_obstructed_gate_is_not_closed_but_can_be_stopped(garage, gate_device):
    gate_device.report("open")
    gate_device.client.publish("garage/home/gate/front/obstruction", "obstructed")
    mosquitto.publish(garage, COMMAND, "CLOSE", "-q", "1")
    assert garage.await_event("gate.command-rejected")["data"]["reason"] == "obstructed"
    assert garage.post_command("close").status_code == 409
    mosquitto.publish(garage, COMMAND, "STOP", "-q", "1")
    eventually(lambda: gate_device.actuations == ["STOP"], "the stop")


# The device is not there, or does not do it


@pytest.mark.parametrize("door", ["mqtt", "http"])
def test_a_command_for_an_absent_device_is_refused_and_never_delivered_later(garage, door):
    device = GateDevice(garage, "front", clean=False).start()
    device.stop()
    garage.await_event("device.disconnected")
    if door == "mqtt":
        mosquitto.publish(garage, COMMAND, "OPEN", "-q", "1")
    else:
        assert garage.post_command("open").status_code in (409, 503)
    assert garage.await_event("gate.command-rejected")["data"]["reason"] == "offline"
    again = GateDevice(garage, "front", clean=False)
    again.client.connect()
    again.client.publish("elsewhere/mark", "x")
    again.report("closed")
    # The service answers later commands, so whatever it had kept would have come before.
    assert garage.post_command("open").status_code == 202
    eventually(lambda: again.actuations, "the later command")
    garage.await_event("gate.command-completed")
    assert again.actuations == ["OPEN"]
    again.stop()


def test_a_command_that_reaches_no_device_fails(garage):
    """The device reports, but does not listen."""
    with Client(garage, "deaf") as device:
        device.publish("garage/home/gate/front/state", "closed")
        mosquitto.publish(garage, COMMAND, "OPEN", "-q", "1")
        assert garage.await_event("gate.command-failed")["data"]["reason"] == "not-delivered"
        device.subscribe(ACTUATE, "mark")
        mosquitto.publish(garage, "mark", "x", "-q", "1")
        device.await_payload("mark", "x")
        assert device.payloads(ACTUATE) == []


def test_a_gate_that_does_not_move_fails_the_command_in_time(make_garage):
    garage = make_garage(environment={"GARAGE_GATE_COMMAND_TIMEOUT_SECONDS": "1"}).start()
    device = GateDevice(garage, "front").start()
    device.obeys = False
    assert garage.post_command("open").status_code == 202
    assert garage.await_event("gate.command-failed")["data"]["reason"] == "timed-out"
    assert device.actuations == ["OPEN"], "and it is not tried again"
    device.stop()


def test_a_gate_that_turns_round_fails_the_command(garage, gate_device):
    gate_device.pauses = True
    mosquitto.publish(garage, COMMAND, "OPEN", "-q", "1")
    garage.await_event("gate.opening")
    gate_device.report("closing")
    assert garage.await_event("gate.command-failed")["data"]["reason"] == "reversed"


def test_a_second_command_while_one_is_under_way(garage, gate_device):
    gate_device.pauses = True
    mosquitto.publish(garage, COMMAND, "OPEN", "-q", "1")
    garage.await_event("gate.opening")
    assert garage.post_command("close").status_code == 409
    assert garage.await_event("gate.command-rejected")["data"]["reason"] == "busy"
    gate_device.arrive()
    garage.await_event("gate.command-completed")
    assert gate_device.actuations == ["OPEN"]


def test_a_command_under_way_when_the_process_dies_is_told_as_interrupted_and_not_repeated(garage):
    device = GateDevice(garage, "front").start()
    device.obeys = False
    assert garage.post_command("open").status_code == 202
    garage.await_event("gate.command-dispatched")
    device.client.paho.loop_stop()
    garage.kill()
    garage.start()
    assert garage.await_event("gate.command-failed")["data"]["reason"] == "interrupted"
    again = GateDevice(garage, "front").start()
    # A later command arrives, so whatever had been kept would have come before.
    assert garage.post_command("open").status_code == 202
    garage.await_event("gate.command-completed")
    assert again.actuations == ["OPEN"]
    again.stop()


def test_every_movement_of_a_gate_that_answers_at_once_names_its_command(garage, gate_device):
    """The device's report may overtake the service's own note that the command went out."""
    for number in range(40):
        action = "open" if number % 2 == 0 else "close"
        assert garage.post_command(action, id=f"fast-{number}").status_code == 202
        garage.await_event("gate.command-completed", count=number + 1)
    moved = [event for event in garage.events(kind="gate") if event["data"].get("from")]
    assert len(moved) == 80
    nameless = [event["type"] for event in moved if "command_id" not in event["data"]]
    assert nameless == []
    assert [event["data"]["command_id"] for event in moved[::2]] == [f"fast-{number}" for number in range(40)]


def test_a_movement_that_nobody_asked_for_is_attributed_to_the_device(garage, gate_device):
    gate_device.report("opening")
    gate_device.report("open")
    movement = eventually(
        lambda: (gate := garage.gate()) and gate["state"] == "open" and gate["last_movement"], "the movement"
    )
    assert movement["commanded"] is False
    assert movement["actor"] == "front-opener"
