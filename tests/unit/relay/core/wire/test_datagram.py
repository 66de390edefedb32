"""Telling datagrams apart by their first bytes."""

import pytest

from relay.core.wire.datagram import DatagramKind, classify


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"\x00\x01", DatagramKind.STUN),
        (b"\x03\x01", DatagramKind.STUN),
        (b"\x04\x01", DatagramKind.UNKNOWN),
        (b"\x13\x00", DatagramKind.UNKNOWN),
        (b"\x14\xfe", DatagramKind.DTLS),
        (b"\x3f\xfe", DatagramKind.DTLS),
        (b"\x40\x00", DatagramKind.UNKNOWN),  # TURN channel data
        (b"\x80\x60", DatagramKind.RTP),
        (b"\x90\xe0", DatagramKind.RTP),  # marker bit and payload type 96
        (b"\x80\xbf", DatagramKind.RTP),
        (b"\x80\xc0", DatagramKind.RTCP),
        (b"\x81\xdf", DatagramKind.RTCP),
        (b"\xc0\x00", DatagramKind.UNKNOWN),
    ],
)
def test_kinds(start: bytes, kind: DatagramKind) -> None:
    assert classify(start + bytes(20)) is kind


def test_short_ones_are_unknown() -> None:
    assert classify(b"") is DatagramKind.UNKNOWN
    assert classify(b"\x00\x01") is DatagramKind.UNKNOWN
    assert classify(b"\x80\x60" + bytes(9)) is DatagramKind.UNKNOWN
    assert classify(b"\x80\xc8" + bytes(6)) is DatagramKind.RTCP
