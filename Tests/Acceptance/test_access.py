"""Signing in, rights, tokens and what is refused, over HTTP and in a browser."""

import http.client
import itertools
import json
import os
import re
import shutil
import subprocess
import threading

import paho.mqtt.client as mqtt
import pytest
import requests
from selenium.webdriver.common.by import By

import mosquitto
from device import Client
from people import PASSWORD, Visitor
from service import host_and_port, run
from waiting import eventually


def mosquitto_refusal(service) -> str:
    host, port = service.mqtt
    command = ["mosquitto_pub", "-h", host, "-p", str(port), "-u", "esp1", "-P", "guess", "-t", "x", "-m", "y"]
    return subprocess.run(command, capture_output=True, text=True, timeout=30).stderr


def site_events(visitor: Visitor, type: str) -> list[dict]:
    return visitor.get(f"/api/v1/events?limit=500&type={type}").json()["events"]


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """The file with an admin, an operator and a viewer, made once by the command line."""
    folder = tmp_path_factory.mktemp("people")
    for name, role in [("ana", "admin"), ("bia", "operator"), ("caio", "viewer")]:
        answer = run("users", "add", name, "--role", role, "--data", str(folder), stdin_text=PASSWORD + "\n")
        assert answer.returncode == 0, answer.stderr
    return folder / "access.json"


@pytest.fixture
def site(make_garage, people):
    """A running service with these people."""
    service = make_garage()
    service.data.mkdir()
    shutil.copy(people, service.data / "access.json")
    return service.start()


def test_without_people_loopback_is_open_and_the_setup_address_makes_the_first_admin(make_garage):
    service = make_garage().start()
    assert requests.get(service.url + "/events", timeout=10).status_code == 200
    match = re.search(r"(/setup\?code=\S+)", service.log())
    visitor = Visitor(service)
    assert visitor.get(match.group(1)).status_code == 200
    code = match.group(1).split("=")[1]
    fields = {"name": "ana", "password": PASSWORD, "repeated": PASSWORD}
    assert visitor.post("/setup", {**fields, "code": "guess"}).status_code == 403
    assert visitor.post("/setup", {**fields, "code": code}).status_code == 303
    assert visitor.get("/events").status_code == 200
    assert "ana" in visitor.get("/").text
    stranger = Visitor(service)
    assert stranger.get("/events", allow_redirects=False).headers["Location"] == "/login?next=%2Fevents"
    assert requests.get(service.url + "/api/v1/events", timeout=10).status_code == 401
    # The code is spent, and no second one is offered.
    assert stranger.post("/setup", {**fields, "name": "eve", "code": code}).status_code == 404


def test_a_network_address_without_people_shows_nothing_but_the_setup(make_garage):
    service = make_garage("--http", "0.0.0.0:0").start()
    port = service.addresses["http"].rsplit(":", 1)[1]
    url = f"http://127.0.0.1:{port}"
    assert requests.get(url + "/api/v1/events", timeout=10).status_code == 401
    answer = requests.get(url + "/", allow_redirects=False, headers={"Accept": "text/html"}, timeout=10)
    assert answer.status_code == 303 and answer.headers["Location"] == "/login"
    assert requests.get(url + "/healthz", timeout=10).status_code == 200
    assert requests.get(url + "/setup", timeout=10).status_code == 200
    assert requests.post(url + "/api/v1/gates/front/commands", json={"action": "open"}, timeout=10).status_code == 401


def test_signing_in_and_out(site):
    visitor = Visitor(site)
    assert visitor.sign_in("ana", "wrong password").status_code == 403
    answer = visitor.sign_in("ana")
    assert answer.status_code == 303
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    assert visitor.get("/events").status_code == 200
    session = visitor.http.cookies.get("garage_session")
    assert visitor.post("/logout", {}, token=visitor.token()).status_code == 303
    # The old cookie opens nothing any more, also for someone who kept it.
    kept = requests.get(
        site.url + "/events", cookies={"garage_session": session}, allow_redirects=False, headers={"Accept": "text/html"}, timeout=10
    )
    assert kept.status_code == 303 and kept.headers["Location"].startswith("/login")


