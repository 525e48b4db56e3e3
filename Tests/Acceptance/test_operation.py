"""What stands beside the program: dashboards, alert rules, the systemd unit and the Debian package."""

import json
import pathlib
import re
import shutil
import subprocess

import pytest

from device import Client
from service import BINARY
from waiting import eventually

DEPLOY = pathlib.Path(__file__).parents[2] / "deploy"
NAME = re.compile(r"\bgarage_[a-z_]+")


def metric_names(garage) -> set[str]:
    text = garage.request("GET", "/metrics").text
    return set(re.findall(r"^# TYPE (garage_\w+)", text, re.M))


@pytest.mark.parametrize("file", ["grafana/garage.json", "prometheus/garage.rules.yml"])
def test_dashboards_and_rules_use_metrics_that_exist(garage, file):
    with Client(garage, "esp1") as device:
        device.publish("garage/home/gate/front/state", "open")
        device.publish("garage/home/spot/A1/state", "occupied")
        device.publish("garage/home/sensor/dht1", '{"temperature":21.5,"humidity":47}')
        wanted = set(NAME.findall((DEPLOY / file).read_text()))
        assert len(wanted) >= 5
        eventually(lambda: not wanted - metric_names(garage), f"every metric of {file}", 20)


def test_the_dashboard_is_json_with_panels():
    dashboard = json.loads((DEPLOY / "grafana/garage.json").read_text())
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"]) >= 8


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_the_unit_is_hardened():
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", str(DEPLOY / "garage.service")], capture_output=True, text=True
    )
    level = float(re.search(r"Overall exposure level for garage.service: ([\d.]+)", done.stdout + done.stderr).group(1))
    assert level < 2.0


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="there is no dpkg here")
def test_a_package_installs_upgrades_and_goes(tmp_path):
    def package(revision: int) -> pathlib.Path:
        done = subprocess.run(
            [DEPLOY / "package", "--binary", BINARY, "--output", tmp_path / "out", "--revision", str(revision), "--fast"],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return pathlib.Path(done.stdout.split()[-1])

    def dpkg(*arguments) -> None:
        done = subprocess.run(
            ["dpkg", f"--root={root}", "--force-not-root", "--force-depends", "--force-script-chrootless", *arguments],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    root = tmp_path / "root"
    for folder in ("var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/dpkg/triggers"):
        (root / folder).mkdir(parents=True)
    (root / "var/lib/dpkg/status").touch()
    (root / "var/lib/dpkg/available").touch()
    dpkg("--install", package(1))
    version = subprocess.check_output([root / "usr/bin/garage", "--version"], text=True)
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", version)
    checked = subprocess.run([root / "usr/bin/garage", "config", "check", "--config", root / "etc/garage/garage.yaml"])
    assert checked.returncode == 0
    assert (root / "lib/systemd/system/garage.service").exists()
    # A setting that was changed survives the upgrade.
    settings = root / "etc/garage/garage.yaml"
    settings.write_text(settings.read_text() + "\n# mine\n")
    dpkg("--install", package(2))
    assert settings.read_text().endswith("# mine\n")
    dpkg("--remove", "garage")
    assert not (root / "usr/bin/garage").exists() and settings.exists()
    key = settings.parent / "tls.key"
    key.write_text("not the package's")
    dpkg("--purge", "garage")
    assert not settings.exists() and key.exists()
