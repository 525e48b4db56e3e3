"""The bridge to another broker, against Debian's mosquitto."""

import subprocess

import pytest

from certificates import Authority
from device import GateDevice
from mosquitto import Subscriber, publish
from mosquitto_broker import Cable, Mosquitto
from service import run
from waiting import eventually


@pytest.fixture
def made():
    """Things that end with the test."""
    things = []
    yield things
    for thing in reversed(things):
        (thing.stop if hasattr(thing, "stop") else thing.close)()


@pytest.fixture
def other(tmp_path, made) -> Mosquitto:
    made.append(Mosquitto(tmp_path / "other"))
    return made[-1].start()


@pytest.fixture
def cable(other, made) -> Cable:
    made.append(Cable(other.mqtt))
    return made[-1]


@pytest.fixture
def bridged(make_garage, tmp_path):
    """A function that makes a service with one bridge, `house`, not started yet."""

    def make(port: int, *topics: str, extra: str = "", host: str = "127.0.0.1", **settings):
        file = tmp_path / "garage.yaml"
        entries = "\n".join(f"      - {{{topic}}}" for topic in topics)
        file.write_text(
            f"bridges:\n  house:\n    address: {host}:{port}\n    reconnect_maximum_seconds: 1\n"
            + "".join(f"    {line}\n" for line in extra.splitlines())
            + f"    topics:\n{entries}\n"
        )
        return make_garage("--config", str(file), **settings)

    return make


def is_up(garage) -> bool:
    checks = garage.request("GET", "/readyz").json()["checks"]
    return any(c["name"] == "bridge house" and c["detail"].startswith("connected") for c in checks)


def await_up(garage) -> None:
    eventually(lambda: is_up(garage), "the bridge to be connected", 20)


def await_down(garage) -> None:
    eventually(lambda: not is_up(garage), "the bridge to be disconnected", 20)


def metric(garage, name: str) -> float:
    lines = [line for line in garage.request("GET", "/metrics").text.splitlines() if line.startswith(name)]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_messages_cross_in_both_directions_under_their_names(bridged, other, version):
    garage = bridged(
        other.port,
        "topic: out/#, remote_prefix: site/",
        "topic: in/#, direction: in, local_prefix: far/",
        extra=f'version: "{version}"',
    ).start()
    await_up(garage)
    with Subscriber(other, "site/#") as there, Subscriber(garage, "far/#") as here:
        publish(garage, "out/a", "1", "-q", "1")
        publish(other, "in/b", "2", "-q", "1")
        there.await_line("0 1 site/out/a 1")
        here.await_line("0 1 far/in/b 2")
        # The RETAIN flag crosses with the message.
        publish(garage, "out/kept", "3", "-q", "1", "-r")
        publish(other, "in/kept", "4", "-q", "1", "-r")
        there.await_line("0 1 site/out/kept 3")
        here.await_line("0 1 far/in/kept 4")
    with Subscriber(other, "site/#") as late:
        late.await_line("1 1 site/out/kept 3")
    with Subscriber(garage, "far/#") as late:
        late.await_line("1 1 far/in/kept 4")


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_the_same_topics_both_ways_do_not_go_in_circles(bridged, other, version):
    garage = bridged(other.port, "topic: x/#, direction: both", extra=f'version: "{version}"').start()
    await_up(garage)
    with Subscriber(other, "x/#") as there, Subscriber(garage, "x/#") as here:
        publish(garage, "x/1", "from here", "-q", "1")
        publish(other, "x/2", "from there", "-q", "1")
        for end in (there, here):
            end.await_line("0 1 x/1 from here")
            end.await_line("0 1 x/2 from there")
        # Whatever went round would be ahead of these.
        publish(garage, "x/3", "end", "-q", "1")
        publish(other, "x/4", "end", "-q", "1")
        for end in (there, here):
            end.await_line("0 1 x/3 end")
            end.await_line("0 1 x/4 end")
            assert len(end.lines) == 4, end.lines


def test_a_ring_of_two_bridges_is_broken_by_the_path(bridged, other):
    """Two bridges between the same brokers: what goes out by one comes back by the other, once."""
    garage = bridged(
        other.port,
        "topic: ring/#",
        extra="",
    )
    file = garage.options[1]
    with open(file, "a") as text:
        text.write(
            f"  back:\n    address: 127.0.0.1:{other.port}\n    topics:\n      - {{topic: ring/#, direction: in}}\n"
        )
    garage.start()
    await_up(garage)
    with Subscriber(garage, "ring/#") as here:
        publish(garage, "ring/1", "once", "-q", "1")
        eventually(
            lambda: metric(garage, 'garage_mqtt_bridge_messages_dropped_total{bridge="back",reason="loop"}') == 1,
            "the loop to be noticed",
        )
        assert here.lines == ["0 1 ring/1 once"]


