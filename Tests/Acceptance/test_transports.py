"""MQTT over TLS, WebSocket, WebSocket behind TLS, Unix sockets and the HTTP port, with stock clients; and /metrics."""

import contextlib
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys

import paho.mqtt.client as mqtt
import pytest
import requests

import mosquitto
from certificates import Authority
from device import Client
from service import clean_environment, host_and_port
from waiting import eventually

HERE = pathlib.Path(__file__).parent
PAHO_1 = HERE.parents[1] / ".venv" / "paho-1.6"


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path / "certificates")


@pytest.fixture
def secure(make_garage, authority, tmp_path):
    """A service with every listener, that asks for certificates and does without."""
    certificate, key = authority.make("server", "/CN=localhost")
    file = tmp_path / "garage.yaml"
    file.write_text(
        f"""
mqtt:
  unix: {tmp_path}/mqtt.sock
  sys_interval: 1
  tls:
    listen: 127.0.0.1:0
    websocket: 127.0.0.1:0
    certificate: {certificate}
    key: {key}
    client_ca: {authority.certificate}
"""
    )
    return make_garage("--config", str(file)).start()


def through(garage, listener: str, authority=None):
    """Options of mosquitto_pub and mosquitto_sub for one listener; they come after the plain one's."""
    if listener == "mqtt_unix":
        return ["--unix", garage.addresses["mqtt_unix"]]
    _, port = host_and_port(garage.addresses[listener])
    return ["-h", "localhost", "-p", str(port), "--cafile", str(authority.certificate)]


@pytest.mark.parametrize("version", ["mqttv31", "mqttv311", "mqttv5"])
@pytest.mark.parametrize("listener", ["mqtt_tls", "mqtt_unix"])
def test_mosquitto_clients(secure, authority, listener, version):
    options = through(secure, listener, authority)
    with mosquitto.Subscriber(secure, "elsewhere/#", options=(*options, "-V", version, "-i", "sub")) as subscriber:
        mosquitto.publish(secure, "elsewhere/a", "x", "-q", "2", *options, "-V", version, "-i", "pub")
        subscriber.await_line("0 2 elsewhere/a x")


@pytest.mark.parametrize("listener", ["mqtt", "mqtt_tls", "mqtt_ws", "mqtt_wss"])
@pytest.mark.parametrize("protocol", ["3.1.1", "5.0"])
def test_paho_in_c(secure, authority, c_client, protocol, listener):
    _, port = host_and_port(secure.addresses[listener])
    scheme = {"mqtt": "tcp", "mqtt_tls": "ssl", "mqtt_ws": "ws", "mqtt_wss": "wss"}[listener]
    certificate = [] if listener in ("mqtt", "mqtt_ws") else [str(authority.certificate)]
    done = subprocess.run(
        [str(c_client), f"{scheme}://localhost:{port}", protocol, "elsewhere/c", *certificate],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"elsewhere/c {qos} q{qos}" for qos in range(3)]