@pytest.mark.parametrize("wanted", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"])
def test_signing_in_goes_to_no_other_site(site, wanted):
    answer = Visitor(site).post("/login", {"name": "ana", "password": PASSWORD, "next": wanted})
    assert answer.status_code == 303 and answer.headers["Location"] == "/"


def test_a_session_lasts_over_a_restart_and_ends_everywhere_on_demand(site):
    first, second = Visitor(site), Visitor(site)
    assert first.sign_in("bia").status_code == second.sign_in("bia").status_code == 303
    site.stop()
    site.start()
    first.service = second.service = site
    assert first.get("/events", allow_redirects=False).status_code == 200
    assert first.post("/account/sign-out-everywhere", {}, token=first.token()).status_code == 303
    assert second.get("/events", allow_redirects=False).status_code == 303


@pytest.mark.parametrize("path", ["/api/v1/events/stream", "/events/live", "/live"])
@pytest.mark.parametrize("how", ["signed out", "removed", "revoked"])
def test_a_live_stream_ends_with_the_right_to_read_it(site, path, how):
    admin, visitor = Visitor(site), Visitor(site)
    admin.sign_in("ana")
    headers = {"Accept": "text/event-stream"}
    if how == "revoked":
        added = run("tokens", "add", "sign", "--scope", "read", "--data", str(site.data))
        headers["Authorization"] = f"Bearer {added.stdout.split()[0]}"
    else:
        visitor.sign_in("caio")
    with visitor.http.get(site.url + path, headers=headers, stream=True, timeout=30) as stream:
        assert stream.status_code == 200, stream.text
        lines = stream.iter_lines()
        assert next(lines)
        if how == "signed out":
            assert admin.post("/settings/people/sign-out", {"name": "caio"}, token=admin.token()).status_code == 303
        elif how == "removed":
            assert admin.post("/settings/people/remove", {"name": "caio"}, token=admin.token()).status_code == 303
        else:
            assert run("tokens", "remove", "sign", "--data", str(site.data)).returncode == 0
        ended = threading.Event()
        threading.Thread(target=lambda: (list(lines), ended.set()), daemon=True).start()

        def has_ended() -> bool:
            # Something that the stream would send.
            mosquitto.publish(site, "garage/home/spot/A1/state", next(states), "-q", "1")
            return ended.wait(0.2)

        states = itertools.cycle(["occupied", "free"])
        eventually(has_ended, "the end of the stream", 20)


def test_guessing_is_slowed_down_and_recorded_without_the_password(site):
    visitor = Visitor(site)
    for _ in range(5):
        assert visitor.sign_in("ana", "guess-4711-secret").status_code == 403
    locked = visitor.sign_in("ana")
    assert locked.status_code == 403 and "garage_session" not in locked.headers.get("Set-Cookie", "")
    admin = Visitor(site)
    eventually(lambda: admin.sign_in("ana").status_code == 303, "the lock to pass", 20)
    events = admin.get("/api/v1/events?type=access.denied&limit=100").json()["events"]
    assert any(event["data"]["attempt"] == "sign in as ana" for event in events)
    whole = site.log() + admin.get("/api/v1/events?limit=500").text + (site.data / "access.json").read_text()
    assert "guess-4711-secret" not in whole and PASSWORD not in whole


@pytest.mark.parametrize(
    "name, path, status",
    [
        ("caio", "/events", 200), ("caio", "/settings", 403), ("bia", "/settings", 403), ("ana", "/settings", 200),
    ],
)
def test_pages_follow_the_role(site, name, path, status):
    visitor = Visitor(site)
    visitor.sign_in(name)
    assert visitor.get(path).status_code == status


@pytest.mark.parametrize(
    "path", ["/settings", "/settings/", "//settings", "/settings//", "//settings//", "/./settings", "/%73ettings"]
)
def test_no_way_of_writing_a_path_shows_more(site, path):
    """As written, without a library that tidies it up."""
    visitor = Visitor(site)
    visitor.sign_in("caio")
    cookie = "; ".join(f"{cookie.name}={cookie.value}" for cookie in visitor.http.cookies)
    host, port = host_and_port(site.addresses["http"])
    line = http.client.HTTPConnection(host, port, timeout=10)
    line.request("GET", path, headers={"Cookie": cookie, "Accept": "text/html"})
    answer = line.getresponse()
    text = answer.read().decode()
    line.close()
    assert answer.status in (403, 404) and "bia" not in text
    # Nor does a page link to another host of which the path might be the name.
    assert f'"{path}' not in text or not path.startswith("//")


@pytest.mark.parametrize(
    "name, mode, setting", [("caio", False, False), ("bia", True, False), ("ana", True, True)]
)
def test_a_gates_page_offers_what_the_person_may_decide(site, name, mode, setting):
    with Client(site, "opener") as device:
        device.publish("garage/home/gate/front/state", "closed")
        visitor = Visitor(site)
        visitor.sign_in(name)
        eventually(lambda: visitor.get("/gates/home.front").status_code == 200, "the gate's page")
        page = visitor.get("/gates/home.front").text
        assert ('action="/gates/home.front/mode"' in page) is mode
        assert ('action="/gates/home.front/unattended-close/setting"' in page) is setting
        for path, form, may in [
            ("/gates/home.front/mode", {"mode": "locked"}, mode),
            ("/gates/home.front/unattended-close/setting", {"mode": "warn"}, setting),
        ]:
            answer = visitor.post(path, form, token=visitor.token("/account"))
            assert answer.status_code == (303 if may else 403), path


@pytest.mark.parametrize(("name", "may_map", "may_note"), [("ana", True, True), ("bia", False, True), ("caio", False, False)])
def test_nobody_is_offered_what_would_be_refused(site, name, may_map, may_note):
    """Rules are an administrator's; who may write notes may take note of an alert."""
    with Client(site, "esp1") as device:
        device.publish("esp1/odd", "?")
        device.publish("garage/home/gate/front/obstruction", "obstructed")
    visitor = Visitor(site)
    assert visitor.sign_in(name).status_code == 303
    page = eventually(lambda: (text := visitor.get("/devices/unmapped").text) and "esp1/odd" in text and text, "the topic")
    assert ('href="/devices/unmapped?topic=esp1%2Fodd#rule"' in page) == may_map
    asked = visitor.get("/devices/unmapped?topic=esp1%2Fodd").text
    assert ('action="/devices/mappings"' in asked) == may_map
    overview = eventually(lambda: (text := visitor.get("/").text) and "something is in the way" in text and text, "it")
    assert ("/acknowledge" in overview) == may_note
    if may_note:
        path = re.search(r'action="(/alerts/\d+/acknowledge)"', overview).group(1)
        assert visitor.post(path, {}, token=visitor.token()).status_code == 303
        noted = visitor.get("/").text
        assert f"noted by {name}" in noted and "/acknowledge" not in noted


@pytest.mark.parametrize("days", ["0", "-1", "4000", "30 days", "99999999999999999999"])
def test_no_token_lasts_for_ever_because_its_days_were_mistyped(site, days):
    visitor = Visitor(site)
    visitor.sign_in("ana")
    answer = visitor.post("/settings/tokens", {"name": "panel", "scope": "read", "days": days}, token=visitor.token())
    assert answer.status_code == 422 and "1 to 3650 days" in answer.text
    assert "panel" not in visitor.get("/settings").text


PERSON = {"name": "dora", "password": "0123456789", "gates": "home.front", "schedule": "always", "role": "viewer"}


@pytest.mark.parametrize(
    "form, fields, shown",
    [
        ("people", PERSON, ['value="dora"', 'value="home.front"', 'value="always"', 'value="viewer" selected']),
        ("people/rights", PERSON | {"name": "bia"}, ['value="home.front"', 'value="always"', 'value="viewer" selected']),
        ("people/password", {"name": "bia", "password": "short"}, ["<b>bia</b>"]),
        ("devices", {"name": "esp7", "topics": "a/#/b"}, ['value="esp7"', 'value="a/#/b"']),
        (
            "tokens", {"name": "panel", "scope": ["read", "note"], "owner": "caio", "days": "4000"},
            ['value="panel"', 'value="read" checked', 'value="note" checked', 'value="caio" selected', 'value="4000"'],
        ),
    ],
)
def test_a_form_that_is_not_taken_comes_back_as_it_was_filled_in(site, form, fields, shown):
    visitor = Visitor(site)
    visitor.sign_in("ana")
    answer = visitor.post("/settings/" + form, fields, token=visitor.token())
    assert answer.status_code == 422
    opened = re.findall(r"<details [^>]* open>.*?</details>", answer.text, re.DOTALL)
    assert len(opened) == 1 and f'action="/settings/{form}"' in opened[0], "the one that was not taken is open"
    assert [text for text in shown if text not in opened[0]] == []
    assert "0123456789" not in answer.text


def test_a_viewer_moves_no_gate_and_an_operator_does(site):
    with Client(site, "opener") as device:
        device.publish("garage/home/gate/front/state", "closed")
        device.subscribe("garage/home/gate/front/actuate")
        viewer, operator = Visitor(site), Visitor(site)
        viewer.sign_in("caio")
        operator.sign_in("bia")
        eventually(lambda: "front" in operator.get("/").text, "the gate on the page")
        refused = viewer.post("/gates/home.front/commands", {"action": "open"}, token=viewer.token("/account"))
        assert refused.status_code == 403
        taken = operator.post("/gates/home.front/commands", {"action": "open"}, token=operator.token("/account"))
        assert taken.status_code == 303
        device.await_payload("garage/home/gate/front/actuate", "OPEN")
        events = operator.get("/api/v1/events?type=gate.command-requested").json()["events"]
        assert [event["actor"] for event in events] == ["bia"]


def test_another_site_can_post_no_form(site):
    visitor = Visitor(site)
    visitor.sign_in("ana")
    token = visitor.token()
    person = {"name": "eve", "password": PASSWORD, "role": "admin"}
    assert visitor.post("/settings/people", person, token=token, origin="http://evil.example").status_code == 403
    assert visitor.post("/settings/people", person).status_code == 403
    assert visitor.post("/settings/people", person, token="x" * len(token)).status_code == 403
    silent = visitor.http.post(site.url + "/settings/people", data={**person, "form_token": token}, timeout=10)
    assert silent.status_code == 403
    assert "eve" not in run("users", "list", "--data", str(site.data)).stdout
    assert visitor.post("/settings/people", person, token=token).status_code == 303
    assert "eve" in run("users", "list", "--data", str(site.data)).stdout


def test_tokens_have_scopes_and_are_revoked(site):
    made = run("tokens", "add", "sign", "--scope", "read", "--data", str(site.data))
    secret = made.stdout.split()[0]
    assert secret.startswith("garage_")
    headers = {"Authorization": f"Bearer {secret}"}
    assert requests.get(site.url + "/api/v1/events", headers=headers, timeout=10).status_code == 200
    note = {"text": "hello"}
    assert requests.post(site.url + "/api/v1/events", json=note, headers=headers, timeout=10).status_code == 403
    assert requests.get(site.url + "/settings", headers=headers, timeout=10).status_code == 403
    assert "last used" in run("tokens", "list", "--data", str(site.data)).stdout
    assert run("tokens", "remove", "sign", "--data", str(site.data)).returncode == 0
    refused = requests.get(site.url + "/api/v1/events", headers=headers, timeout=10)
    assert refused.status_code == 401 and refused.headers["WWW-Authenticate"].startswith("Bearer")
    assert secret not in site.log() + (site.data / "access.json").read_text()


def test_a_program_cannot_pass_for_the_command_line(site):
    secret = run("tokens", "add", "sign", "--scope", "note", "--data", str(site.data)).stdout.split()[0]
    headers = {"Authorization": f"Bearer {secret}", "Garage-Channel": "cli"}
    with Client(site, "opener") as device:
        device.publish("garage/home/gate/front/state", "closed")
    note = {"text": "hi", "subject": "gate/home.front"}
    assert requests.post(site.url + "/api/v1/events", json=note, headers=headers, timeout=10).status_code == 201
    visitor = Visitor(site)
    visitor.sign_in("ana")
    (note,) = site_events(visitor, "note.added")
    assert (note["actor"], note["channel"]) == ("sign", "http")


def test_the_command_line_needs_no_sign_in_on_the_services_own_machine(site):
    with Client(site, "opener") as device:
        device.publish("garage/home/gate/front/state", "closed")
        device.subscribe("garage/home/gate/front/actuate")
        eventually(lambda: "front" in run("events", "list", "--data", str(site.data)).stdout, "the gate in the log")
        assert run("gate", "open", "front", "--no-wait", "--data", str(site.data)).returncode == 0
        device.await_payload("garage/home/gate/front/actuate", "OPEN")
    assert (site.data / "garage.sock").stat().st_mode & 0o077 == 0


def test_who_is_not_let_in_over_mqtt_is_recorded(site, tmp_path):
    assert run("devices", "add", "esp1", "--data", str(site.data)).returncode == 0
    # The service looks once a second whether there are other devices.
    eventually(lambda: "efused" in mosquitto_refusal(site), "the device to be known")
    for user, secret in [("esp1", "guessed-secret-1"), ("no device: guessed-secret-2", "x"), ("ana", PASSWORD)]:
        for version in [mqtt.MQTTv311, mqtt.MQTTv5]:
            client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="guess", protocol=version)
            client.username_pw_set(user, secret)
            answers = []
            client.on_connect = lambda client, userdata, flags, reason, properties: answers.append(reason)
            client.connect(*site.mqtt)
            client.loop_start()
            eventually(lambda: answers, "the CONNACK")
            client.disconnect()
            client.loop_stop()
            assert answers[0].is_failure
    admin = Visitor(site)
    admin.sign_in("ana")
    denied = eventually(lambda: len(found := site_events(admin, "access.denied")) >= 6 and found, "the refusals")
    assert {event["data"]["attempt"] for event in denied} == {
        "connect over MQTT as esp1", "connect over MQTT as ana", "connect over MQTT with a name that can be nobody's",
    }
    assert all(event["data"]["address"].startswith("127.0.0.1") and event["channel"] == "mqtt" for event in denied)
    assert "guessed-secret" not in site.log() + admin.get("/api/v1/events?limit=500").text


