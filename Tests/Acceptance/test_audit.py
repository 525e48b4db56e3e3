"""What the log keeps of every attempt to move a gate, what it never keeps, and the bounds on what comes in."""

import json

import paho.mqtt.client as mqtt
import pytest
import requests

import scram
import wire
from device import Client
from people import PASSWORD, Visitor
from waiting import eventually
from wire import Wire, packet

COMMAND = "garage/home/gate/front/command"


def attempts(garage) -> list[dict]:
    return [event for event in garage.events(kind="gate") if event["type"].startswith("gate.command-")]


def test_every_attempt_names_who_where_from_how_and_what_was_decided(garage, gate_device):
    with Client(garage, "panel", version=mqtt.MQTTv5) as panel:
        panel.publish(COMMAND, json.dumps({"action": "open", "id": "by-mqtt"}))
        garage.await_event("gate.command-completed")
        panel.publish(COMMAND, json.dumps({"action": "close", "id": "kept"}), retain=True)
    assert garage.post_command("open", id="by-http").status_code == 202
    form = {"action": "open", "from": "/"}
    garage.request("POST", "/gates/home.front/commands", data=form, allow_redirects=False)
    assert garage.command("gate", "open", "home.front").returncode == 0
    garage.request("POST", "/api/v1/gates/home.front/mode", json={"mode": "locked"})
    assert garage.post_command("close", id="too-late").status_code == 409
    garage.await_event("gate.command-rejected", count=2)

    asked = {event["data"]["command_id"]: event for event in attempts(garage) if "address" in event["data"]}
    assert all(event["data"]["address"].startswith("127.0.0.1") for event in asked.values())
    first = asked["by-mqtt"]
    assert (first["actor"], first["channel"], first["clientid"]) == ("anonymous", "mqtt", "panel")
    assert asked["kept"]["type"] == "gate.command-rejected" and asked["kept"]["data"]["reason"] == "retained"
    assert asked["by-http"]["channel"] == "http"
    assert asked["too-late"]["data"]["reason"] == "locked"
    decided = [event for event in attempts(garage) if event["type"] in ("gate.command-requested", "gate.command-rejected")]
    assert {event["channel"] for event in decided} == {"mqtt", "http", "page", "cli"}
    # Whoever is on the machine itself has no address.
    assert all("address" not in event["data"] for event in decided if event["channel"] == "cli")
    done = [event for event in attempts(garage) if event["type"] == "gate.command-completed"]
    assert done and all(event["data"]["took_ms"] >= 0 for event in done)
    page = garage.request("GET", f"/events/{int(first['sequence'])}?lang=en").text
    assert "127.0.0.1" in page


