"""Start and stop, and what the command line says when it can't."""

import json
import pathlib
import re
import signal
import socket

import pytest

from device import Client
from service import run
from waiting import eventually


def assert_refused(done, code: int, *words: str) -> None:
    """One clear line on standard error, and the exit code."""
    assert done.returncode == code, f"exit code {done.returncode}: {done.stderr}"
    for word in words:
        assert word in done.stderr, done.stderr
    complaints = [line for line in done.stderr.splitlines() if line and not re.search("level=(info|notice) ", line)]
    assert len(complaints) == 1, f"not one line: {done.stderr}"


def serve(garage, *options: str):
    """`garage serve` to its end, on the folder of a service that is not running, unless an option says otherwise."""
    listeners = [
        argument
        for option in ("--mqtt", "--mqtt-ws", "--http")
        if option not in options
        for argument in (option, "127.0.0.1:0")
    ]
    folder = [] if "--data" in options else ["--data", str(garage.data)]
    return run("serve", *folder, *listeners, *options)


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_within_five_seconds(garage, sign):
    listening = garage.data / "listening.json"
    assert json.loads(listening.read_text())["pid"] == garage.process.pid
    with Client(garage, "still-connected"):
        garage.process.send_signal(sign)
        assert garage.wait(5) == 0
    assert not listening.exists()


def test_it_ends_cleanly_with_a_live_feed_open(garage):
    stream = garage.request("GET", "/api/v1/events/stream", stream=True)
    assert stream.status_code == 200
    assert garage.stop(5) == 0


def test_listening_json_names_every_listener(garage):
    assert set(garage.addresses) == {"mqtt", "mqtt_ws", "http", "pid"}
    for name in ("mqtt", "mqtt_ws", "http"):
        host, port = garage.addresses[name].rsplit(":", 1)
        assert host == "127.0.0.1"
        socket.create_connection((host, int(port)), timeout=5).close()


def test_healthz(garage):
    assert garage.request("GET", "/healthz").status_code == 200


@pytest.mark.parametrize("option", ["--mqtt", "--mqtt-ws", "--http"])
def test_a_port_in_use(make_garage, option):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        service = make_garage()
        assert_refused(serve(service, option, address), 1, address, "in use")
    assert not (service.data / "listening.json").exists()


@pytest.mark.parametrize("kind", ["below a file", "where nobody may write", "a file"])
def test_an_unwritable_data_folder(make_garage, tmp_path, kind):
    (tmp_path / "file").write_text("")
    # Root may write to any folder of the disk, but not there.
    folder = {"below a file": str(tmp_path / "file" / "data"), "where nobody may write": "/proc/data"}.get(kind)
    folder = folder or str(tmp_path / "file")
    assert_refused(serve(make_garage(), "--data", folder), 1, folder)


def test_a_second_process_on_the_same_folder(garage):
    assert_refused(serve(garage), 1, str(garage.data), str(garage.process.pid))
    assert garage.request("GET", "/healthz").status_code == 200


def test_a_killed_process_leaves_a_folder_that_the_next_one_can_use(garage):
    garage.kill()
    garage.start()
    assert garage.stop() == 0


@pytest.mark.parametrize(
    "content, words",
    [
        ("mqtt:\n  lisen: 127.0.0.1:0\n", ["mqtt.lisen", "2", "mqtt.listen"]),
        ("colour: green\n", ["colour"]),
        ("mqtt:\n  listen: somewhere\n", ["mqtt.listen", "somewhere"]),
        ("gate:\n  command_timeout_seconds: soon\n", ["gate.command_timeout_seconds", "soon"]),
        ("log:\n  level: loud\n", ["log.level", "loud"]),
        ("mqtt: [1, 2\n", ["garage.yaml"]),
        # What the parts judge that use the settings.
        ("access:\n  rules:\n  - allow all\n", ["access.rules", "garage.yaml:2", "allow all"]),
        ("site:\n  time_zone: Porto\n", ["site.time_zone", "garage.yaml:2", "Porto"]),
        ("\nalerts:\n  night: dark\n", ["alerts.night", "garage.yaml:3", "dark"]),
        ("alerts:\n  webhook: example.org\n", ["alerts.webhook", "garage.yaml:2"]),
        ("devices:\n  garage: my garage\n", ["devices.garage", "garage.yaml:2"]),
        ("devices:\n  command_topics: [shop/#/relay]\n", ["devices.command_topics", "garage.yaml:2", "shop/#/relay"]),
        ("mqtt:\n  limits:\n    exempt_addresses: [here]\n", ["mqtt.limits.exempt_addresses", "garage.yaml:3", "here"]),
        ("mqtt:\n  draining: true\n", ["mqtt.draining", "garage.yaml:2", "mqtt.server_reference"]),
        ("mqtt:\n  proxy_protocol: [tcp]\n  trusted_proxies: [x]\n", ["mqtt.trusted_proxies", "garage.yaml:3"]),
        ("http:\n  proxy_protocol: true\n", ["http.proxy_protocol", "garage.yaml:2", "http.trusted_proxies"]),
        ("http:\n  security_contacts: [me]\n", ["http.security_contacts", "garage.yaml:2"]),
        ("http:\n  tls:\n    key: x.pem\n", ["http.tls.key", "garage.yaml:3", "http.tls.certificate"]),
        (
            "http:\n  tls:\n    certificate: gone.pem\n    key: gone.key\n",
            ["http.tls.certificate", "garage.yaml:3", "gone.pem"],
        ),
        (
            "mqtt:\n  tls:\n    listen: 127.0.0.1:0\n    certificate: gone.pem\n    key: gone.key\n",
            ["mqtt.tls", "gone.pem"],
        ),
        ("mqtt:\n  tls:\n    listen: 127.0.0.1:0\n", ["mqtt.tls.listen", "garage.yaml:3", "mqtt.tls.certificate"]),
    ],
)
def test_a_wrong_configuration_file(make_garage, tmp_path, content, words):
    file = tmp_path / "garage.yaml"
    file.write_text(content)
    service = make_garage()
    assert_refused(service.command("config", "check", "--config", str(file)), 2, *words)
    assert_refused(run("serve", "--data", str(service.data), "--config", str(file)), 2, *words)
    assert not service.data.exists()


