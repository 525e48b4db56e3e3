#!/usr/bin/env python3
"""Sends temperature and humidity of a DHT11 on a Raspberry Pi's own pins to garage.

The kernel reads the sensor (its IIO driver keeps the strict timing, which a program can't); this script only reads two
files. It needs nothing but Python.

Wiring   DHT11  VCC -> pin 1 (3V3), GND -> pin 6, DATA -> pin 7 (GPIO 4), with 10 kilo-ohms between DATA and 3V3
         (modules have it on board)
Kernel   add the line  dtoverlay=dht11,gpiopin=4  to /boot/firmware/config.txt and restart the Pi
Run      dht11.py --broker 192.168.1.10 --user pi1 --password-file /etc/garage-dht11.password
         (`garage devices add pi1` on the machine of garage prints the password)
As a     see garage-dht11.service beside this file
service
"""

import argparse
import pathlib
import socket
import sys
import time

QOS_1 = 0x02


def values(device):
    """Degrees Celsius and per cent as texts, `nan` for what can't be read: a failed measurement is normal now and then."""
    texts = []
    for name in ("in_temp_input", "in_humidityrelative_input"):
        try:
            # The files hold thousandths.
            texts.append(f"{int((device / name).read_text()) / 1000:.1f}")
        except (OSError, ValueError):
            texts.append("nan")
    return texts


def find(root):
    """The folder of the first DHT sensor below `root`, or None."""
    for folder in sorted(pathlib.Path(root).glob("iio:device*")):
        try:
            if (folder / "name").read_text().strip().startswith(("dht11", "dht22")):
                return folder
        except OSError:
            continue
    return None


def field(data):
    """A text or bytes with its length in front (MQTT 3.1.1, 1.5.3)."""
    data = data.encode() if isinstance(data, str) else data
    return len(data).to_bytes(2, "big") + data


def packet(first, body):
    """A packet with its remaining length (MQTT 3.1.1, 2.2.3)."""
    length, rest = b"", len(body)
    while True:
        rest, digit = divmod(rest, 128)
        length += bytes([digit | (0x80 if rest else 0)])
        if not rest:
            return bytes([first]) + length + body


class Broker:
    """A connection that publishes with QoS 1: what `publish` returns from is stored."""

    def __init__(self, options, status_topic):
        self.socket = socket.create_connection((options.broker, options.port), timeout=10)
        self.identifier = 0
        flags, credentials = 0x02 | 0x04 | 0x08 | 0x20, b""
        if options.user:
            flags |= 0x80 | 0x40
            credentials = field(options.user) + field(options.password)
        keep_alive = min(max(60, 3 * options.period), 65535)
        body = (
            field("MQTT") + bytes([4, flags]) + keep_alive.to_bytes(2, "big") + field(options.name)
            + field(status_topic) + field("offline") + credentials
        )
        self.socket.sendall(packet(0x10, body))
        answer = self.read()
        if answer[0] != 0x20 or answer[1][1] != 0:
            raise OSError(f"the broker refused the connection with code {answer[1][1]}")
        self.publish(status_topic, "online", retain=True)

    def read(self):
        head = self.exactly(2)
        return head[0], self.exactly(head[1])

    def exactly(self, count):
        data = b""
        while len(data) < count:
            part = self.socket.recv(count - len(data))
            if not part:
                raise OSError("the broker closed the connection")
            data += part
        return data

    def publish(self, topic, text, retain=False):
        self.identifier = self.identifier % 65535 + 1
        number = self.identifier.to_bytes(2, "big")
        self.socket.sendall(packet(0x30 | QOS_1 | (1 if retain else 0), field(topic) + number + text.encode()))
        while self.read() != (0x40, number):
            pass


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--broker", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=1883)
    parser.add_argument("--user")
    parser.add_argument("--password-file")
    parser.add_argument("--garage", default="home")
    parser.add_argument("--name", default="pi1", help="the device's and the sensor's name")
    parser.add_argument("--period", type=int, default=30, help="seconds between two measurements, at least 2")
    parser.add_argument("--sysfs", default="/sys/bus/iio/devices")
    parser.add_argument("--once", action="store_true", help="measure once and end")
    options = parser.parse_args()
    options.period = max(2, options.period)
    options.password = pathlib.Path(options.password_file).read_text().strip() if options.password_file else ""

    base = f"garage/{options.garage}"
    broker = None
    while True:
        started = time.monotonic()
        device = find(options.sysfs)
        temperature, humidity = values(device) if device else ("nan", "nan")
        try:
            broker = broker or Broker(options, f"{base}/device/{options.name}/status")
            broker.publish(f"{base}/sensor/{options.name}/temperature", temperature)
            broker.publish(f"{base}/sensor/{options.name}/humidity", humidity)
        except OSError as error:
            print(f"not sent: {error}", file=sys.stderr)
            broker = None
            if options.once:
                return 1
        if options.once:
            return 0
        time.sleep(max(0.0, options.period - (time.monotonic() - started)))


if __name__ == "__main__":
    sys.exit(main())
