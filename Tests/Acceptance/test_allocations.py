"""What the whole broker asks for memory in steady traffic over TCP, from the socket to the store.

The core alone asks for none (`deploy/fuzz allocations`); here is what the sockets, the store and the host add. The limits
are for a debug build, which asks for more than one that is optimised.
"""

import socket
import struct

import pytest

from service import host_and_port

BATCH = 100
PAYLOAD = b"x" * 64


def string(text: str) -> bytes:
    return struct.pack(">H", len(text)) + text.encode()


class Peer:
    """An MQTT 3.1.1 client whose packets all are shorter than 128 bytes."""

    def __init__(self, broker, name: str, clean: bool):
        self.socket = socket.create_connection(host_and_port(broker.addresses["mqtt"]), timeout=20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""
        self.send(0x10, string("MQTT") + bytes([4, 2 if clean else 0, 0, 0]) + string(name))
        self.take(0x20, 1)

    def send(self, first: int, body: bytes) -> None:
        self.socket.sendall(bytes([first, len(body)]) + body)

    def take(self, kind: int, count: int) -> list[bytes]:
        """Waits for so many packets of this kind, acknowledges publishes, and returns their bodies."""
        found = []
        while len(found) < count:
            data = self.socket.recv(65536)
            assert data, "the broker has closed the connection"
            data, at = self.rest + data, 0
            answers = bytearray()
            while at + 2 <= len(data) and at + 2 + data[at + 1] <= len(data):
                first, body = data[at], data[at + 2 : at + 2 + data[at + 1]]
                at += 2 + len(body)
                if first & 0xF0 == kind:
                    found.append(body)
                if first & 0xF6 == 0x32:
                    topic = struct.unpack_from(">H", body)[0]
                    answers += bytes([0x40, 2]) + body[2 + topic : 4 + topic]
            self.rest = data[at:]
            if answers:
                self.socket.sendall(answers)
        return found


def publishes(qos: int) -> bytes:
    body = string("bench/topic")
    batch = bytearray()
    for number in range(1, BATCH + 1):
        packet = body + (struct.pack(">H", number) if qos else b"") + PAYLOAD
        batch += bytes([0x30 | qos << 1, len(packet)]) + packet
    return bytes(batch)


@pytest.mark.parametrize(
    "qos, clean, limit", [(0, True, 3), (1, True, 10), (1, False, 140)], ids=["qos-0", "qos-1", "qos-1-stored"]
)
def test_a_message_asks_for_little_memory(make_broker, counted_memory, tmp_path, qos, clean, limit):
    file = tmp_path / "count"
    file.write_bytes(bytes(8))
    broker = make_broker(environment={"LD_PRELOAD": str(counted_memory), "COUNTED_MEMORY": str(file)}).start()
    subscriber, publisher = Peer(broker, "subscriber", clean), Peer(broker, "publisher", clean)
    subscriber.send(0x82, struct.pack(">H", 1) + string("bench/#") + bytes([qos]))
    subscriber.take(0x90, 1)
    batch = publishes(qos)

    def run(batches: int) -> None:
        for _ in range(batches):
            publisher.socket.sendall(batch)
            assert len(subscriber.take(0x30, BATCH)) == BATCH
            if qos:
                publisher.take(0x40, BATCH)

    def asked() -> int:
        return struct.unpack("<Q", file.read_bytes())[0]

    def each() -> float:
        before = asked()
        run(20)
        return (asked() - before) / (20 * BATCH)

    run(20)
    assert asked() > 1000, "nothing is counted"
    # How many messages the store takes at a time depends on who gets the processor when, and each time costs something:
    # what a message costs beside is in the best of the rounds.
    rounds = sorted(each() for _ in range(10))
    print(f"QoS {qos}, {'clean' if clean else 'stored'}: {rounds[0]:.2f} to {rounds[-1]:.2f} allocations per message")
    assert rounds[0] <= limit