def test_nothing_is_lost_while_the_link_is_cut(bridged, other, cable):
    garage = bridged(cable.port, "topic: q/#", "topic: r/#, direction: in").start()
    await_up(garage)
    with Subscriber(other, "q/#") as there, Subscriber(garage, "r/#") as here:
        cable.cut()
        await_down(garage)
        for number in range(20):
            publish(garage, f"q/{number}", "waited", "-q", "1")
            publish(other, f"r/{number}", "waited", "-q", "1")
        assert there.lines == [] and here.lines == []
        cable.heal()
        for number in range(20):
            there.await_line(f"0 1 q/{number} waited", 20)
            here.await_line(f"0 1 r/{number} waited", 20)
    types = garage.types(type="bridge.connected,bridge.disconnected")
    assert types[:3] == ["bridge.connected", "bridge.disconnected", "bridge.connected"]


def test_what_was_acknowledged_survives_a_kill_while_the_link_is_cut(bridged, other, cable):
    garage = bridged(cable.port, "topic: q/#").start()
    await_up(garage)
    cable.cut()
    await_down(garage)
    for number in range(30):
        publish(garage, f"q/{number}", "kept", "-q", "1")
    garage.kill()
    with Subscriber(other, "q/#") as there:
        garage.start()
        cable.heal()
        for number in range(30):
            there.await_line(f"0 1 q/{number} kept", 20)
        assert [line.split()[2] for line in there.lines] == [f"q/{number}" for number in range(30)]


def test_the_other_broker_is_restarted(bridged, other):
    garage = bridged(other.port, "topic: q/#", "topic: r/#, direction: in").start()
    await_up(garage)
    other.stop()
    await_down(garage)
    publish(garage, "q/1", "waited", "-q", "1")
    other.start()
    await_up(garage)
    with Subscriber(garage, "r/#") as here:
        publish(other, "r/1", "again", "-q", "1")
        here.await_line("0 1 r/1 again")
    assert "house" in garage.log()


def test_the_queue_is_bounded_and_every_drop_is_counted(bridged, other, cable):
    garage = bridged(cable.port, "topic: q/#", extra="queue: {messages: 5, drop: oldest}").start()
    await_up(garage)
    cable.cut()
    await_down(garage)
    for number in range(12):
        publish(garage, f"q/{number}", "x", "-q", "1")
    dropped = 'garage_mqtt_bridge_messages_dropped_total{bridge="house",reason="queue_full"}'
    with Subscriber(other, "q/#") as there:
        cable.heal()
        there.await_line("0 1 q/11 x", 20)
        assert [line.split()[2] for line in there.lines] == [f"q/{number}" for number in range(7, 12)]
    eventually(lambda: metric(garage, dropped) == 7, "seven drops to be counted")
    assert "messages dropped" in garage.log()


def test_its_state_is_told_as_mosquitto_tells_it(bridged, other, cable):
    garage = bridged(cable.port, "topic: q/#").start()
    await_up(garage)
    with Subscriber(garage, "$SYS/broker/connection/#") as here:
        here.await_line("1 1 $SYS/broker/connection/house/state 1")
        cable.cut()
        here.await_line("0 1 $SYS/broker/connection/house/state 0")
    assert garage.request("GET", "/readyz").status_code == 200
    page = garage.request("GET", "/broker").text
    assert "house" in page and f"127.0.0.1:{cable.port}" in page
    assert metric(garage, 'garage_mqtt_bridge_connected{bridge="house"}') == 0


def test_tls_checks_the_authority_and_the_name(bridged, tmp_path, made):
    authority = Authority(tmp_path / "ca")
    certificate, key = authority.make("server", "/CN=localhost", "DNS:localhost")
    mine, my_key = authority.make("client", "/CN=garage")
    other = Mosquitto(
        tmp_path / "secure",
        f"cafile {authority.certificate}",
        f"certfile {certificate}",
        f"keyfile {key}",
        "require_certificate true",
        "use_identity_as_username true",
        "allow_anonymous false",
    )
    made.append(other)
    other.start()
    tls = f"tls: {{ca: {authority.certificate}, certificate: {mine}, key: {my_key}}}"
    garage = bridged(other.port, "topic: q/#", host="localhost", extra=tls).start()
    await_up(garage)
    assert garage.stop() == 0
    for wrong in (
        tls.replace("}", ", server_name: elsewhere.example}"),
        f"tls: {{ca: {Authority(tmp_path / 'stranger').certificate}, certificate: {mine}, key: {my_key}}}",
    ):
        garage = bridged(other.port, "topic: q/#", host="localhost", extra=wrong).start()
        eventually(lambda: "the bridge can't connect" in garage.log(), "the failure in the log")
        assert not is_up(garage)
        assert garage.stop() == 0


def test_a_wrong_password_is_told_and_stands_nowhere(bridged, tmp_path, made):
    passwords = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(passwords), "house", "right"], check=True)
    other = Mosquitto(tmp_path / "closed", "allow_anonymous false", f"password_file {passwords}")
    made.append(other)
    other.start()
    garage = bridged(
        other.port, "topic: q/#", extra="user: house\npassword: wrong-and-secret", environment={}
    ).start()
    eventually(lambda: "refused the connection" in garage.log(), "the refusal in the log")
    assert not is_up(garage)
    assert garage.request("GET", "/readyz").status_code == 200
    printed = garage.command("config", "print", "--config", garage.options[1])
    assert "bridges.house.password: (set)" in printed.stdout
    for text in (printed.stdout, printed.stderr, garage.log(), garage.request("GET", "/readyz").text):
        assert "wrong-and-secret" not in text
    assert garage.stop() == 0
    # From the environment, which wins.
    garage.environment["GARAGE_BRIDGES_HOUSE_PASSWORD"] = "right"
    garage.start()
    await_up(garage)


