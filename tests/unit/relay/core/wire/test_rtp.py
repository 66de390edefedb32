"""RTP headers: read, built, and refused."""

from __future__ import annotations

import pytest

from relay.core.wire import rtp


def test_what_is_built_is_read_again() -> None:
    data = rtp.build(
        96, 65535, 4_000_000_000, 7, b"abc", marker=True, extensions={1: b"mid", 4: b"\1\2"}
    )
    packet = rtp.parse(data)
    assert (packet.payload_type, packet.sequence_number, packet.timestamp) == (
        96,
        65535,
        4_000_000_000,
    )
    assert (packet.ssrc, packet.payload, packet.marker) == (7, b"abc", 0x80)
    assert packet.extensions == {1: b"mid", 4: b"\1\2"}


def test_padding_and_contributing_sources_are_taken_off() -> None:
    data = bytearray(rtp.build(96, 1, 2, 3, b"abc", padding=5))
    data[0] |= 2
    data[12:12] = bytes(8)
    assert rtp.parse(bytes(data)).payload == b"abc"
    assert rtp.parse(rtp.build(96, 1, 2, 3, b"", padding=255)).payload == b""


def test_the_two_byte_form_is_read() -> None:
    # RFC 8285 §4.3: ids up to 255, lengths up to 255, and empty elements.
    block = b"\x10\x00\x00\x02" + b"\x20\x03xyz" + b"\x21\x00" + b"\x00"
    data = bytearray(rtp.build(96, 1, 2, 3, b"p"))
    data[0] |= 0x10
    data[12:12] = block
    assert rtp.parse(bytes(data)).extensions == {32: b"xyz", 33: b""}


def test_reserved_element_ids_end_the_list() -> None:
    for head in (0xF0, 0x01):
        data = bytearray(rtp.build(96, 1, 2, 3, b"p", extensions={1: b"a", 2: b"b"}))
        data[18] = head
        assert rtp.parse(bytes(data)).extensions == {1: b"a"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(12),  # version 0
        b"\x80" + bytes(10),  # short
        b"\x8f" + bytes(11),  # fifteen contributing sources that are not there
        b"\x90" + bytes(11),  # no extension header
        b"\x90" + bytes(11) + b"\xbe\xde\x00\x09",  # extension longer than the packet
        b"\x90" + bytes(11) + b"\xbe\xde\x00\x01\x1f\x00\x00\x00",  # element longer than that
        b"\xa0" + bytes(11),  # padding of length 0
        b"\xa0" + bytes(11) + b"\x09",  # padding longer than the packet
    ],
)
def test_what_is_not_rtp_is_refused(data: bytes) -> None:
    with pytest.raises(rtp.RtpError):
        rtp.parse(data)
