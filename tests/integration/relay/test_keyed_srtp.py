"""SRTP under a key that was told: what pipes take from libsrtp."""

from __future__ import annotations

import secrets

import pytest

from relay.aiortc_adapter import MAX_PLAIN_BYTES, KeyedSrtp, SrtpError
from relay.core.wire import rtcp_writer, rtp

TAG_BYTES = 16  # AES-128-GCM, RFC 7714


def two_ends(prefix: bytes = b"") -> tuple[KeyedSrtp, KeyedSrtp]:
    key = secrets.token_bytes(KeyedSrtp.KEY_BYTES)
    return KeyedSrtp(key, inbound=False, prefix=prefix), KeyedSrtp(key, inbound=True)


def packet(number: int, ssrc: int = 7, size: int = 100) -> bytes:
    return rtp.build(96, number, 0, ssrc, bytes(size))


def test_what_is_protected_stands_behind_the_prefix_and_comes_back() -> None:
    sender, receiver = two_ends(b"12345678")
    for number in range(3):
        plain = packet(number)
        protected = bytes(sender.rtp(plain))
        assert protected[:8] == b"12345678"
        assert len(protected) == 8 + len(plain) + TAG_BYTES
        assert bytes(receiver.rtp(protected[8:])) == plain
    report = rtcp_writer.receiver_report(1)
    assert bytes(receiver.rtcp(bytes(sender.rtcp(report))[8:])) == report


def test_forgeries_replays_and_other_keys_are_errors() -> None:
    sender, receiver = two_ends()
    good = bytes(sender.rtp(packet(1)))
    with pytest.raises(SrtpError):
        receiver.rtp(good[:-1] + bytes([good[-1] ^ 1]))
    receiver.rtp(good)
    with pytest.raises(SrtpError):
        receiver.rtp(good)
    with pytest.raises(SrtpError):
        two_ends()[1].rtp(good)
    for junk in (b"", b"\x80", good[:12], b"\x80" * 2100):
        with pytest.raises(SrtpError):
            receiver.rtp(junk)


def test_a_packet_that_is_too_long_is_an_error() -> None:
    sender, receiver = two_ends()
    largest = packet(1, size=MAX_PLAIN_BYTES - rtp.HEADER_BYTES)
    assert bytes(receiver.rtp(bytes(sender.rtp(largest)))) == largest
    with pytest.raises(SrtpError):
        sender.rtp(largest + b"\0")


def test_numbers_that_seem_old_are_not_sent_again() -> None:
    """The reason for which pipes move sequence numbers (`relay/core/piping/stream.py`)."""
    sender, _ = two_ends()
    sender.rtp(packet(50_000))
    with pytest.raises(SrtpError):
        sender.rtp(packet(40_000))


def test_a_forgotten_stream_begins_anew() -> None:
    sender, receiver = two_ends()
    good = bytes(sender.rtp(packet(1)))
    receiver.rtp(good)
    receiver.forget(7)
    assert bytes(receiver.rtp(good)) == packet(1)  # nothing of it was kept
    receiver.forget(7)
    receiver.forget(7)
    receiver.forget(8)
