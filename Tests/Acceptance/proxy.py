"""What a balancer sends in front of a connection: the PROXY protocol, version 2, by hand."""

import ipaddress
import struct

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"

# The balancer speaks for itself, for example to see whether the service is there.
LOCAL = SIGNATURE + b"\x20\x00\x00\x00"


def header(client: str, port: int = 50000, extras: bytes = b"") -> bytes:
    """A connection of `client`."""
    source = ipaddress.ip_address(client)
    balancer = ipaddress.ip_address("192.0.2.1" if source.version == 4 else "2001:db8::ffff")
    body = source.packed + balancer.packed + struct.pack(">HH", port, 443) + extras
    return SIGNATURE + (b"\x21\x11" if source.version == 4 else b"\x21\x21") + struct.pack(">H", len(body)) + body