@pytest.fixture
def with_pin(site):
    """The front gate's device, and an operator who has set the PIN 4711, with the token of the forms."""
    with Client(site, "opener") as device:
        device.publish("garage/home/gate/front/state", "closed")
        device.subscribe("garage/home/gate/front/actuate")
        visitor = Visitor(site)
        visitor.sign_in("bia")
        token = visitor.token()
        eventually(lambda: "front" in visitor.get("/").text, "the gate on the page")
        assert visitor.post("/account/pin", {"pin": "4711"}, token=token).status_code == 200
        yield device, visitor, token


def test_a_pin_is_asked_for_before_a_gate_opens(site, with_pin):
    device, visitor, token = with_pin
    asked = visitor.post("/gates/home.front/commands", {"action": "open"}, token=token)
    assert asked.status_code == 303 and asked.headers["Location"] == "/account/open/home.front"
    wrong = visitor.post("/gates/home.front/commands", {"action": "open", "pin": "0000"}, token=token)
    assert wrong.headers["Location"] == "/account/open/home.front?reason=wrong"
    right = visitor.post("/gates/home.front/commands", {"action": "open", "pin": "4711"}, token=token)
    assert right.headers["Location"] == "/"
    device.await_payload("garage/home/gate/front/actuate", "OPEN")
    # Who has the phone can't take the PIN away, nor put another in its place.
    for form in [{"pin": ""}, {"pin": "1234"}, {"pin": "", "current": "a wrong password"}]:
        answer = visitor.post("/account/pin", form, token=token)
        assert answer.status_code == 422 and 'name="current"' in answer.text
    asked = visitor.post("/gates/home.front/commands", {"action": "open"}, token=token)
    assert asked.headers["Location"] == "/account/open/home.front"
    attempts = [event["data"]["attempt"] for event in site_events(visitor, "access.denied")]
    assert "change the PIN with a wrong password" in attempts
    whole = site.log() + visitor.get("/api/v1/events?limit=500").text
    assert "4711" not in re.sub(r"[0-9a-f-]{20,}|\d{2}:\d{2}:\d{2}\S*", "", whole)


