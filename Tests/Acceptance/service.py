"""The real binary as a child process, and its HTTP interface."""

import json
import os
import pathlib
import re
import signal
import subprocess

import requests

from waiting import eventually

BINARY = os.environ.get("GARAGE_BINARY", str(pathlib.Path(__file__).parents[2] / ".build" / "debug" / "garage"))


def clean_environment(**extra: str) -> dict[str, str]:
    """The environment of a child: no GARAGE_… setting of the machine reaches it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GARAGE_")}
    return {**kept, "TZ": "UTC", **extra}


def run(*arguments: str, timeout: float = 30, **options) -> subprocess.CompletedProcess:
    """Runs `garage` with these arguments to its end."""
    environment = clean_environment(**options.pop("env", {}))
    given = options.pop("stdin_text", None)
    return subprocess.run(
        [BINARY, *arguments],
        **({"stdin": subprocess.DEVNULL} if given is None else {"input": given}),
        capture_output=True,
        text=True,
        timeout=timeout,
        env=environment,
        **options,
    )


def host_and_port(address: str) -> tuple[str, int]:
    host, port = address.rsplit(":", 1)
    return host, int(port)


class Garage:
    """`garage serve` on a data folder and free ports. Can be started again after it has ended."""

    subcommand = "serve"
    listeners = ("--mqtt", "--mqtt-ws", "--http")

    def __init__(self, folder: pathlib.Path, *options: str, environment: dict[str, str] | None = None):
        self.folder = folder
        self.data = folder / "data"
        self.options = options
        # Tests close gates at any hour and with nobody there, unless they say otherwise.
        quiet = {
            "GARAGE_GATE_UNATTENDED_CLOSE": "device-warns",
            "GARAGE_GATE_COMMANDS_PER_MINUTE": "0",
            "GARAGE_ALERTS_NIGHT": "off",
        }
        self.environment = {**quiet, **(environment or {})}
        self.log_file = folder / "garage.log"
        self.process: subprocess.Popen | None = None
        self.addresses: dict = {}
        self.http = requests.Session()

    # Life

    def launch(self) -> "Garage":
        """Starts the process without waiting for it."""
        arguments = [BINARY, self.subcommand, "--data", str(self.data)]
        for option in self.listeners:
            if option not in self.options:
                arguments += [option, "127.0.0.1:0"]
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [*arguments, *self.options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=clean_environment(**self.environment),
                start_new_session=True,
            )
        return self

    def start(self, seconds: float = 30) -> "Garage":
        """Starts the process and waits until every listener is bound."""
        self.launch()
        self.addresses = eventually(self._listening, "listening.json", seconds)
        return self

    def _listening(self) -> dict | None:
        if self.process.poll() is not None:
            raise RuntimeError(f"garage ended with exit code {self.process.returncode}:\n{self.log()}")
        try:
            content = json.loads((self.data / "listening.json").read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        # After a kill the file of the previous run is still there.
        return content if content["pid"] == self.process.pid else None

    def stop(self, seconds: float = 5) -> int:
        """Asks the process to end and returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait(seconds)

    def wait(self, seconds: float = 10) -> int:
        return self.process.wait(seconds)

    def kill(self) -> None:
        """Power loss, as far as a process can have it."""
        self.process.kill()
        self.process.wait(10)

    def restart(self) -> "Garage":
        assert self.stop() == 0
        return self.start()

    def close(self) -> None:
        self.http.close()
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)

    def log(self) -> str:
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def command(self, *arguments: str, **options) -> subprocess.CompletedProcess:
        """Runs another `garage` command on the same data folder."""
        return run(*arguments, "--data", str(self.data), **options)

    # Addresses

    @property
    def mqtt(self) -> tuple[str, int]:
        return host_and_port(self.addresses["mqtt"])

    @property
    def websocket(self) -> tuple[str, int]:
        return host_and_port(self.addresses["mqtt_ws"])

    @property
    def url(self) -> str:
        return f"http://{self.addresses['http']}"

    # HTTP

    def request(self, method: str, path: str, **options) -> requests.Response:
        return self.http.request(method, self.url + path, timeout=10, **options)

    def get(self, path: str, **parameters) -> dict:
        """The JSON answer of `GET /api/v1<path>`."""
        answer = self.request("GET", "/api/v1" + path, params=parameters)
        assert answer.status_code == 200, f"GET {answer.url} gave {answer.status_code}: {answer.text}"
        assert "json" in answer.headers["Content-Type"], answer.headers["Content-Type"]
        return answer.json()

    def pages(self, path: str, **parameters):
        """The answers of a list, page after page, as `Link: rel="next"` leads."""
        answer = self.request("GET", "/api/v1" + path, params=parameters)
        while True:
            assert answer.status_code == 200, f"GET {answer.url} gave {answer.status_code}: {answer.text}"
            yield answer.json()
            if "next" not in answer.links:
                return
            answer = self.http.get(requests.compat.urljoin(self.url, answer.links["next"]["url"]), timeout=10)

    def events(self, **filters) -> list[dict]:
        """Every event that the filters let through, oldest first."""
        parameters = {"order": "asc", "limit": 1000, **filters}
        return [event for page in self.pages("/events", **parameters) for event in page["events"]]

    def types(self, **filters) -> list[str]:
        return [event["type"] for event in self.events(**filters)]

    def await_event(self, type: str, seconds: float = 10, count: int = 1, **filters) -> dict:
        """The `count`-th event of this type, once it is there."""
        return eventually(
            lambda: self.events(type=type, **filters)[count - 1 : count], f"{count} × {type} {filters or ''}", seconds
        )[0]

    def gate(self, id: str = "home.front") -> dict | None:
        return self.one("gates", id)

    def one(self, kind: str, id: str) -> dict | None:
        """One row of a list by its id; `None` if it is not there."""
        return next((row for row in self.get(f"/{kind}")[kind] if row["id"] == id), None)

    def post_command(self, action: str, gate: str = "home.front", headers: dict | None = None, **fields):
        return self.request(
            "POST", f"/api/v1/gates/{gate}/commands", json={"action": action, **fields}, headers=headers or {}
        )


class Broker(Garage):
    """`garage broker`. It has no data folder to write its addresses to, so they are read from its log."""

    subcommand = "broker"
    listeners = ("--mqtt", "--mqtt-ws")

    def _listening(self) -> dict | None:
        found = dict(re.findall(r"msg=listening (mqtt|mqtt_ws)=(\S+)", self.log()))
        return found if len(found) == 2 else None