@pytest.mark.parametrize("listener, transport", [("mqtt_tls", "tcp"), ("mqtt_wss", "websockets")])
@pytest.mark.parametrize("protocol", ["3.1", "3.1.1", "5.0"])
@pytest.mark.parametrize("release", ["1.6", "2"])
def test_paho_over_tls(secure, authority, release, protocol, listener, transport):
    environment = clean_environment()
    if release == "1.6":
        if not PAHO_1.is_dir():
            pytest.fail(f"{PAHO_1} is missing; deploy/test installs it")
        environment["PYTHONPATH"] = str(PAHO_1)
    _, port = host_and_port(secure.addresses[listener])
    program = [sys.executable, str(HERE / "stock_client.py"), "localhost", str(port), protocol, transport]
    done = subprocess.run(
        [*program, "elsewhere/hello", str(authority.certificate)],
        capture_output=True,
        text=True,
        timeout=30,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    assert "elsewhere/hello hello" in done.stdout


UPGRADE = (
    b"GET /mqtt HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n"
)


def impatient(make_garage, authority, tmp_path):
    """A service with TLS that gives nobody much time, and has two places for handshakes."""
    certificate, key = authority.make("server", "/CN=localhost")
    file = tmp_path / "garage.yaml"
    file.write_text(
        f"""
mqtt:
  tls:
    listen: 127.0.0.1:0
    websocket: 127.0.0.1:0
    certificate: {certificate}
    key: {key}
  limits:
    connect_timeout_seconds: 1
    tls_handshakes: 2
"""
    )
    return make_garage("--config", str(file)).start()


@pytest.mark.parametrize("stage", ["connected", "begun", "encrypted", "half a request", "upgraded"])
@pytest.mark.parametrize("listener", ["mqtt_tls", "mqtt_wss"])
def test_who_stops_on_the_way_in_is_closed(make_garage, authority, tmp_path, listener, stage):
    if listener == "mqtt_tls" and stage in ("half a request", "upgraded"):
        pytest.skip("there is none without WebSocket")
    garage = impatient(make_garage, authority, tmp_path)
    security = ssl.create_default_context(cafile=str(authority.certificate))
    with socket.create_connection(host_and_port(garage.addresses[listener]), timeout=20) as connection:
        if stage == "begun":
            # The head of a record that announces a ClientHello, which never comes.
            connection.sendall(b"\x16\x03\x01\x02\x00\x01")
        elif stage != "connected":
            connection = security.wrap_socket(connection, server_hostname="localhost")
        if stage in ("half a request", "upgraded"):
            connection.sendall(UPGRADE if stage == "upgraded" else UPGRADE[:60])
        received = b""
        with contextlib.suppress(ConnectionError, ssl.SSLEOFError):
            while chunk := connection.recv(4096):
                received += chunk
        assert (b" 101 " in received) == (stage == "upgraded"), received
        connection.close()
    assert garage.request("GET", "/healthz").status_code == 200


def test_silent_connections_do_not_keep_others_out_of_websocket_behind_tls(make_garage, authority, tmp_path):
    garage = impatient(make_garage, authority, tmp_path)
    host, port = host_and_port(garage.addresses["mqtt_wss"])
    with contextlib.ExitStack() as silent:
        for _ in range(6):
            silent.enter_context(socket.create_connection((host, port), timeout=20))
        program = [sys.executable, str(HERE / "stock_client.py"), "localhost", str(port), "5.0", "websockets"]
        done = subprocess.run(
            [*program, "elsewhere/hello", str(authority.certificate)],
            capture_output=True,
            text=True,
            timeout=30,
            env=clean_environment(),
        )
    assert done.returncode == 0, done.stderr
    assert "elsewhere/hello hello" in done.stdout


@pytest.mark.parametrize("protocol", ["3.1.1", "5.0"])
def test_websocket_on_the_http_port(garage, protocol):
    host, port = host_and_port(garage.addresses["http"])
    done = subprocess.run(
        [sys.executable, str(HERE / "stock_client.py"), host, str(port), protocol, "websockets", "elsewhere/hello"],
        capture_output=True,
        text=True,
        timeout=30,
        env=clean_environment(),
    )
    assert done.returncode == 0, done.stderr
    assert "elsewhere/hello hello" in done.stdout
    # HTTP goes on beside it, also several requests on one connection.
    for _ in range(3):
        assert garage.request("GET", "/healthz").status_code == 200
    plain = requests.get(garage.url + "/mqtt", timeout=10)
    assert plain.status_code == 400
    foreign = requests.get(
        garage.url + "/mqtt",
        headers={
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Protocol": "mqtt",
            "Origin": "https://evil.example",
        },
        timeout=10,
    )
    assert foreign.status_code == 400


def test_large_messages_pass_the_websocket_on_the_http_port(garage):
    host, port = host_and_port(garage.addresses["http"])
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, transport="websockets")
    received = []
    client.on_message = lambda client, userdata, message: received.append(len(message.payload))
    client.on_connect = lambda client, *_: client.subscribe("elsewhere/#", qos=1)
    client.on_subscribe = lambda client, *_: [
        client.publish("elsewhere/big", b"x" * size, qos=1) for size in (1, 70_000, 500_000, 0)
    ]
    client.connect(host, port)
    client.loop_start()
    try:
        eventually(lambda: received == [1, 70_000, 500_000, 0], "all messages", 15)
    finally:
        client.disconnect()
        client.loop_stop()