def test_a_command_over_the_bridge_needs_a_right_to_the_gate(bridged, other):
    topics = ("topic: garage/#, direction: both",)
    garage = bridged(other.port, *topics).start()
    device = GateDevice(garage, "front").start()
    try:
        await_up(garage)
        refused = 'garage_mqtt_bridge_messages_dropped_total{bridge="house"'
        publish(other, "garage/home/gate/front/command", "OPEN", "-q", "1")
        eventually(lambda: metric(garage, refused) >= 1, "the command to be refused")
        assert garage.types(type="gate.command-dispatched") == []
    finally:
        device.stop()


def test_a_command_of_a_trusted_bridge_moves_its_gate_and_no_old_one_does(bridged, other, cable):
    garage = bridged(cable.port, "topic: garage/#, direction: both", extra="gates: [front]").start()
    device = GateDevice(garage, "front").start()
    try:
        await_up(garage)
        cable.cut()
        await_down(garage)
        publish(other, "garage/home/gate/front/command", '{"action":"open","id":"old"}', "-q", "1")
        cable.heal()
        await_up(garage)
        stale = 'garage_mqtt_bridge_messages_dropped_total{bridge="house",reason="stale_command"}'
        eventually(lambda: metric(garage, stale) == 1, "the old command to be dropped")

        def sent() -> bool:
            publish(other, "garage/home/gate/front/command", "OPEN", "-q", "1")
            return garage.types(type="gate.command-completed") != []

        # Once the time is over in which a command may have waited, it is obeyed.
        eventually(sent, "the gate to be opened", 20, interval=1)
        asked = garage.await_event("gate.command-requested")
        assert asked["actor"] == "bridge:house"
        assert asked["data"]["command_id"] != "old"
        with Subscriber(other, "garage/#") as there:
            garage.post_command("close")
            garage.await_event("gate.closed", 20)
            there.await_line("0 1 garage/home/gate/front/state closed", 20)
            # What moves the door here is nobody's business there.
            assert not any("/actuate" in line or line.split()[2].endswith("/command") for line in there.lines)
    finally:
        device.stop()


def test_nobody_can_pretend_to_be_the_bridge(bridged, other):
    garage = bridged(other.port, "topic: q/#").start()
    await_up(garage)
    host, port = garage.mqtt
    done = subprocess.run(
        ["mosquitto_pub", "-h", host, "-p", str(port), "-i", "bridge:house", "-t", "q/1", "-m", "x"],
        capture_output=True, text=True, timeout=15,
    )
    assert done.returncode != 0
    assert is_up(garage)


@pytest.mark.parametrize(
    "lines, complaint",
    [
        ("address: nowhere\n    topics: [{topic: a}]", "address"),
        ("address: h:1", "topics"),
        ("address: h:1\n    topics: [{topic: 'a/#/b'}]", "a/#/b"),
        ("address: h:1\n    topics: [{topic: a, direction: sideways}]", "sideways"),
        ("address: h:1\n    colour: red\n    topics: [{topic: a}]", "colour"),
        ("address: h:1\n    gates: ['a b c.d']\n    topics: [{topic: a}]", "gates"),
        ("address: h:1\n    topics: [{topic: '$SYS/#', direction: in}]", "$"),
        ("address: h:1\n    topics: [{topic: a}, {topic: a, direction: both}]", "twice"),
        ("address: h:1\n    password: hush\n    topics: [{topic: a}]", "user"),
    ],
)
def test_mistakes_in_the_configuration_are_named(tmp_path, lines, complaint):
    file = tmp_path / "garage.yaml"
    file.write_text(f"bridges:\n  house:\n    {lines}\n")
    done = run("config", "check", "--config", str(file))
    assert done.returncode == 2
    assert complaint in done.stderr and "hush" not in done.stderr


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_a_route_that_is_taken_away_is_unsubscribed_from(bridged, other, version):
    extra = f'version: "{version}"'
    garage = bridged(other.port, "topic: old/#, direction: in", "topic: new/#, direction: in", extra=extra).start()
    await_up(garage)
    garage.stop()
    # The same data folder under another configuration.
    bridged(other.port, "topic: new/#, direction: in", extra=extra)
    garage.start()
    await_up(garage)
    assert "Received UNSUBSCRIBE" in other.log()
    with Subscriber(garage, "new/#") as here:
        publish(other, "old/1", "nobody wants this", "-q", "1")
        publish(other, "new/1", "wanted", "-q", "1")
        here.await_line("0 1 new/1 wanted")
    sent = [line for line in other.log().splitlines() if "Sending PUBLISH" in line and "'old/1'" in line]
    assert sent == []
