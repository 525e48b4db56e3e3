"""What HTTP clients may take: each limit reached over the wire, and others served on."""

import contextlib
import re
import signal
import socket

import pytest

from device import Client
from service import host_and_port, run
from waiting import eventually


@pytest.fixture
def limited(make_garage, tmp_path):
    """A function that starts a service with these lines below `http.limits`, which count this machine's address too."""

    def make(**limits):
        file = tmp_path / "garage.yaml"
        write(file, **limits)
        garage = make_garage("--config", str(file)).start()
        with Client(garage, "esp1") as device:
            device.publish("garage/home/gate/front/state", "closed")
        garage.await_event("gate.closed")
        garage.http.close()
        eventually(lambda: metric(garage, "garage_http_connections") == 0, "every connection to be closed")
        return garage

    return make


def write(file, **limits) -> None:
    lines = "".join(f"    {name}: {value}\n" for name, value in {"exempt_addresses": "[192.0.2.1]", **limits}.items())
    file.write_text(f"http:\n  limits:\n{lines}")


def dial(garage) -> socket.socket:
    return socket.create_connection(host_and_port(garage.addresses["http"]), timeout=10)


def ask(connection: socket.socket, path: str, *headers: str, method: str = "GET") -> str:
    """Sends a request and returns the answer, of a stream the beginning."""
    # A connection that is refused may be answered and closed before the request is out.
    with contextlib.suppress(ConnectionError):
        connection.sendall("\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode())
    answer = b""
    with contextlib.suppress(ConnectionError):
        while not is_whole(answer) and (piece := connection.recv(65536)):
            answer += piece
    return answer.decode()


def is_whole(answer: bytes) -> bool:
    """Whether the head has come, and the body if its length is told."""
    head, end, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head.lower())
    return bool(end) and len(body) >= (int(length.group(1)) if length else 0)


def status(answer: str) -> str:
    return answer.split(" ")[1] if answer else ""


def asked_anew(garage, path: str = "/healthz") -> str:
    with dial(garage) as connection:
        return status(ask(connection, path))


def is_served(garage) -> bool:
    return asked_anew(garage) == "200"


def note(garage, text: str) -> int:
    return garage.request("POST", "/api/v1/events", json={"text": text, "subject": "gate/home.front"}).status_code


def metric(garage, series: str) -> float:
    """By way of the control socket, which no limit bounds."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(garage.data / "garage.sock"))
        connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        text = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    lines = [line for line in text.splitlines() if line.startswith(series + " ")]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


def refused(garage, limit: str) -> float:
    return metric(garage, f'garage_http_refused_total{{limit="{limit}"}}')


@pytest.mark.parametrize(
    ("setting", "reason", "code"),
    [("connections", "connections", "503"), ("connections_per_address", "address", "429")],
)
def test_connections_are_bounded_and_free_again(limited, setting, reason, code):
    garage = limited(**{setting: 3})
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(dial(garage)) for _ in range(3)]
        for connection in held:
            assert status(ask(connection, "/healthz")) == "200"
        assert asked_anew(garage) == code
        assert refused(garage, reason) >= 1
        # Who is there is served on.
        for connection in held:
            assert status(ask(connection, "/healthz")) == "200"
    eventually(lambda: is_served(garage), "a place to be free")


def test_connections_are_bounded_in_their_rate(limited):
    garage = limited(connection_rate_per_address=2)
    with dial(garage) as first:
        assert status(ask(first, "/healthz")) == "200"
        assert "429" in [asked_anew(garage) for _ in range(20)]
        assert status(ask(first, "/healthz")) == "200"
    eventually(lambda: is_served(garage), "the address to be let in again", interval=0.6)


@pytest.mark.parametrize(
    ("setting", "reason", "code"),
    [("streams", "streams", "503"), ("streams_per_address", "streams_per_address", "429")],
)
def test_live_streams_are_bounded_and_free_again(limited, setting, reason, code):
    garage = limited(**{setting: 2})
    path = "/api/v1/events/stream"
    with contextlib.ExitStack() as stack:
        for _ in range(2):
            assert status(ask(stack.enter_context(dial(garage)), path)) == "200"
        assert asked_anew(garage, path) == code
        assert refused(garage, reason) == 1
        assert is_served(garage)
    # A stream finds out that its reader has gone when it writes.
    note(garage, "a note")
    eventually(lambda: asked_anew(garage, path) == "200", "a stream to be free", 30)


def test_headers_and_bodies_are_bounded(limited):
    garage = limited(header_bytes=2048, body_bytes=2048)
    assert garage.request("GET", "/healthz", headers={"X-Long": "x" * 1500}).status_code == 200
    assert garage.request("GET", "/healthz", headers={"X-Long": "x" * 3000}).status_code == 431
    assert note(garage, "x" * 500) == 201
    assert note(garage, "x" * 3000) == 413
    assert is_served(garage)


def test_slow_requests_end(limited):
    garage = limited(request_seconds=1, body_seconds=1)
    with dial(garage) as body, dial(garage) as head, dial(garage) as silent:
        head.sendall(b"GET /healthz HTTP/1.1\r\nX-Slow: ")
        started = ask(
            body, "/api/v1/events", "Content-Type: application/json", "Content-Length: 100", method="POST"
        )
        assert status(started) == "408"
        for connection in (head, silent):
            assert connection.recv(1000) == b""
        assert is_served(garage)
    # A request that comes in time starts the time anew, and one under way has all the time it needs.
    with dial(garage) as stream, dial(garage) as kept:
        assert status(ask(stream, "/api/v1/events/stream")) == "200"
        assert status(ask(kept, "/healthz")) == "200"
        assert kept.recv(1000) == b""
        assert note(garage, "for the stream") == 201
        told = b""
        while b"for the stream" not in told:
            piece = stream.recv(65536)
            assert piece, f"the stream has ended after {told!r}"
            told += piece


def test_limits_follow_sighup_and_are_told_in_the_metrics(limited, tmp_path):
    garage = limited(connections_per_address=50, body_bytes=16384)
    assert note(garage, "x" * 1500) == 201
    write(tmp_path / "garage.yaml", connections_per_address=50, body_bytes=1024, streams=0)
    garage.process.send_signal(signal.SIGHUP)
    eventually(lambda: "read the configuration again" in garage.log(), "the reload")
    assert note(garage, "x" * 1500) == 413
    assert asked_anew(garage, "/api/v1/events/stream") == "503"
    assert 'msg="setting changed" key=http.limits.body_bytes' in garage.log()
    assert "needs a restart" not in garage.log()
    told = garage.request("GET", "/metrics").text
    assert 'garage_limit{key="http.limits.body_bytes"} 1024' in told
    assert 'garage_limit{key="mqtt.limits.topic_levels"} 64' in told


def test_a_limit_out_of_range_is_named(tmp_path):
    file = tmp_path / "garage.yaml"
    for line, said in [
        ("request_seconds: 0", "http.limits.request_seconds"),
        ("exempt_addresses: [here]", "http.limits.exempt_addresses"),
        ("stream: 5", "http.limits.streams"),
    ]:
        file.write_text(f"http:\n  limits:\n    {line}\n")
        checked = run("config", "check", "--config", str(file))
        assert checked.returncode != 0 and said in checked.stdout + checked.stderr