def test_the_certificate_is_read_again_on_sighup_and_connections_stay(secure, authority, tmp_path):
    host, port = host_and_port(secure.addresses["mqtt_tls"])

    def serial(trusted: Authority):
        context = ssl.create_default_context(cafile=str(trusted.certificate))
        with socket.create_connection((host, port), timeout=10) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as wrapped:
                return wrapped.getpeercert()["serialNumber"]

    before = serial(authority)
    options = through(secure, "mqtt_tls", authority)
    with mosquitto.Subscriber(secure, "elsewhere/#", options=tuple(options)) as subscriber:
        certificate, key = authority.make("renewed", "/CN=localhost")
        shutil.copy(certificate, authority.folder / "server.pem")
        shutil.copy(key, authority.folder / "server.key")
        secure.process.send_signal(signal.SIGHUP)
        eventually(lambda: serial(authority) != before, "the new certificate")
        mosquitto.publish(secure, "elsewhere/a", "x", "-q", "1")
        subscriber.await_line("0 1 elsewhere/a x")
        (authority.folder / "server.pem").write_text("nonsense")
        secure.process.send_signal(signal.SIGHUP)
        eventually(lambda: "can't be read again" in secure.log(), "the complaint in the log")
        assert serial(authority) != before


def test_only_devices_with_a_certificate_come_in_from_outside(make_garage, authority, tmp_path):
    certificate, key = authority.make("server", "/CN=localhost")
    file = tmp_path / "garage.yaml"
    file.write_text(
        f"""
mqtt:
  tls:
    listen: 0.0.0.0:0
    certificate: {certificate}
    key: {key}
    client_ca: {authority.certificate}
    client_certificates: required
"""
    )
    garage = make_garage("--config", str(file)).start()
    _, port = host_and_port(garage.addresses["mqtt_tls"])
    shown, secret = authority.make("esp1", "/CN=esp1")
    command = ["mosquitto_pub", "-h", "localhost", "-p", str(port), "--cafile", str(authority.certificate)]
    command += ["-t", "garage/home/sensor/esp1/temperature", "-m", "21", "-q", "1", "-i", "esp1"]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=15)
    assert refused.returncode != 0
    done = subprocess.run(
        [*command, "--cert", str(shown), "--key", str(secret)], capture_output=True, text=True, timeout=15
    )
    assert done.returncode == 0, done.stderr
    garage.await_event("sensor.reading-recorded")
    # The certificate can't be called back, so its name is refused, at once and after a restart.
    unknown = garage.command("devices", "remove", "esp1")
    assert unknown.returncode == 1 and "no device 'esp1'" in unknown.stderr
    assert garage.command("devices", "remove", "esp1", "--certificate").returncode == 0

    def is_refused() -> bool:
        done = subprocess.run(
            [*command, "--cert", str(shown), "--key", str(secret)], capture_output=True, text=True, timeout=15
        )
        return done.returncode != 0

    eventually(is_refused, "the removed device to be refused")
    garage.restart()
    _, port = host_and_port(garage.addresses["mqtt_tls"])
    command[command.index("-p") + 1] = str(port)
    assert is_refused()
    assert len(garage.events(type="sensor.reading-recorded")) >= 1
    other, other_secret = authority.make("esp2", "/CN=esp2")
    done = subprocess.run(
        [*command, "--cert", str(other), "--key", str(other_secret), "-t", "garage/home/sensor/esp2/temperature"],
        capture_output=True, text=True, timeout=15,
    )
    assert done.returncode == 0, done.stderr


