"""What `deploy/devices` offers: the sketch is compiled and run in virtual time, the YAML is read."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).parent
DEVICES = HERE.parent.parent / "deploy" / "devices"
COMPILER = shutil.which("clang++") or shutil.which("g++")


@pytest.mark.skipif(COMPILER is None, reason="there is no C++ compiler")
@pytest.mark.parametrize("gate, spot", [(0, 0), (1, 0), (0, 1), (1, 1)])
def test_the_sketch_does_what_it_says(tmp_path, gate, spot):
    sketch = (DEVICES / "esp8266-dht11" / "esp8266-dht11.ino").read_text()
    for option, value in (("HAS_GATE", gate), ("HAS_SPOT", spot)):
        assert f"#define {option} 0" in sketch
        sketch = sketch.replace(f"#define {option} 0", f"#define {option} {value}")
    source = tmp_path / "sketch.ino.cpp"
    source.write_text(sketch)
    program = tmp_path / "story"
    built = subprocess.run(
        [COMPILER, "-std=c++17", "-Wall", "-Wextra", "-Werror", "-Wno-unused-function", f"-I{HERE / 'arduino'}",
         f'-DSKETCH="{source}"', str(HERE / "arduino" / "story.cpp"), "-o", str(program)],
        capture_output=True, text=True,
    )
    assert built.returncode == 0, built.stderr
    story = subprocess.run([str(program)], capture_output=True, text=True, timeout=30)
    assert story.returncode == 0, story.stdout


def test_the_esphome_node_keeps_to_the_rules():
    text = (DEVICES / "esphome" / "garage.yaml").read_text()
    # Nothing is sent where a device may not publish, and each pulse waits for the connection to be old enough.
    assert "discover_ip: false" in text and "discovery_retain: true" in text
    assert text.count("millis() - id(connected_at) > 11000") == 2
    assert "retain: true" not in text.replace("discovery_retain: true", "")


@pytest.mark.skipif(not os.environ.get("GARAGE_LONG"), reason="GARAGE_LONG=1 installs ESPHome, which takes minutes")
def test_esphome_takes_the_node(tmp_path):
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    subprocess.run([tmp_path / "venv/bin/pip", "install", "-q", "esphome"], check=True)
    (tmp_path / "garage.yaml").write_text((DEVICES / "esphome" / "garage.yaml").read_text())
    secrets = {"wifi_ssid": "net", "wifi_password": "password", "mqtt_password": "password"}
    (tmp_path / "secrets.yaml").write_text("".join(f"{name}: {value}\n" for name, value in secrets.items()))
    done = subprocess.run(
        [tmp_path / "venv/bin/esphome", "config", "garage.yaml"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0 and "Configuration is valid" in done.stdout + done.stderr, done.stdout + done.stderr
