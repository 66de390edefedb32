"""Ends of pipes: made for the other side, and checked when they come from there."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import secrets

from relay.aiortc_adapter import KeyedSrtp
from relay.api import PipeEnd

PIPE_ID_BYTES = 8  # random: who has not been told cannot guess it
_MAX_PORT = 65535


class FarEnd:
    """The other end, checked.

    Attributes:
        address: as `socket.sendto` takes it.
        pipe_id: before each datagram.
        key: SRTP master key and salt.
    """

    def __init__(self, end: PipeEnd, *, version: int) -> None:
        """Check `end`; `version` is the IP version of the socket here.

        Raises:
            ValueError: it cannot be used; the message names the field, and never the key.
        """
        try:
            host = ipaddress.ip_address(end.host)
        except ValueError:
            raise ValueError("host: not an IP address") from None
        if host.version != version:
            raise ValueError(f"host: pipes of this relay use IPv{version}")
        if host.is_unspecified or host.is_multicast or not 0 < end.port <= _MAX_PORT:
            raise ValueError("host, port: nobody can be reached there")
        self.address = (host.compressed, end.port)
        self.pipe_id = _read(end.pipe_id, "pipe_id", PIPE_ID_BYTES, bytes.fromhex)
        self.key = _read(end.key, "key", KeyedSrtp.KEY_BYTES, _from_base64)


def _from_base64(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _read(text: str, field: str, size: int, read: object) -> bytes:
    assert callable(read)
    try:
        data: bytes = read(text) if len(text) <= 3 * size else b""
    except (ValueError, binascii.Error):
        data = b""
    if len(data) != size:
        raise ValueError(f"{field}: not {size} bytes")
    return data


def new_key() -> bytes:
    """A fresh SRTP master key with its salt."""
    return secrets.token_bytes(KeyedSrtp.KEY_BYTES)


def end_of(host: str, port: int, pipe_id: bytes, key: bytes) -> PipeEnd:
    """An end, to be told to the other side."""
    text = base64.urlsafe_b64encode(key).rstrip(b"=").decode()
    return PipeEnd(host, port, pipe_id.hex(), text)
