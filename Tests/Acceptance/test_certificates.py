"""`garage certificates`: what it makes is what a stock TLS stack takes."""

import contextlib
import os
import re
import signal
import socket
import ssl
import subprocess

import paho.mqtt.client as mqtt
import pytest
import requests

from people import PASSWORD
from service import run
from waiting import eventually


@contextlib.contextmanager
def mqtt_over_https(address: str, authority, password: str):
    """The payloads that a client at `/mqtt` on the port of the pages gets of what it publishes itself."""
    host, port = address.rsplit(":", 1)
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, transport="websockets")
    client.tls_set(ca_certs=str(authority))
    client.ws_set_options(path="/mqtt")
    heard = []
    client.on_connect = lambda client, *_: client.subscribe("esp1/#", qos=1)
    client.on_subscribe = lambda client, *_: client.publish("esp1/hello", "hello", qos=1)
    client.on_message = lambda client, userdata, message: heard.append(message.payload.decode())
    client.username_pw_set("esp1", password)
    client.connect(host, int(port))
    client.loop_start()
    try:
        yield heard
    finally:
        client.disconnect()
        client.loop_stop()


def make(folder, *arguments):
    done = run("certificates", *arguments, "--data", str(folder))
    assert done.returncode == 0, done.stderr
    return folder / "certificates"


def test_an_authority_signs_for_a_server_and_devices(tmp_path):
    folder = make(tmp_path, "init", "--host", "garage.local", "--host", "127.0.0.1")
    make(tmp_path, "device", "esp1")
    for name in ("server", "esp1"):
        done = subprocess.run(
            ["openssl", "verify", "-x509_strict", "-CAfile", folder / "authority.pem", folder / f"{name}.pem"],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    text = subprocess.check_output(["openssl", "x509", "-in", folder / "server.pem", "-noout", "-text"], text=True)
    assert "DNS:garage.local" in text and "IP Address:127.0.0.1" in text and "TLS Web Server Authentication" in text
    # A stock TLS stack loads each pair.
    for name in ("server", "esp1"):
        ssl.create_default_context().load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    for key in folder.glob("*.key"):
        assert key.stat().st_mode & 0o077 == 0


def test_an_authority_is_not_replaced(tmp_path):
    folder = make(tmp_path, "init")
    before = (folder / "authority.key").read_text()
    again = run("certificates", "init", "--data", str(tmp_path))
    assert again.returncode == 1 and "already" in again.stderr
    assert (folder / "authority.key").read_text() == before
    make(tmp_path, "server", "--host", "other.local")
    assert before not in again.stderr


def test_no_device_takes_the_place_of_the_authority_or_the_server(tmp_path):
    folder = make(tmp_path, "init")
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    for name in ("authority", "server"):
        done = run("certificates", "device", name, "--data", str(tmp_path))
        assert done.returncode == 2 and "the service's own" in done.stderr
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_a_device_that_was_removed_gets_no_certificate(tmp_path):
    folder = make(tmp_path, "init")
    assert run("devices", "add", "esp1", "--data", str(tmp_path)).returncode == 0
    assert run("devices", "remove", "esp1", "--data", str(tmp_path)).returncode == 0
    done = run("certificates", "device", "esp1", "--data", str(tmp_path))
    assert done.returncode == 1 and "another name" in done.stderr
    assert not (folder / "esp1.pem").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root works on the data of another user")
def test_what_root_makes_and_restores_is_the_services(make_garage, tmp_path):
    garage = make_garage()
    garage.data.mkdir(parents=True, exist_ok=True)
    os.chown(garage.data, 65534, 65534)
    folder = make(garage.data, "init")
    make(garage.data, "device", "esp1")
    garage.start()
    garage.stop()
    backup = tmp_path / "backup"
    assert run("backup", str(backup), "--data", str(garage.data)).returncode == 0
    keys = {file.name: file.read_bytes() for file in folder.iterdir()}
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    # What somebody has linked into the folder stays root's.
    secret = tmp_path / "secret"
    secret.write_text("of root")
    os.link(secret, garage.data / "hard")
    (garage.data / "soft").symlink_to(secret)
    done = run("restore", str(backup), "--force", "--data", str(garage.data))
    assert done.returncode == 0, done.stderr
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == keys
    assert secret.stat().st_uid == 0
    for link in ("hard", "soft"):
        (garage.data / link).unlink()
    for file in [folder, *folder.iterdir(), *garage.data.iterdir()]:
        assert file.stat().st_uid == 65534, file
        assert file.is_dir() or file.stat().st_mode & 0o077 == 0, file


def test_without_an_authority_nothing_is_signed(tmp_path):
    done = run("certificates", "device", "esp1", "--data", str(tmp_path))
    assert done.returncode == 1 and "garage certificates init" in done.stderr
    make(tmp_path, "init")
    assert run("certificates", "device", "../esp1", "--data", str(tmp_path)).returncode == 2
    assert run("certificates", "server", "--host", "not a host", "--data", str(tmp_path)).returncode == 1


def test_pages_over_https_with_a_certificate_that_is_renewed_without_a_restart(make_garage):
    service = make_garage()
    folder = make(service.data, "init", "--host", "127.0.0.1")
    service.environment = {
        "GARAGE_HTTP_TLS_CERTIFICATE": str(folder / "server.pem"),
        "GARAGE_HTTP_TLS_KEY": str(folder / "server.key"),
    }
    service.launch()
    address = eventually(service._listening, "listening.json", 30)["http"]

    def serial() -> int:
        context = ssl.create_default_context(cafile=folder / "authority.pem")
        with socket.create_connection(("127.0.0.1", int(address.rsplit(":", 1)[1])), timeout=10) as plain:
            with context.wrap_socket(plain, server_hostname="127.0.0.1") as secure:
                return int(secure.getpeercert()["serialNumber"], 16)

    answer = requests.get(f"https://{address}/healthz", verify=str(folder / "authority.pem"), timeout=10)
    assert answer.status_code == 200
    assert "first account: https://" in service.log()
    # The command line talks to the control socket and needs no certificate.
    assert service.command("healthcheck").returncode == 0
    # The session's cookie is sent over HTTPS only, and by no script and no other site.
    code = re.search(r"/setup\?code=(\S+)", service.log()).group(1)
    form = {"code": code, "name": "ana", "password": PASSWORD, "repeated": PASSWORD}
    made = requests.post(
        f"https://{address}/setup", data=form, headers={"Origin": f"https://{address}"}, allow_redirects=False,
        verify=str(folder / "authority.pem"), timeout=10,
    )
    cookie = made.headers["Set-Cookie"]
    assert cookie.startswith("__Host-") and {"Secure", "HttpOnly"} <= set(cookie.split("; ")), cookie
    assert "SameSite" in cookie
    # MQTT over WebSocket on the same port.
    added = service.command("devices", "add", "esp1")
    password = re.search(r"password\s+(\S+)", added.stdout).group(1)
    with mqtt_over_https(address, folder / "authority.pem", password) as heard:
        assert eventually(lambda: heard, "the message over WebSocket", 10) == ["hello"]
    before = serial()
    make(service.data, "server", "--host", "127.0.0.1")
    service.process.send_signal(signal.SIGHUP)
    eventually(lambda: serial() != before, "the new certificate", 10)
