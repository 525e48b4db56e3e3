"""Alerts that are posted to a webhook."""

import hashlib
import hmac
import http.server
import json
import signal
import threading

import pytest

from device import Client
from waiting import eventually


class Receiver:
    """An HTTP server that keeps what is posted to it and answers with `status`."""

    def __init__(self):
        self.posts: list[tuple[dict[str, str], bytes]] = []
        self.gets: list[str] = []
        self.status = 204
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.posts.append((dict(self.headers), body))
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                if 300 <= receiver.status < 400:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()

            def do_GET(self):
                receiver.gets.append(self.path)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/hook?token=hidden"

    @property
    def events(self) -> list[tuple[str, str]]:
        return [(event["type"], event["data"].get("condition")) for event in map(json.loads, (b for _, b in self.posts))]


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


@pytest.fixture
def told(make_garage, receiver):
    return make_garage(
        environment={"GARAGE_ALERTS_WEBHOOK": receiver.url, "GARAGE_ALERTS_WEBHOOK_SECRET": "long and random"}
    ).start()


def obstruct(garage, state: str) -> None:
    with Client(garage, "esp1") as device:
        device.publish("garage/home/gate/front/obstruction", state)


def test_an_alert_and_its_end_are_posted_and_signed(told, receiver):
    obstruct(told, "obstructed")
    obstruct(told, "clear")
    eventually(
        lambda: receiver.events == [("alert.raised", "obstructed"), ("alert.cleared", "obstructed")], "both posts"
    )
    headers, body = receiver.posts[0]
    seconds, signature = (part.split("=", 1)[1] for part in headers["Garage-Signature"].split(","))
    expected = hmac.new(b"long and random", f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    assert signature == expected
    assert headers["Garage-Delivery"] == json.loads(body)["id"]
    assert "long and random" not in told.log() and "hidden" not in told.log()


def test_what_could_not_be_posted_is_posted_after_a_restart_and_nothing_twice(told, receiver):
    obstruct(told, "obstructed")
    eventually(lambda: len(receiver.posts) == 1, "the first post")
    receiver.status = 503
    obstruct(told, "clear")
    eventually(lambda: len(receiver.posts) >= 2, "an attempt in vain")
    told.kill()
    receiver.status = 200
    (told.data / "views.db").unlink()
    told.start()
    eventually(lambda: receiver.posts[2:], "the post after the restart", seconds=20)
    assert receiver.events[0] == ("alert.raised", "obstructed")
    assert set(receiver.events[1:]) == {("alert.cleared", "obstructed")}
    # What comes next comes next: nothing of the past is told again although the views were built anew.
    before = len(receiver.posts)
    obstruct(told, "obstructed")
    eventually(lambda: len(receiver.posts) > before, "the next alert")
    assert receiver.events[before:] == [("alert.raised", "obstructed")]


def test_a_webhook_can_be_named_and_changed_while_the_service_runs(make_garage, receiver, tmp_path):
    file = tmp_path / "garage.yaml"
    file.write_text("")
    garage = make_garage("--config", str(file)).start()
    obstruct(garage, "obstructed")
    garage.await_event("alert.raised")
    for number, (secret, state) in enumerate([("the first secret", "clear"), ("the second secret", "obstructed")], 1):
        file.write_text(f"alerts:\n  webhook: {receiver.url}\n  webhook_secret: {secret}\n")
        garage.process.send_signal(signal.SIGHUP)
        eventually(lambda: garage.log().count("read the configuration again") == number, "the reload")
        obstruct(garage, state)
        eventually(lambda: len(receiver.posts) == number, "a post")
        headers, body = receiver.posts[-1]
        seconds, signature = (part.split("=", 1)[1] for part in headers["Garage-Signature"].split(","))
        assert signature == hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    # What was before the webhook is not told.
    assert receiver.events == [("alert.cleared", "obstructed"), ("alert.raised", "obstructed")]


def test_a_receiver_that_has_moved_gets_nothing_but_is_no_receiver(told, receiver):
    """A redirected post would come as a GET without the alert, and count as delivered."""
    receiver.status = 301
    obstruct(told, "obstructed")
    eventually(lambda: "status 301" in told.log(), "the attempt in vain")
    receiver.status = 204
    eventually(lambda: len(receiver.posts) == 2, "the next attempt", seconds=20)
    assert receiver.gets == [] and receiver.events == [("alert.raised", "obstructed")] * 2


@pytest.mark.parametrize("damage", ["another file", "a page inside"])
def test_a_damaged_outbox_is_set_aside_and_that_is_posted(told, receiver, damage):
    """A card that lost power in the wrong moment must not keep the garage from being watched."""
    receiver.status = 503
    obstruct(told, "obstructed")
    eventually(lambda: receiver.posts, "an attempt in vain")
    assert told.stop() == 0
    outbox = told.data / "outbox.db"
    whole = outbox.read_bytes()
    page = int.from_bytes(whole[16:18], "big")
    outbox.write_bytes(b"not a database" * 700 if damage == "another file" else whole[:page] + bytes(len(whole) - page))
    receiver.posts.clear()
    receiver.status = 204
    told.start()
    eventually(lambda: receiver.events == [("alert.raised", "outbox-set-aside")], "the post about the loss")
    assert len(list(told.data.glob("outbox.db.damaged-*"))) == 1 and "outbox.db could not be used" in told.log()
    told.restart()
    eventually(lambda: ("alert.cleared", "outbox-set-aside") in receiver.events, "the end of the alert")
