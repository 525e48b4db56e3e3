"""The client's side of SCRAM-SHA-256 (RFC 7677) in MQTT 5, over a bare socket."""

import base64
import hashlib
import hmac
import struct

from wire import Wire, packet, remaining_length, text

METHOD = "SCRAM-SHA-256"


def _properties(data: str) -> bytes:
    encoded = b"\x15" + text(METHOD) + b"\x16" + text(data)
    return remaining_length(len(encoded)) + encoded


def _hmac(key: bytes, message: str) -> bytes:
    return hmac.new(key, message.encode(), hashlib.sha256).digest()


def _data(properties: bytes) -> str:
    """The authentication data in a block of properties."""
    start = properties.index(b"\x16", properties.index(METHOD.encode()) + len(METHOD))
    (length,) = struct.unpack(">H", properties[start + 1 : start + 3])
    return properties[start + 3 : start + 3 + length].decode()


class Login:
    """One login of a device, after which `succeeded` says how it ended and `secrets` what nobody else may learn."""

    def __init__(self, garage, name: str, password: str):
        nonce = "cHJvYmUtbm9uY2UtMTIz"
        first = f"n={name},r={nonce}"
        with Wire(garage) as wire:
            start = text("MQTT") + b"\x05\x02\x00\x3c" + _properties("n,," + first) + text(name)
            kind, body = wire.send(packet(0x10, start)).receive()
            assert kind == 0xF0 and body[0] == 0x18, (hex(kind), body)
            challenge = _data(body[1:])
            fields = dict(field.split("=", 1) for field in challenge.split(","))
            assert fields["r"].startswith(nonce)
            salt, rounds = base64.b64decode(fields["s"]), int(fields["i"])
            salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds)
            client_key = _hmac(salted, "Client Key")
            stored_key, server_key = hashlib.sha256(client_key).digest(), _hmac(salted, "Server Key")
            final = f"c=biws,r={fields['r']}"
            whole = f"{first},{challenge},{final}"
            proof = bytes(a ^ b for a, b in zip(client_key, _hmac(stored_key, whole)))
            answer = f"{final},p={base64.b64encode(proof).decode()}"
            kind, body = wire.send(packet(0xF0, b"\x18" + _properties(answer))).receive()
            self.succeeded = kind == 0x20 and body[1] == 0
            if self.succeeded:
                signature = base64.b64encode(_hmac(server_key, whole)).decode()
                assert _data(body[2:]) == f"v={signature}"
        # What is kept of a device shows neither its password nor what logs in as it.
        self.secrets = [password, *(form for key in (salted, client_key, proof) for form in _forms(key))]
        # Kept to check logins by, but told to nobody.
        self.kept = [form for key in (stored_key, server_key) for form in _forms(key)]


def _forms(key: bytes) -> list[str]:
    return [base64.b64encode(key).decode(), key.hex()]
