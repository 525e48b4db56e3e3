"""Fixtures. `garage` is a running service on a fresh folder; `make_garage` makes more of them."""

import pathlib
import shutil
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from browser import Browser  # noqa: E402
from device import GateDevice  # noqa: E402
from service import BINARY, Broker, Garage  # noqa: E402


def pytest_configure(config):
    if not pathlib.Path(BINARY).exists():
        raise pytest.UsageError(f"there is no program at {BINARY}; build it with: swift build --product garage")


@pytest.fixture
def make_garage(tmp_path, request):
    """A function that makes a service, not started yet, with its own folder. All of them end with the test."""
    made = []

    def make(*options: str, kind: type[Garage] = Garage, **settings) -> Garage:
        folder = tmp_path / f"garage-{len(made) + 1}"
        folder.mkdir()
        made.append(kind(folder, *options, **settings))
        return made[-1]

    yield make
    for service in made:
        service.close()
    outcome = getattr(request.node, "outcome_of_call", None)
    if outcome is not None and outcome.failed:
        for service in made:
            lines = service.log().splitlines()
            print(f"\n--- log of {service.folder.name} (last {min(80, len(lines))} of {len(lines)} lines)")
            print("\n".join(lines[-80:]))
    for service in made:
        # A trap in Swift prints this before it ends the process; no input may cause one.
        assert "Fatal error" not in service.log(), service.log()[-4000:]


@pytest.fixture
def make_broker(make_garage):
    """As `make_garage`, for `garage broker`."""
    return lambda *options, **settings: make_garage(*options, kind=Broker, **settings)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.when == "call":
        item.outcome_of_call = report


@pytest.fixture
def garage(make_garage) -> Garage:
    """A running service."""
    return make_garage().start()


@pytest.fixture
def gate_device(garage):
    """A device that works the gate `front` as it is told."""
    device = GateDevice(garage, "front").start()
    yield device
    device.stop()


def c_compiler(name: str) -> str:
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if not compiler:
        pytest.skip(f"there is no C compiler to make {name} with")
    return compiler


def preloaded(folder: pathlib.Path, name: str) -> pathlib.Path:
    """A library that is preloaded into the service, compiled."""
    compiler = c_compiler(name)
    library = folder / f"{name}.so"
    source = pathlib.Path(__file__).with_name(f"{name}.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"], check=True)
    return library


@pytest.fixture(scope="session")
def c_client(tmp_path_factory) -> pathlib.Path:
    """A program with Eclipse Paho's C library, compiled: `stock_client.c`."""
    program = tmp_path_factory.mktemp("stock") / "stock_client"
    source = pathlib.Path(__file__).with_name("stock_client.c")
    made = subprocess.run(
        [c_compiler("stock_client"), "-O1", "-Wall", "-Werror", "-o", str(program), str(source), "-lpaho-mqtt3cs"],
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, f"deploy/test installs what this needs (libpaho-mqtt-dev):\n{made.stderr}"
    return program


@pytest.fixture(scope="session")
def shim(tmp_path_factory) -> pathlib.Path:
    """A disk that fails."""
    return preloaded(tmp_path_factory.mktemp("shim"), "faulty_disk")


@pytest.fixture(scope="session")
def settable_clock(tmp_path_factory) -> pathlib.Path:
    """A wall clock that a test sets."""
    return preloaded(tmp_path_factory.mktemp("clock"), "settable_clock")


@pytest.fixture(scope="session")
def counted_memory(tmp_path_factory) -> pathlib.Path:
    """Counts how often the service asks for memory."""
    return preloaded(tmp_path_factory.mktemp("memory"), "counted_memory")


@pytest.fixture(scope="session")
def chromium():
    """One headless Chromium for all tests of the pages."""
    browser = Browser()
    yield browser
    browser.close()


@pytest.fixture
def browser(chromium) -> Browser:
    """The browser, on an empty page and with nothing in its log."""
    chromium.reset()
    return chromium