def test_secrets_are_in_no_log_and_no_event(make_garage, tmp_path):
    secrets = {"webhook": "webhook-secret-1", "password": "mqtt-password-2", "login": "login-password-3",
               "token": "token-secret-4", "url": "query-secret-5", "pin": "908172", "wrong-pin": "362718",
               "bridge": "bridge-password-7"}
    file = tmp_path / "garage.yaml"
    # Nobody listens there either.
    file.write_text(
        "bridges:\n  house:\n    address: 127.0.0.1:9\n    user: garage\n    password: bridge-password-7\n"
        "    topics:\n      - topic: garage/#\n"
    )
    settings = {
        "GARAGE_WEBHOOKS_TTN_SECRET": secrets["webhook"],
        "GARAGE_LOG_LEVEL": "trace",
        # Nobody listens there, so that what is sent fails and is logged.
        "GARAGE_ALERTS_WEBHOOK": "http://127.0.0.1:9/hook",
        "GARAGE_ALERTS_WEBHOOK_SECRET": "alert-secret-6",
        "GARAGE_ALERTS_NIGHT": "00:00-23:59",
    }
    secrets["alert"] = settings["GARAGE_ALERTS_WEBHOOK_SECRET"]
    garage = make_garage("--config", str(file), environment=settings).start()
    # The setup address is told where the service is started, and nowhere else.
    (announced,) = [line for line in garage.log().splitlines() if "/setup?code=" in line]
    secrets["setup"] = announced.split("code=")[1]
    fields = {"name": "ana", "password": PASSWORD, "repeated": PASSWORD, "code": secrets["setup"]}
    assert Visitor(garage).post("/setup", fields).status_code == 303
    right = garage.command("devices", "add", "esp1").stdout.split("password")[1].split()[0]
    secrets["program"] = garage.command("tokens", "add", "sign", "--scope", "read").stdout.split()[0]

    def is_refused() -> bool:
        with Wire(garage) as thief:
            flags = b"\x04\xc2\x00\x3c"
            thief.send(packet(0x10, wire.text("MQTT") + flags + wire.text("esp1") + wire.text("esp1")
                              + wire.text(secrets["password"])))
            return thief.receive()[1][1] != 0

    # The list of devices is at most a second old.
    eventually(is_refused, "the wrong password to be refused", 10, interval=0.3)
    client = Client(garage, "esp1")
    client.paho.username_pw_set("esp1", right)
    with client:
        client.publish("garage/home/sensor/esp1/temperature", "20")
        client.publish("garage/home/gate/esp1/state", "closed")
        client.publish("garage/home/gate/esp1/state", "open")
    guess, login = (scram.Login(garage, "esp1", password) for password in (secrets["password"], right))
    assert (guess.succeeded, login.succeeded) == (False, True)
    visitor = Visitor(garage)
    visitor.sign_in("ana", secrets["login"])
    requests.get(garage.url + "/api/v1/gates", headers={"Authorization": f"Bearer {secrets['token']}"}, timeout=10)
    requests.get(garage.url + f"/api/v1/gates?token={secrets['url']}", timeout=10)
    requests.post(garage.url + "/api/v1/ingest/ttn", json={}, headers={"Authorization": secrets["login"]}, timeout=10)
    program = {"Authorization": f"Bearer {secrets['program']}"}
    assert requests.get(garage.url + "/api/v1/gates", headers=program, timeout=10).status_code == 200
    assert visitor.sign_in("ana").status_code == 303
    (secrets["cookie"],) = [cookie.value for cookie in visitor.http.cookies if "session" in cookie.name]
    token = visitor.token()
    assert visitor.post("/account/pin", {"pin": secrets["pin"]}, token=token).status_code == 200
    for pin in (secrets["wrong-pin"], secrets["pin"]):
        # Opening is what takes the PIN.
        visitor.post("/gates/home.esp1/commands", {"action": "open", "pin": pin}, token=token)
    eventually(lambda: "127.0.0.1:9" in garage.log() or "webhook" in garage.log(), "the failed notice in the log")
    events = eventually(lambda: visitor.get("/api/v1/events?limit=1000").text, "the events")
    denied = [event for event in json.loads(events)["events"] if event["type"] == "access.denied"]
    assert any(event["data"]["attempt"] == "open home.esp1 with a wrong PIN" for event in denied), denied
    assert len(denied) >= 2 and all("127.0.0.1" in (event["data"].get("address") or "") for event in denied), denied
    eventually(lambda: "bridge" in garage.log(), "the failed bridge in the log")
    figures = visitor.get("/metrics").text
    assert "garage_limit" in figures
    assert garage.stop() == 0
    exported = garage.command("config", "print", "--redacted", "--config", str(file), env=garage.environment).stdout
    assert "alerts" in exported and "house" in exported
    told = [garage.command(*words) for words in (["verify"], ["backup", str(tmp_path / "copy")])]
    assert all(command.returncode == 0 for command in told), told
    # What is wrong in a file is told by its key and line.
    bridge = "bridges:\n  house:\n    address: 127.0.0.1:9\n    user: garage\n    "
    for wrong in (
        bridge + "password: [bridge-password-7]",
        bridge + "passwort: bridge-password-7",
        bridge + "password: 'bridge-password-7",
        bridge + "password: *bridge-password-7",
        bridge + "password: bridge-password-7\n    password: bridge-password-7",
        "bridges:\n  house: bridge-password-7",
        "bridges: bridge-password-7",
        "webhooks:\n  ttn_secret: webhook-secret-1 again",
        "webhooks:\n  ttn_secret: [webhook-secret-1]",
        "webhooks:\n  ttn_secret: {webhook-secret-1: on}",
        "webhooks:\n  ttn_secert: webhook-secret-1",
        "webhooks:\n  ttn_secret: webhook-secret-1: 2",
        "webhooks: webhook-secret-1",
        "alerts:\n\twebhook_secret: alert-secret-6",
    ):
        file.write_text(wrong + "\n")
        told.append(garage.command("config", "check", "--config", str(file)))
        assert told[-1].returncode != 0 and str(file) in told[-1].stderr, told[-1]
    printed = "".join(command.stdout + command.stderr for command in told)
    everything = garage.log().replace(announced, "") + events + exported + figures + printed
    stored = b"".join(file.read_bytes() for file in garage.data.iterdir() if file.is_file())
    # JSON may write a slash, which Base64 has, with a backslash in front.
    everything, stored = everything.replace("\\/", "/"), stored.replace(b"\\/", b"/")
    for secret in (*secrets.values(), PASSWORD, *guess.secrets, *login.secrets):
        assert secret not in everything, secret
        assert secret.encode() not in stored, secret
    assert any(kept.encode() in stored for kept in login.kept), "what logins are checked by is looked for as it is kept"
    for kept in login.kept:
        assert kept not in everything, kept