def test_the_password_takes_a_pin_away(with_pin):
    device, visitor, token = with_pin
    assert visitor.post("/account/pin", {"pin": "", "current": PASSWORD}, token=token).status_code == 200
    assert visitor.post("/gates/home.front/commands", {"action": "open"}, token=token).headers["Location"] == "/"
    device.await_payload("garage/home/gate/front/actuate", "OPEN")


def test_who_may_move_one_gate_decides_nothing_about_another(site):
    with Client(site, "opener") as device:
        for gate in ["front", "back"]:
            device.publish(f"garage/home/gate/{gate}/state", "closed")
        admin, operator = Visitor(site), Visitor(site)
        admin.sign_in("ana")
        rights = {"name": "bia", "role": "operator", "gates": "home.back", "schedule": ""}
        assert admin.post("/settings/people/rights", rights, token=admin.token()).status_code == 303
        operator.sign_in("bia")
        token = operator.token()
        for gate, may in [("front", False), ("back", True)]:
            page = eventually(lambda: (answer := operator.get(f"/gates/home.{gate}")).ok and answer.text, "the page")
            assert (f'action="/gates/home.{gate}/mode"' in page) is may
            for path, form in [("mode", {"mode": "locked"}), ("mode", {"mode": "normal"}), ("unattended-close", {})]:
                answer = operator.post(f"/gates/home.{gate}/{path}", form, token=token)
                assert answer.status_code == (303 if may else 403), path
            headers = {"Origin": site.url, "Accept": "application/json"}
            body = {"mode": "maintenance"}
            address = f"{site.url}/api/v1/gates/home.{gate}/mode"
            answer = operator.http.post(address, json=body, headers=headers, timeout=10)
            assert answer.status_code == (200 if may else 403), answer.text
        denied = [(event["data"]["attempt"], event["actor"]) for event in site_events(admin, "access.denied")]
        assert set(denied) == {("decide about the gate home.front", "bia")} and len(denied) == 4
        locked = [event["subject"] for event in site_events(admin, "gate.mode-changed")]
        assert locked and set(locked) == {"gate/home.back"}


