"""The pages behind a balancer that says whose each connection is, with PROXY protocol headers (version 2)."""

import contextlib
import re
import shutil
import signal
import socket
import ssl
import urllib.parse

import pytest

import wire
from certificates import Authority
from people import PASSWORD
from proxy import LOCAL, SIGNATURE, header
from service import host_and_port, run
from test_http_limits import ask, metric, status
from waiting import eventually

ANA = "203.0.113.9"
EVE = "198.51.100.7"
TRUSTED = "proxy_protocol: true\n  trusted_proxies: [127.0.0.1]"


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """The file with one admin, made once by the command line."""
    folder = tmp_path_factory.mktemp("people")
    added = run("users", "add", "ana", "--role", "admin", "--data", str(folder), stdin_text=PASSWORD + "\n")
    assert added.returncode == 0, added.stderr
    return folder / "access.json"


@pytest.fixture
def behind(make_garage, tmp_path):
    """A function that starts a service with these lines below `http`, which ends bad connections after a second."""

    def make(lines: str = TRUSTED, people=None, limits: str = ""):
        file = tmp_path / "garage.yaml"
        file.write_text(f"http:\n  {lines}\n  limits:\n    request_seconds: 1\n{limits}")
        garage = make_garage("--config", str(file))
        if people:
            garage.data.mkdir()
            shutil.copy(people, garage.data / "access.json")
        return garage.start()

    return make


@contextlib.contextmanager
def connection(garage, preface: bytes = b"", tls: ssl.SSLContext | None = None):
    """A connection through a balancer that sends `preface` first, also before TLS."""
    with socket.create_connection(host_and_port(garage.addresses["http"]), timeout=10) as plain:
        plain.sendall(preface)
        if tls is None:
            yield plain
        else:
            with tls.wrap_socket(plain, server_hostname="localhost") as encrypted:
                yield encrypted


def asked(garage, preface: bytes, path: str = "/healthz", **options) -> str:
    with connection(garage, preface, **options) as client:
        return status(ask(client, path))


def sign_in(garage, address: str, name: str, password: str = PASSWORD, **options) -> tuple[str, str]:
    """The status of the answer, and the cookie that it sets."""
    body = urllib.parse.urlencode({"name": name, "password": password})
    with connection(garage, header(address), **options) as client:
        client.sendall(
            "\r\n".join([
                "POST /login HTTP/1.1", "Host: localhost", "Accept: text/html", "Origin: http://localhost",
                "Sec-Fetch-Site: same-origin", "Content-Type: application/x-www-form-urlencoded",
                f"Content-Length: {len(body)}", "Connection: close", "", body,
            ]).encode()
        )
        answer = b"".join(iter(lambda: client.recv(65536), b"")).decode(errors="replace")
    cookie = re.search(r"(?i)set-cookie: ([^;\r]+)", answer)
    return status(answer), cookie.group(1) if cookie else ""


def is_closed(client: socket.socket) -> bool:
    """Whether the service closes the connection without a word."""
    client.settimeout(10)
    try:
        return client.recv(1000) == b""
    except ConnectionError:
        return True


def refusals(garage, limit: str) -> float:
    return metric(garage, f'garage_http_refused_total{{limit="{limit}"}}')


@pytest.mark.parametrize("address", [ANA, "2001:db8::9"])
@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "tls"])
def test_the_named_address_is_recorded_and_locked_out(behind, tmp_path, people, encrypted, address):
    options, lines = {}, TRUSTED
    if encrypted:
        authority = Authority(tmp_path / "certificates")
        certificate, key = authority.make("server", "/CN=localhost")
        lines += f"\n  tls:\n    certificate: {certificate}\n    key: {key}"
        options["tls"] = ssl.create_default_context(cafile=str(authority.certificate))
    garage = behind(lines, people)
    for number in range(6):
        assert sign_in(garage, address, f"nobody{number}", "guess", **options)[0] == "403"
    # Only the guesser has to wait: neither the balancer nor the others behind it.
    assert sign_in(garage, address, "ana", **options) == ("403", "")
    code, cookie = sign_in(garage, EVE, "ana", **options)
    assert code == "303" and cookie
    with connection(garage, header(EVE), **options) as client:
        answer = ask(client, "/api/v1/events?type=access.denied", f"Cookie: {cookie}")
    assert f'"address":"{address}"' in answer.replace(" ", "") and "127.0.0.1" not in answer, answer


def test_connections_are_counted_by_the_named_address(behind):
    garage = behind(limits="    connections_per_address: 2\n")
    with contextlib.ExitStack() as stack:
        for _ in range(2):
            assert status(ask(stack.enter_context(connection(garage, header(ANA))), "/healthz")) in ("200", "401")
        assert asked(garage, header(ANA)) == "429"
        assert asked(garage, header(EVE)) in ("200", "401")
        assert refusals(garage, "address") == 1
    eventually(lambda: asked(garage, header(ANA)) != "429", "a place to be free")


@pytest.mark.parametrize(
    "preface",
    [
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"PROXY TCP4 203.0.113.9 192.0.2.1 50000 443\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        # Another version, an unknown command, an address that is cut, a length that would fill the memory.
        SIGNATURE + b"\x11\x11\x00\x0c" + bytes(12),
        SIGNATURE + b"\x22\x11\x00\x0c" + bytes(12),
        SIGNATURE + b"\x21\x11\x00\x0b" + bytes(11),
        SIGNATURE + b"\x21\x21\x00\x23" + bytes(35),
        SIGNATURE + b"\x21\x11\xff\xff" + bytes(1000),
        # Not whole, and then nothing more: closed when the time is over.
        b"",
        SIGNATURE[:7],
        header(ANA)[:-1],
    ],
)
def test_without_a_whole_and_proper_header_nothing_is_served(behind, preface):
    garage = behind()
    with connection(garage, preface) as client:
        assert is_closed(client)
    with connection(garage, preface) as client:
        client.shutdown(socket.SHUT_WR)
        assert is_closed(client)
    assert asked(garage, header(ANA)) in ("200", "401"), "and others are served on"


