"""Bytes that are no MQTT: they cost the sender its connection, and nobody else anything."""

import pytest

import wire
from service import Garage
from waiting import eventually
from wire import Wire, packet

BAD_AFTER_CONNECT = {
    "reserved packet type 0": b"\x00\x00",
    "type 15 in version 3.1.1": packet(0xF0, b""),
    "a server's packet": packet(0x20, b"\x00\x00"),
    "a second CONNECT": wire.connect("again"),
    "quality of service 3": packet(0x36, wire.text("a") + b"\x00\x01x"),
    "a PUBLISH without a topic": packet(0x30, b""),
    "a topic longer than the packet": packet(0x30, b"\xff\xff"),
    "a wildcard in a topic": packet(0x30, wire.text("a/#") + b"x"),
    "an empty topic": packet(0x30, wire.text("") + b"x"),
    "a zero byte in a topic": packet(0x30, wire.text("a\0b") + b"x"),
    "a topic that is no UTF-8": packet(0x30, b"\x00\x02\xc3\x28x"),
    "packet identifier 0": packet(0x32, wire.text("a") + b"\x00\x00x"),
    "SUBSCRIBE with wrong flags": packet(0x80, b"\x00\x01" + wire.text("a") + b"\x00"),
    "SUBSCRIBE without a filter": packet(0x82, b"\x00\x01"),
    "SUBSCRIBE with a bad filter": packet(0x82, b"\x00\x01" + wire.text("a/#/b") + b"\x00"),
    "SUBSCRIBE to quality of service 3": packet(0x82, b"\x00\x01" + wire.text("a") + b"\x03"),
    "a length of five bytes": b"\x30\xff\xff\xff\xff\x01",
    "PINGREQ with a body": packet(0xC0, b"x"),
    "PUBREL with wrong flags": packet(0x60, b"\x00\x01"),
}

BAD_AT_FIRST = {
    "HTTP": b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "TLS": bytes.fromhex("16030100c8010000c40303") + bytes(194),
    "PUBLISH before CONNECT": wire.publish("a", b"x"),
    "another protocol's name": packet(0x10, wire.text("MQTX") + b"\x04\x02\x00\x3c" + wire.text("x")),
    "the reserved flag of CONNECT": packet(0x10, wire.text("MQTT") + b"\x04\x03\x00\x3c" + wire.text("x")),
    "CONNECT cut short by its own length": packet(0x10, wire.text("MQTT") + b"\x04"),
    "will quality of service 3": packet(0x10, wire.text("MQTT") + b"\x04\x1e\x00\x3c" + wire.text("x") * 3),
    "a huge length": b"\x10\xff\xff\xff\x7f",
}


@pytest.fixture(scope="module")
def shared(tmp_path_factory) -> Garage:
    """One service for all of these: it must still be well after the last."""
    service = Garage(tmp_path_factory.mktemp("malformed")).start()
    yield service
    alive = service.process.poll() is None
    log = service.log()
    service.close()
    assert alive and "Fatal error" not in log, log[-4000:]


@pytest.fixture
def bystander(shared):
    """Another client, which must not notice anything."""
    with Wire(shared).connect("bystander") as other:
        yield other
        other.send(packet(0xC0, b""))
        assert other.receive() == (0xD0, b"")
        assert shared.request("GET", "/healthz").status_code == 200


@pytest.mark.parametrize("name", BAD_AFTER_CONNECT)
def test_after_connect(shared, bystander, name):
    with Wire(shared).connect("culprit") as culprit:
        culprit.send(BAD_AFTER_CONNECT[name])
        assert culprit.await_close() == b"", "version 3.1.1 knows no answer to an error"


@pytest.mark.parametrize("name", BAD_AFTER_CONNECT)
def test_after_connect_byte_by_byte(shared, bystander, name):
    with Wire(shared).connect("culprit") as culprit:
        try:
            for byte in BAD_AFTER_CONNECT[name]:
                culprit.send(bytes([byte]))
        except (BrokenPipeError, ConnectionResetError):
            pass  # Closed before the last byte, which is as good.
        culprit.await_close()


@pytest.mark.parametrize("name", BAD_AT_FIRST)
def test_before_connect(shared, bystander, name):
    with Wire(shared) as culprit:
        culprit.send(BAD_AT_FIRST[name])
        culprit.await_close()


def test_version_5_is_told_why(shared, bystander):
    with Wire(shared).connect("culprit", level=5) as culprit:
        culprit.send(packet(0x36, wire.text("a") + b"\x00\x01\x00x"))
        first, body = culprit.receive()
        assert (first, body[0]) == (0xE0, 0x81), "DISCONNECT with 'malformed packet'"
        culprit.await_close()


def test_an_unknown_version_is_refused_with_a_return_code(shared, bystander):
    with Wire(shared) as culprit:
        culprit.send(packet(0x10, wire.text("MQTT") + b"\x09\x02\x00\x3c" + wire.text("x")))
        answer = culprit.await_close()
        assert answer[0] == 0x20 and answer[3] in (0x01, 0x84), answer.hex()


def test_the_log_says_why_in_one_line(shared, bystander):
    before = len(shared.log().splitlines())
    with Wire(shared).connect("culprit-in-the-log") as culprit:
        culprit.send(packet(0x36, wire.text("a") + b"\x00\x01x"))
        culprit.await_close()

    line = eventually(
        lambda: [
            line
            for line in shared.log().splitlines()[before:]
            if "culprit-in-the-log" in line and "reason" in line.lower()
        ],
        "a log line that names the client and the reason",
    )
    assert len(line) == 1


def test_keep_alive_is_enforced(shared, bystander):
    with Wire(shared).connect("silent", keep_alive=1) as silent:
        assert silent.await_close(seconds=5) == b""