def test_an_admin_manages_people_devices_and_tokens_in_a_browser(site, browser):
    browser.open(site.url + "/settings")
    browser.driver.find_element(By.NAME, "name").send_keys("ana")
    browser.driver.find_element(By.NAME, "password").send_keys(PASSWORD)
    browser.driver.find_element(By.CSS_SELECTOR, "form[action='/login'] button").click()
    browser.await_text("Settings")
    assert browser.driver.current_url.endswith("/settings")
    form = browser.driver.find_element(By.CSS_SELECTOR, "form[action='/settings/devices']")
    browser.driver.execute_script("arguments[0].closest('details').open = true", form)
    form.find_element(By.NAME, "name").send_keys("esp7")
    form.find_element(By.TAG_NAME, "button").click()
    browser.await_text("Copy the secret now")
    assert "esp7" in run("devices", "list", "--data", str(site.data)).stdout
    assert browser.console() == []


def test_over_mqtt_strangers_on_the_machine_report_but_move_nothing(site):
    with Client(site, "opener") as device:
        device.publish("garage/home/gate/front/state", "closed")
        device.subscribe("garage/home/gate/front/#")
        mosquitto.publish(site, "garage/home/gate/front/command", "OPEN", "-q", "1")
        token = run("tokens", "add", "phone", "--scope", "command", "--for", "bia", "--data", str(site.data))
        device.await_payload("garage/home/gate/front/state", "closed")
        eventually(
            lambda: any("not-allowed" in text for text in device.payloads("garage/home/gate/front/command/result")),
            "the refusal",
        )
        secret = token.stdout.split()[0]
        mosquitto.publish(
            site, "garage/home/gate/front/command", "OPEN", "-q", "1", "-u", "phone", "-P", secret, "-i", "phone"
        )
        device.await_payload("garage/home/gate/front/actuate", "OPEN")
        assert device.payloads("garage/home/gate/front/actuate") == ["OPEN"]
    events = [json.loads(line) for line in run("events", "export", "--data", str(site.data)).stdout.splitlines()]
    actors = {event["type"]: event["actor"] for event in events if event["type"].startswith("gate.command-re")}
    assert actors == {"gate.command-rejected": "anonymous", "gate.command-requested": "phone"}