def test_a_topic_has_only_so_many_levels(garage):
    longest = "/".join("a" * 64)
    with Client(garage, "watcher") as watcher, Client(garage, "deep") as client:
        watcher.subscribe("a/#")
        client.publish(longest + "/a", "1")
        client.publish(longest, "1")
        eventually(lambda: watcher.messages, "the message")
        assert [message.topic for message in watcher.messages] == [longest]


def test_a_payload_that_is_nested_deep_is_no_reading_and_no_harm(garage):
    deep = '{"a":' * 5000 + '{"temperature":20}' + "}" * 5000
    with Client(garage, "esp1") as client:
        client.publish("casa/fundo", deep)
        client.publish("garage/home/sensor/dht1", deep)
        client.publish(COMMAND, deep)
        client.publish("homeassistant/sensor/x/t/config", deep, retain=True)
        client.publish("garage/home/spot/A1/state", "free")
    garage.await_event("spot.freed")
    assert not garage.events(type="sensor.reading-recorded")
    for path in ("/api/v1/gates/home.front/commands", "/api/v1/events"):
        answer = garage.http.post(garage.url + path, data=deep, headers={"Content-Type": "application/json"}, timeout=10)
        assert 400 <= answer.status_code < 500, answer.text
    assert garage.request("GET", "/devices").status_code == 200


def test_what_is_no_text_is_shown_as_such_and_runs_nothing(garage):
    with Client(garage, "esp1") as client:
        client.publish("casa/<script>alert(1)</script>", b"\xff\xfe<img src=x onerror=alert(2)>")
    page = eventually(lambda: (text := garage.request("GET", "/devices").text) and "onerror" in text and text, "the topic")
    assert "<script>alert" not in page and "<img src=x" not in page
    answer = garage.request("GET", "/devices")
    policy = {part.split()[0]: part.split()[1:] for part in answer.headers["Content-Security-Policy"].split(";")}
    assert policy["default-src"] in (["'self'"], ["'none'"])
    for kind in ("script-src", "style-src", "default-src"):
        assert not {"'unsafe-inline'", "'unsafe-eval'", "*"} & set(policy.get(kind, [])), policy
    assert policy["frame-ancestors"] == ["'none'"]