def test_tls_without_a_certificate_is_refused_at_the_start(make_garage, tmp_path):
    garage = make_garage("--mqtt-tls", "127.0.0.1:0").launch()
    assert garage.wait() == 2
    assert "mqtt.tls.certificate" in garage.log()
    missing = make_garage(
        "--mqtt-tls",
        "127.0.0.1:0",
        environment={"GARAGE_MQTT_TLS_CERTIFICATE": "/nowhere.pem", "GARAGE_MQTT_TLS_KEY": "/nowhere.key"},
    ).launch()
    assert missing.wait() == 2
    assert "/nowhere.pem" in missing.log()


def test_the_system_topics_have_mosquittos_names(secure):
    names = {"version", "uptime", "retained messages/count", "subscriptions/count", "shared_subscriptions/count"}
    names |= {f"clients/{name}" for name in ("total", "maximum", "connected", "disconnected", "expired")}
    names |= {"clients/active", "clients/inactive", "messages/stored"}  # Deprecated, and published all the same.
    names |= {f"messages/{name}" for name in ("received", "sent", "inflight")}
    names |= {"store/messages/count", "store/messages/bytes", "heap/current", "heap/maximum"}
    names |= {f"publish/messages/{name}" for name in ("received", "sent", "dropped")}
    names |= {f"{what}/{way}" for what in ("bytes", "publish/bytes") for way in ("received", "sent")}
    loads = ["sockets", "connections", "publish/dropped"]
    loads += [f"{what}/{way}" for what in ("messages", "publish", "bytes") for way in ("received", "sent")]
    names |= {f"load/{load}/{minutes}min" for load in loads for minutes in (1, 5, 15)}
    with (
        mosquitto.Subscriber(secure, "$SYS/#", options=("-i", "watcher")) as subscriber,
        Client(secure, "sharing") as sharing,
    ):
        sharing.subscribe("$share/group/elsewhere/#", "elsewhere/#")

        def published() -> dict[str, str]:
            found = [re.match(r"\d \d \$SYS/broker/(version|uptime|.*(?= )) (.*)$", line) for line in subscriber.lines]
            return {match[1]: match[2] for match in found}

        eventually(lambda: published().get("shared_subscriptions/count") == "1", "the shared subscription", 10)
        eventually(lambda: published().get("subscriptions/count") == "2", "the subscriptions", 10)
        assert set(published()) == names
    with mosquitto.Subscriber(secure, "#") as everything:
        mosquitto.publish(secure, "elsewhere/end", "x", "-q", "1")
        everything.await_line("0 1 elsewhere/end x")
        assert not any("$SYS" in line for line in everything.lines)


def test_metrics_are_read_by_prometheus(garage):
    mosquitto.publish(garage, "elsewhere/a", "x", "-q", "1")
    mosquitto.publish(garage, "elsewhere/a", "x", "-q", "0")
    answer = garage.request("GET", "/metrics")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = answer.text.splitlines()
    assert 'garage_mqtt_messages_received_total{qos="0"} 1' in lines
    assert 'garage_mqtt_messages_received_total{qos="1"} 1' in lines
    assert "garage_mqtt_connections_opened_total 2" in lines
    assert "# TYPE garage_mqtt_connections gauge" in lines
    assert any(line.startswith("garage_build_info{version=") for line in lines)
    openmetrics = garage.request("GET", "/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert openmetrics.headers["Content-Type"].startswith("application/openmetrics-text")
    assert openmetrics.text.endswith("# EOF\n")


def test_every_broker_setting_is_printed(make_garage):
    printed = make_garage().command("config", "print").stdout
    assert "mqtt.limits.topic_levels: 64" in printed
    assert "mqtt.tls.listen: off" in printed
    assert "(unset)" not in printed
