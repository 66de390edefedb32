"""RTP and RTCP of the synthetic peers."""

from __future__ import annotations

import random

import pytest

from load_tests import rtp


def test_rtp_packets_come_back_with_their_extensions():
    packet = rtp.RtpPacket(96, True, 65535, 2**32 - 1, 7, b"media", {4: b"0", 10: b"h", 3: b"\0\1"})

    assert rtp.parse_rtp(rtp.build_rtp(packet)) == packet


@pytest.mark.parametrize("cut", range(20))
def test_truncated_rtp_is_refused_or_read_but_never_fatal(cut):
    data = rtp.build_rtp(rtp.RtpPacket(96, True, 1, 2, 3, b"", {4: b"0"}))
    try:
        rtp.parse_rtp(data[:cut])
    except ValueError:
        return
    assert cut >= 12


def test_feedback_is_read_beside_padded_transport_feedback():
    padded = (
        bytes((0xA0 | 15, 205, 0, 6)) + bytes(8) + b"\0\1\0\1\0\0\0\0\x20\1\4" + bytes(4) + b"\1"
    )
    nack = rtp.build_nack(1, 99, [65_534, 65_535, 3, 30])
    pli = rtp.build_pli(1, 98)
    parts = rtp.split_rtcp(padded + nack + pli)

    assert parts[0].is_transport_feedback
    assert (parts[1].is_nack, parts[1].media_ssrc) == (True, 99)
    assert parts[1].nacked() == [65_534, 65_535, 3, 30]
    assert parts[2].key_frame_ssrcs() == [98]


@pytest.mark.parametrize("seed", range(50))
def test_random_bytes_are_never_fatal_as_rtcp(seed):
    data = b"\x81\xcd" + random.Random(seed).randbytes(seed)
    for part in rtp.split_rtcp(data):
        part.nacked()
        part.key_frame_ssrcs()
        part.fractions_lost()
