"""RTCP packets: read as they were built, or refused."""

from __future__ import annotations

import struct

import pytest

from relay.core.wire import rtcp, rtcp_writer, twcc

BLOCK = rtcp.ReportBlock(5, 25, -3, 0x10203, 77, 0xAABBCCDD, 65536)
REPORT = rtcp.SenderReport(9, 0x0123456789ABCDEF, 4_000_000_000, 10, 2000, (BLOCK,))


def test_a_compound_is_read_as_it_was_built() -> None:
    compound = (
        rtcp_writer.sender_report(REPORT)
        + rtcp_writer.source_description(9, "教室")
        + rtcp_writer.nack(1, 9, [65534, 65535, 0, 14, 15, 400])
        + rtcp_writer.picture_loss(1, 9)
        + rtcp_writer.intra_request(1, 9, 300)
        + rtcp_writer.bitrate_limit(1, 2_500_000, [9, 10])
        + rtcp_writer.bye([9])
    )
    assert rtcp.parse(compound) == [
        REPORT,
        rtcp.SourceDescription(((9, "教室"),)),
        rtcp.Nack(1, 9, (65534, 65535, 0, 14, 15, 400)),
        rtcp.PictureLoss(1, 9),
        rtcp.IntraRequest(1, ((9, 300 & 0xFF),)),
        rtcp.BitrateLimit(1, 2_500_000 >> 4 << 4, (9, 10)),
        rtcp.Bye((9,)),
    ]


def test_reduced_size_packets_and_unknown_kinds_are_taken() -> None:
    assert rtcp.parse(rtcp_writer.picture_loss(1, 2)) == [rtcp.PictureLoss(1, 2)]
    extended_report = struct.pack("!BBHI", 0x80, 207, 1, 5)
    unknown_feedback = struct.pack("!BBHII", 0x87, rtcp.RTPFB, 2, 1, 2)
    assert rtcp.parse(extended_report + unknown_feedback + rtcp_writer.receiver_report(5)) == [
        rtcp.ReceiverReport(5)
    ]


def test_a_receivers_time_is_read_and_answered_without_delay() -> None:
    loss_block = struct.pack("!BBHII", 1, 0, 2, 8, 9)
    time_block = struct.pack("!BBHQ", 4, 0, 2, 0x0123456789ABCDEF)
    packet = struct.pack("!BBHI", 0x80, 207, 7, 5) + loss_block + time_block
    [report] = rtcp.parse(packet)
    assert report == rtcp.ReceiverTime(5, 0x0123456789ABCDEF)
    assert rtcp_writer.delay_since_receiver_time(6, report) == struct.pack(
        "!BBHI BBH III", 0x80, 207, 5, 6, 5, 0, 3, 5, 0x456789AB, 0
    )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80\xc8\x00",
        b"\x40\xc8\x00\x00",  # version 1
        b"\x80\xc8\x00\x06" + bytes(20),  # longer than the packet
        b"\x81\xc9\x00\x01" + bytes(4),  # a block that is not there
        b"\xa0\xc9\x00\x01" + bytes(4),  # padding of length 0
        struct.pack("!BBHIBBHI", 0x80, 207, 3, 5, 4, 0, 2, 1),  # half a receiver's time
        rtcp_writer.receiver_report(1) * 33,
        struct.pack("!BBHII", 0x81, rtcp.RTPFB, 2 + 65, 1, 2) + bytes(4 * 65),
        b"\x81\xca\x00\x02" + bytes(4) + b"\x01\x09ab",  # item longer than its chunk
    ],
)
def test_what_is_not_rtcp_is_refused(data: bytes) -> None:
    with pytest.raises(rtcp.RtcpError):
        rtcp.parse(data)


def test_feedback_that_comes_alone_is_recognized_as_a_whole() -> None:
    log = twcc.ArrivalLog()
    for number in range(50):
        log.add(number, number * 0.01)
    (body,) = log.feedback()
    lone = rtcp_writer.transport_feedback(7, 5, body)
    padded = bytes([lone[0] | 0x20, lone[1]]) + struct.pack("!H", len(lone) // 4) + lone[4:]
    padded += bytes(3) + b"\x04"
    for packet in (
        lone,
        padded,
        rtcp_writer.receiver_report(7) + lone,
        rtcp_writer.receiver_report(7) + padded,
    ):
        taken = rtcp.lone_transport_feedback(packet)
        assert taken is not None
        [told] = [one for one in rtcp.parse(packet) if isinstance(one, rtcp.TransportFeedback)]
        assert taken == told.body


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\x8f",
        b"\x8f\xcd\x00",
        rtcp_writer.receiver_report(7),
        rtcp_writer.receiver_report(7, [BLOCK]) + rtcp_writer.transport_feedback(7, 5, bytes(8)),
        rtcp_writer.transport_feedback(7, 5, bytes(8)) + rtcp_writer.nack(1, 5, [3]),
        rtcp_writer.transport_feedback(7, 5, bytes(8))[:-1],
        rtcp_writer.transport_feedback(7, 5, bytes(8)) + b"\x00",
        rtcp_writer.nack(1, 5, [3]),
        rtcp_writer.picture_loss(1, 2),
    ],
)
def test_everything_else_is_left_to_be_parsed(packet: bytes) -> None:
    assert rtcp.lone_transport_feedback(packet) is None


def test_feedback_with_a_wild_padding_is_malformed() -> None:
    packet = bytearray(rtcp_writer.transport_feedback(7, 5, bytes(8)))
    packet[0] |= 0x20
    packet[-1] = 200
    with pytest.raises(rtcp.RtcpError):
        rtcp.lone_transport_feedback(bytes(packet))