def test_a_missing_configuration_file(make_garage, tmp_path):
    file = str(tmp_path / "absent.yaml")
    assert_refused(serve(make_garage(), "--config", file), 2, file)


def test_a_wrong_setting_in_the_environment(make_garage):
    done = run("serve", "--data", str(make_garage().data), env={"GARAGE_HTTP_LISTEN": "nowhere"})
    assert_refused(done, 2, "http.listen", "nowhere")


def test_flags_win_over_the_environment_and_that_over_the_file(make_garage, tmp_path):
    file = tmp_path / "garage.yaml"
    file.write_text("site:\n  time_zone: Europe/Lisbon\nlog:\n  level: debug\n  format: json\n")
    service = make_garage()
    done = service.command("config", "print", "--config", str(file), env={"GARAGE_LOG_LEVEL": "warning"})
    assert done.returncode == 0, done.stderr
    settings = dict(line.split(": ", 1) for line in done.stdout.splitlines())
    assert settings["log.level"] == "warning"
    assert settings["log.format"] == "json"
    assert settings["site.time_zone"] == "Europe/Lisbon"
    assert settings["data"] == str(service.data)


def test_a_configuration_can_be_shown_to_anyone(make_garage, tmp_path):
    file = tmp_path / "garage.yaml"
    file.write_text(
        "alerts:\n  webhook: https://hooks.example/T0P\n  webhook_secret: not-for-your-eyes\n"
        "http:\n  security_contacts: mailto:ana@example.org\n"
        "bridges:\n  house:\n    address: cloud.example:8883\n    user: ana-at-home\n    password: pssst\n"
        "    topics:\n      - topic: q/#\n"
    )
    service = make_garage()
    plain = service.command("config", "print", "--config", str(file))
    assert plain.returncode == 0, plain.stderr
    assert "https://hooks.example/T0P" in plain.stdout and "ana-at-home" in plain.stdout
    redacted = service.command("config", "print", "--redacted", "--config", str(file))
    assert redacted.returncode == 0, redacted.stderr
    assert "alerts.webhook: (hidden)" in redacted.stdout and "bridges.house.user: (hidden)" in redacted.stdout
    for text in ("not-for-your-eyes", "pssst"):
        assert text not in plain.stdout + redacted.stdout
    for text in ("hooks.example", "ana@example.org", "cloud.example", "ana-at-home"):
        assert text not in redacted.stdout
    assert len(redacted.stdout.splitlines()) == len(plain.stdout.splitlines())


def test_the_example_configuration_is_valid(make_garage):
    example = pathlib.Path(__file__).parents[2] / "deploy" / "garage.yaml"
    done = make_garage().command("config", "check", "--config", str(example))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["serve", "--nonsense"],
        ["serve", "--mqtt", "nowhere"],
        ["nonsense"],
        ["gate", "jump", "front"],
        ["gate", "open"],
    ],
)
def test_wrong_usage(make_garage, arguments):
    data = ["--data", str(make_garage().data)] if arguments[0] == "serve" else []
    done = run(*arguments, *data)
    assert done.returncode == 2, f"exit code {done.returncode}: {done.stderr}"
    lines = done.stderr.strip().splitlines()
    # The error first; the usage may follow.
    assert lines[0].startswith(("Error:", "garage:")) and len(lines) <= 4, done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("arguments", [["--help"], ["serve", "--help"], ["gate", "--help"], ["simulate", "--help"]])
def test_help_is_no_error(arguments):
    done = run(*arguments)
    assert done.returncode == 0
    assert "garage" in done.stdout


def test_a_network_address_needs_credentials(make_garage):
    assert_refused(serve(make_garage(), "--mqtt", "0.0.0.0:0"), 2, "0.0.0.0:0")


def test_healthcheck(garage):
    assert garage.command("healthcheck").returncode == 0
    garage.stop()
    assert garage.command("healthcheck").returncode == 1


def test_a_burst_of_starts_and_stops_loses_nothing(make_garage):
    service = make_garage()
    for number in range(5):
        service.start()
        with Client(service, "esp1") as device:
            device.publish("garage/home/spot/A1/state", "occupied" if number % 2 == 0 else "free")
        assert service.stop() == 0
    service.start()
    assert eventually(lambda: service.types(kind="spot"), "the events") == [
        "spot.occupied",
        "spot.freed",
        "spot.occupied",
        "spot.freed",
        "spot.occupied",
    ]


def test_systemd_hears_that_the_service_is_ready_alive_and_stopping(make_garage, tmp_path):
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        manager.settimeout(30)
        service = make_garage(environment={"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "400000"}).start()
        assert manager.recv(1024).startswith(b"READY=1")
        assert manager.recv(1024) == b"WATCHDOG=1"
        assert manager.recv(1024) == b"WATCHDOG=1"
        service.stop()
        while (message := manager.recv(1024)) == b"WATCHDOG=1":
            pass
        assert message == b"STOPPING=1"