def test_on_the_port_of_the_pages_strangers_are_not_let_in_over_websocket(make_garage, people):
    def answer(service) -> int:
        answers = []
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, transport="websockets")
        client.ws_set_options(path="/mqtt")
        client.on_connect = lambda client, userdata, flags, reason, properties: answers.append(reason.value)
        client.connect("127.0.0.1", int(service.addresses["http"].rsplit(":", 1)[1]))
        client.loop_start()
        eventually(lambda: answers, "an answer")
        client.loop_stop()
        client.disconnect()
        return answers[0]

    service = make_garage().start()
    assert answer(service) == 0
    shutil.copy(people, service.data / "access.json")
    assert answer(service) != 0


@pytest.mark.parametrize(
    ("user", "action", "topic", "is_allowed", "because"),
    [
        ("esp1", "publish", "garage/home/sensor/esp1/temperature", True, "the topic belongs to the device"),
        ("esp1", "publish", "garage/home/sensor/esp2/temperature", False, "the topic does not belong to the device"),
        ("esp1", "publish", "garage/home/gate/front/command", False, "a device may not publish commands"),
        ("esp1", "publish", "garage/home/gate/front/state", True, "rule 1: allow device:esp1 publish garage/home/gate/front/state"),
        ("esp1", "subscribe", "#", False, "the topic does not belong to the device"),
        ("sign", "subscribe", "garage/#", True, "a token with the scope read may subscribe"),
        ("sign", "subscribe", "$SYS/#", False, "rule 2: deny token:sign subscribe $SYS/#"),
        ("sign", "publish", "garage/home/gate/front/command", False, "a token without the scope command"),
    ],
)
def test_the_command_line_says_which_rule_decides(make_garage, user, action, topic, is_allowed, because):
    service = make_garage(
        environment={
            "GARAGE_ACCESS_RULES": "allow device:esp1 publish garage/home/gate/front/state, "
            "deny token:sign subscribe $SYS/#"
        }
    )
    assert service.command("devices", "add", "esp1").returncode == 0
    assert service.command("tokens", "add", "sign", "--scope", "read").returncode == 0
    answer = service.command("access", "check", user, action, topic, env=service.environment)
    assert (answer.returncode == 0) == is_allowed, answer.stdout + answer.stderr
    assert because in answer.stdout


