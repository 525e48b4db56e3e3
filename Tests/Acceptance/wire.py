"""MQTT by hand on a bare socket, for what no client library does: bad bytes, and every acknowledgement counted."""

import socket
import struct


def text(value: str) -> bytes:
    encoded = value.encode()
    return struct.pack(">H", len(encoded)) + encoded


def remaining_length(length: int) -> bytes:
    encoded = bytearray()
    while True:
        length, digit = divmod(length, 128)
        encoded.append(digit | (0x80 if length else 0))
        if not length:
            return bytes(encoded)


def packet(first: int, body: bytes) -> bytes:
    return bytes([first]) + remaining_length(len(body)) + body


def connect(client_id: str, level: int = 4, keep_alive: int = 60, clean: bool = True) -> bytes:
    properties = b"\x00" if level == 5 else b""
    flags = 0x02 if clean else 0x00
    return packet(
        0x10, text("MQTT") + bytes([level, flags]) + struct.pack(">H", keep_alive) + properties + text(client_id)
    )


def publish(
    topic: str, payload: bytes, packet_id: int = 0, qos: int = 0, retain: bool = False, dup: bool = False
) -> bytes:
    """A PUBLISH of MQTT 3.1.1."""
    identifier = struct.pack(">H", packet_id) if qos else b""
    return packet(0x30 | dup << 3 | qos << 1 | retain, text(topic) + identifier + payload)


class Wire:
    """One connection."""

    def __init__(self, garage):
        self.socket = socket.create_connection(garage.mqtt, timeout=10)
        self._received = bytearray()

    def send(self, data: bytes) -> "Wire":
        self.socket.sendall(data)
        return self

    def connect(self, client_id: str, **options) -> "Wire":
        self.send(connect(client_id, **options))
        first, body = self.receive()
        assert first == 0x20 and body[1] == 0, f"CONNACK {first:#x} {body.hex()}"
        return self

    def receive(self) -> tuple[int, bytes]:
        """The next packet: its first byte and its body. Raises ConnectionError if the peer closes."""
        while True:
            parsed = self._parse()
            if parsed:
                return parsed
            chunk = self.socket.recv(65536)
            if not chunk:
                raise ConnectionError("closed by the peer")
            self._received += chunk

    def _parse(self) -> tuple[int, bytes] | None:
        length, shift, index = 0, 0, 1
        while True:
            if index >= len(self._received):
                return None
            digit = self._received[index]
            index += 1
            length |= (digit & 0x7F) << shift
            shift += 7
            if not digit & 0x80:
                break
        if len(self._received) < index + length:
            return None
        first, body = self._received[0], bytes(self._received[index : index + length])
        del self._received[: index + length]
        return first, body

    def await_close(self, seconds: float = 10) -> bytes:
        """What still arrives until the peer closes; fails if it does not close in time."""
        self.socket.settimeout(seconds)
        rest = bytearray(self._received)
        try:
            while chunk := self.socket.recv(65536):
                rest += chunk
        except ConnectionResetError:
            pass
        except TimeoutError:
            raise AssertionError(f"the connection was not closed within {seconds} s; received {rest.hex()}") from None
        return bytes(rest)

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_) -> None:
        self.close()