def test_a_header_in_pieces_and_with_extras_is_understood(behind):
    garage = behind()
    with connection(garage) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in header(ANA, extras=b"\x04\x00\x02ab"):
            client.sendall(bytes([byte]))
        assert status(ask(client, "/healthz")) in ("200", "401")


def test_the_balancer_may_speak_for_itself(behind):
    garage = behind(limits="    connections_per_address: 1\n    exempt_addresses: []\n")
    with connection(garage, LOCAL) as held:
        assert status(ask(held, "/healthz")) in ("200", "401")
        assert asked(garage, LOCAL) == "429", "it counts by its own address"
        assert asked(garage, header(ANA)) in ("200", "401")


def test_only_balancers_may_connect(behind):
    garage = behind("proxy_protocol: true\n  trusted_proxies: [192.0.2.0/24]")
    with connection(garage) as client:
        with contextlib.suppress(ConnectionError):
            client.sendall(header(ANA) + b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert is_closed(client)
    assert refusals(garage, "untrusted_proxy") == 1
    assert "not a trusted proxy" in garage.log()


@pytest.mark.parametrize("lines", ["trusted_proxies: [127.0.0.1]", "proxy_protocol: false"])
def test_a_header_counts_for_nothing_unless_it_is_asked_for(behind, people, lines):
    garage = behind(lines, people)
    with connection(garage, header(ANA) + b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n") as client:
        assert status(client.recv(65536).decode(errors="replace")) in ("", "400")
    # Nor does what balancers of another kind say.
    with connection(garage) as client:
        answer = ask(
            client, "/api/v1/events", "Authorization: Bearer garage_wrong", f"X-Forwarded-For: {ANA}",
            f"Forwarded: for={ANA}",
        )
        assert status(answer) == "401"
    _, cookie = sign_in_directly(garage)
    with connection(garage) as client:
        events = ask(client, "/api/v1/events?type=access.denied", f"Cookie: {cookie}")
    assert '"address":"127.0.0.1"' in events.replace(" ", "") and ANA not in events


def sign_in_directly(garage) -> tuple[str, str]:
    answer = garage.http.post(
        garage.url + "/login", data={"name": "ana", "password": PASSWORD}, headers={"Origin": garage.url},
        allow_redirects=False, timeout=10,
    )
    return str(answer.status_code), answer.headers["Set-Cookie"].split(";")[0]


def test_behind_a_balancer_nobody_is_taken_for_a_program_on_this_machine(behind):
    garage = behind()
    assert asked(garage, header("127.0.0.1"), "/api/v1/gates") == "401"
    assert garage.command("healthcheck").returncode == 0, "the command line needs no header"


def upgraded(client: socket.socket) -> socket.socket:
    """Asks for MQTT over WebSocket."""
    answer = ask(
        client, "/mqtt", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol: mqtt",
    )
    assert status(answer) == "101", answer
    return client


def connack(client: socket.socket, name: str) -> bytes:
    packet = wire.connect(name)
    # Masked with zeros, which leave the bytes as they are.
    client.sendall(bytes([0x82, 0x80 | len(packet)]) + bytes(4) + packet)
    answer = b""
    while len(answer) < 6 and (piece := client.recv(100)):
        answer += piece
    return answer[2:]


def test_the_broker_sees_the_named_address_on_the_http_port(behind):
    garage = behind()
    # Whoever comes from this machine may do without a password; strangers may not.
    with connection(garage, header("127.0.0.1")) as client:
        assert connack(upgraded(client), "near")[:4] == b"\x20\x02\x00\x00"
    with connection(garage, header(ANA)) as client:
        assert connack(upgraded(client), "far")[:4] != b"\x20\x02\x00\x00"
    eventually(lambda: f"{ANA}:50000" in garage.log(), "the refusal in the log")


@pytest.mark.parametrize(
    "lines, said",
    [
        ("proxy_protocol: true", "http.trusted_proxies"),
        ("proxy_protocol: tcp\n  trusted_proxies: [127.0.0.1]", "http.proxy_protocol"),
        ("proxy_protocol: true\n  trusted_proxies: [balancer]", "http.trusted_proxies"),
    ],
)
def test_a_mistake_in_the_settings_is_named(tmp_path, lines, said):
    file = tmp_path / "garage.yaml"
    file.write_text(f"http:\n  {lines}\n")
    checked = run("config", "check", "--config", str(file))
    assert checked.returncode == 2 and said in checked.stdout + checked.stderr


def test_balancers_may_change_while_the_service_runs(behind, tmp_path):
    garage = behind("proxy_protocol: true\n  trusted_proxies: [192.0.2.1]")
    with connection(garage, header(ANA)) as client:
        assert is_closed(client)
    (tmp_path / "garage.yaml").write_text(f"http:\n  {TRUSTED}\n")
    garage.process.send_signal(signal.SIGHUP)
    eventually(lambda: "read the configuration again" in garage.log(), "the reload", 10)
    assert asked(garage, header(ANA)) in ("200", "401")