def test_the_command_line_knows_nobody_who_was_removed(make_garage):
    service = make_garage()
    assert service.command("devices", "add", "esp1").returncode == 0
    assert service.command("access", "check", "esp1", "publish", "esp1/x").returncode == 0
    assert service.command("devices", "remove", "esp1").returncode == 0
    answer = service.command("access", "check", "esp1", "publish", "esp1/x")
    assert answer.returncode != 0 and "esp1" in answer.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root works on the data of another user")
def test_what_root_writes_belongs_to_the_services_user(make_garage):
    """Or the service, which runs as a user of its own, could not start again."""
    service = make_garage()
    service.data.mkdir()
    os.chown(service.data, 65534, 65534)
    assert service.command("devices", "add", "esp1").returncode == 0
    assert service.command("tokens", "add", "sign", "--scope", "read").returncode == 0
    assert service.command("users", "add", "ana", "--role", "admin", stdin_text=PASSWORD + "\n").returncode == 0
    files = {file.name: file.stat() for file in service.data.iterdir()}
    assert {"devices.json", "access.json", "access.json.lock"} <= set(files)
    assert {(file.st_uid, file.st_gid) for file in files.values()} == {(65534, 65534)}, files
    assert files["access.json"].st_mode & 0o077 == files["devices.json"].st_mode & 0o077 == 0
