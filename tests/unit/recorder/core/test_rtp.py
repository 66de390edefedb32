"""RTP headers and counters that wrap."""

import struct

from recorder.core.rtp import Unwrapper, parse_rtp
from tests.support.rtp_media import rtp_packet


def test_a_plain_packet() -> None:
    packet = parse_rtp(rtp_packet(65535, 0xFFFFFFFF, b"abc", marker=True))
    assert packet is not None
    assert (packet.sequence, packet.timestamp, packet.marker) == (65535, 0xFFFFFFFF, True)
    assert packet.payload == b"abc"


def test_csrcs_extension_and_padding_are_no_payload() -> None:
    data = struct.pack(">BBHIIII", 0xB2, 96, 1, 2, 3, 4, 5)
    data += b"\xbe\xde\x00\x01" + b"ext!" + b"payload" + b"\x00\x00\x03"
    packet = parse_rtp(data)
    assert packet is not None
    assert packet.payload == b"payload"


def test_a_padding_packet_has_an_empty_payload() -> None:
    packet = parse_rtp(b"\xa0" + rtp_packet(1, 2, b"\x00" * 9 + b"\x0a")[1:])
    assert packet is not None
    assert packet.payload == b""


def test_malformed_packets_are_refused() -> None:
    good = rtp_packet(1, 2, b"abcd")
    for bad in (
        b"",
        good[:11],
        b"\x40" + good[1:],  # version 1
        b"\x8f" + good[1:],  # more CSRCs than bytes
        b"\x90" + good[1:],  # an extension longer than the packet
        b"\xa0" + good[1:-1] + b"\xff",  # more padding than bytes
        b"\xa0" + good[1:-1] + b"\x00",
    ):
        assert parse_rtp(bad) is None


def test_a_counter_is_followed_through_wraps_both_ways() -> None:
    unwrapper = Unwrapper(16)
    values = [65534, 65535, 0, 65535, 1, 2]
    assert [unwrapper.extend(value) for value in values] == [
        65534,
        65535,
        65536,
        65535,
        65537,
        65538,
    ]
    assert unwrapper.near(65000) == 65000
    assert unwrapper.last == 65538
