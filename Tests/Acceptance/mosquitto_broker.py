"""Debian's mosquitto as the other broker, and a way to it that can be cut."""

import getpass
import pathlib
import socket
import subprocess
import threading

from waiting import eventually

PROGRAM = next((path for path in ("/usr/sbin/mosquitto", "/usr/bin/mosquitto") if pathlib.Path(path).exists()), None)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Mosquitto:
    """A broker on a port of its own that keeps its sessions on disk. `mqtt` is its address, as a service has it."""

    def __init__(self, folder: pathlib.Path, *settings: str):
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.mqtt = ("127.0.0.1", self.port)
        self._log = folder / "mosquitto.log"
        self._file = folder / "mosquitto.conf"
        lines = settings or ("allow_anonymous true",)
        self._file.write_text(
            "\n".join([f"listener {self.port} 127.0.0.1", f"user {getpass.getuser()}", *lines])
            + f"\npersistence true\npersistence_location {folder}/\nautosave_interval 1\nlog_type all\n"
        )
        self._process = None

    def start(self) -> "Mosquitto":
        with self._log.open("ab") as log:
            self._process = subprocess.Popen([PROGRAM, "-c", str(self._file)], stdout=log, stderr=log)
        eventually(self._answers, "mosquitto to listen")
        return self

    def _answers(self) -> bool:
        try:
            socket.create_connection(self.mqtt, timeout=1).close()
            return True
        except OSError:
            return False

    def stop(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(10)

    def log(self) -> str:
        return self._log.read_text(errors="replace")


class Cable:
    """Forwards TCP connections to an address, until it is cut."""

    def __init__(self, target: tuple[str, int]):
        self._target = target
        self._ends: list[socket.socket] = []
        self._lock = threading.Lock()
        self._whole = True
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(self._target, timeout=5)
            except OSError:
                near.close()
                continue
            with self._lock:
                if not self._whole:
                    near.close()
                    far.close()
                    continue
                self._ends += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self) -> None:
        with self._lock:
            self._whole = False
            ends, self._ends = self._ends, []
        for end in ends:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()

    def heal(self) -> None:
        with self._lock:
            self._whole = True

    def close(self) -> None:
        self.cut()
        self._listener.close()
