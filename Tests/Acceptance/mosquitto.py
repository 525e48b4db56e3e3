"""`mosquitto_pub` and `mosquitto_sub` of Debian's mosquitto-clients."""

import subprocess
import threading

from waiting import eventually


def publish(garage, topic: str, message: str, *options: str) -> subprocess.CompletedProcess:
    """Publishes one message and fails if the broker does not take it."""
    host, port = garage.mqtt
    done = subprocess.run(
        ["mosquitto_pub", "-h", host, "-p", str(port), "-t", topic, "-m", message, *options],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=15,
    )
    assert done.returncode == 0, f"mosquitto_pub: {done.stderr}"
    return done


class Subscriber:
    """`mosquitto_sub` in the background; `with` waits until it is subscribed.

    Each received message is a line `<retained 0|1> <qos> <topic> <payload>`.
    """

    def __init__(self, garage, *filters: str, qos: int = 2, options: tuple[str, ...] = ()):
        host, port = garage.mqtt
        topics = [argument for filter in filters for argument in ("-t", filter)]
        self._command = [
            "stdbuf",
            "-oL",
            "mosquitto_sub",
            "-h",
            host,
            "-p",
            str(port),
            "-q",
            str(qos),
            "-d",
            "-F",
            "MESSAGE %r %q %t %p",
            *topics,
            *options,
        ]
        self.output: list[str] = []

    @property
    def lines(self) -> list[str]:
        """What was received, without mosquitto_sub's own debug lines."""
        return [line.removeprefix("MESSAGE ") for line in list(self.output) if line.startswith("MESSAGE ")]

    def __enter__(self) -> "Subscriber":
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        eventually(lambda: any("Subscribed" in line for line in list(self.output)), "the SUBACK of mosquitto_sub")
        return self

    def _read(self) -> None:
        for line in self._process.stdout:
            self.output.append(line.rstrip("\n"))

    def await_line(self, line: str, seconds: float = 10) -> None:
        eventually(lambda: line in self.lines, f"the line {line!r} from mosquitto_sub; got {self.lines}", seconds)

    def __exit__(self, *_) -> None:
        self._process.terminate()
        self._process.wait(10)
        self._reader.join(10)
        self._process.stdout.close()
