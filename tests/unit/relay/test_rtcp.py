"""RTCP in and out, and transport-wide feedback."""

from __future__ import annotations

import struct

import pytest

from relay.core import rtcp, twcc

BLOCK = rtcp.ReportBlock(5, 25, -3, 0x10203, 77, 0xAABBCCDD, 65536)
REPORT = rtcp.SenderReport(9, 0x0123456789ABCDEF, 4_000_000_000, 10, 2000, (BLOCK,))


def test_a_compound_is_read_as_it_was_built() -> None:
    compound = (
        rtcp.sender_report(REPORT)
        + rtcp.source_description(9, "教室")
        + rtcp.nack(1, 9, [65534, 65535, 0, 14, 15, 400])
        + rtcp.picture_loss(1, 9)
        + rtcp.intra_request(1, 9, 300)
        + rtcp.bitrate_limit(1, 2_500_000, [9, 10])
        + rtcp.bye([9])
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
    assert rtcp.parse(rtcp.picture_loss(1, 2)) == [rtcp.PictureLoss(1, 2)]
    extended_report = struct.pack("!BBHI", 0x80, 207, 1, 5)
    unknown_feedback = struct.pack("!BBHII", 0x87, rtcp.RTPFB, 2, 1, 2)
    assert rtcp.parse(extended_report + unknown_feedback + rtcp.receiver_report(5)) == [
        rtcp.ReceiverReport(5)
    ]


def test_a_receivers_time_is_read_and_answered_without_delay() -> None:
    loss_block = struct.pack("!BBHII", 1, 0, 2, 8, 9)
    time_block = struct.pack("!BBHQ", 4, 0, 2, 0x0123456789ABCDEF)
    packet = struct.pack("!BBHI", 0x80, 207, 7, 5) + loss_block + time_block
    [report] = rtcp.parse(packet)
    assert report == rtcp.ReceiverTime(5, 0x0123456789ABCDEF)
    assert rtcp.delay_since_receiver_time(6, report) == struct.pack(
        "!BBHI BBH III", 0x80, 207, 5, 6, 5, 0, 3, 5, 0x456789AB, 0
    )


def test_a_nack_takes_as_few_pairs_as_it_can() -> None:
    assert len(rtcp.nack(1, 2, range(100, 117))) == 16
    assert len(rtcp.nack(1, 2, range(100, 118))) == 20


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
        rtcp.receiver_report(1) * 33,
        struct.pack("!BBHII", 0x81, rtcp.RTPFB, 2 + 65, 1, 2) + bytes(4 * 65),
        b"\x81\xca\x00\x02" + bytes(4) + b"\x01\x09ab",  # item longer than its chunk
    ],
)
def test_what_is_not_rtcp_is_refused(data: bytes) -> None:
    with pytest.raises(rtcp.RtcpError):
        rtcp.parse(data)


def feedback(log: twcc.ArrivalLog) -> list[twcc.Feedback]:
    made = []
    for body in log.feedback():
        (packet,) = rtcp.parse(rtcp.transport_feedback(1, 2, body))
        assert isinstance(packet, rtcp.TransportFeedback)
        made.append(twcc.parse(packet.body))
    return made


def test_arrivals_and_losses_are_reported_with_their_times() -> None:
    log = twcc.ArrivalLog()
    times = {65530: 10.0, 65531: 10.01, 65534: 10.5, 0: 10.5005, 3: 10.4}
    for number, at in times.items():
        log.add(number, at)
    (told,) = feedback(log)
    arrivals = dict(told.arrivals)
    assert list(arrivals) == [*range(65530, 65536), 0, 1, 2, 3]
    for number, at in times.items():
        assert arrivals[number] == pytest.approx(at, abs=1 / twcc.TICKS_PER_SECOND)
    assert [number for number, at in arrivals.items() if at is None] == [65532, 65533, 65535, 1, 2]


def test_the_next_feedback_goes_on_where_the_last_ended() -> None:
    log = twcc.ArrivalLog()
    log.add(1, 1.0)
    log.add(4, 1.0)
    assert [number for number, _ in feedback(log)[0].arrivals] == [1, 2, 3, 4]
    log.add(7, 1.1)
    log.add(3, 1.1)  # late: told by itself, so that 4 is not called lost
    late, next_one = feedback(log)
    assert [number for number, _ in late.arrivals] == [3]
    assert [number for number, at in next_one.arrivals if at is None] == [5, 6]
    assert (late.count, next_one.count) == (1, 2)
    assert feedback(log) == []


def test_long_runs_and_long_pauses_are_split_as_the_format_needs() -> None:
    log = twcc.ArrivalLog()
    for number in range(1500):
        log.add(number, 5 + number * 0.0003)
    log.add(1500, 60.0)  # further than a delta reaches
    told = feedback(log)
    received = [number for one in told for number, at in one.arrivals if at is not None]
    assert received == list(range(1501))
    assert len(told) == 3


def test_a_jump_of_the_number_does_not_make_a_huge_report() -> None:
    log = twcc.ArrivalLog()
    log.add(0, 1.0)
    feedback(log)
    log.add(30_000, 1.1)
    (told,) = feedback(log)
    assert [number for number, _ in told.arrivals] == [30_000]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        struct.pack("!HHI", 1, 2000, 0),
        struct.pack("!HHI", 1, 5, 0),
        struct.pack("!HHIH", 1, 5, 0, 0x0000),  # a run of nothing
        struct.pack("!HHIH", 1, 5, 0, 0x2005),  # deltas missing
    ],
)
def test_damaged_feedback_is_refused(body: bytes) -> None:
    with pytest.raises(rtcp.RtcpError):
        twcc.parse(body)


def test_feedback_that_comes_alone_is_recognized_as_a_whole() -> None:
    log = twcc.ArrivalLog()
    for number in range(50):
        log.add(number, number * 0.01)
    (body,) = log.feedback()
    lone = rtcp.transport_feedback(7, 5, body)
    padded = bytes([lone[0] | 0x20, lone[1]]) + struct.pack("!H", len(lone) // 4) + lone[4:]
    padded += bytes(3) + b"\x04"
    for packet in (lone, padded, rtcp.receiver_report(7) + lone, rtcp.receiver_report(7) + padded):
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
        rtcp.receiver_report(7),
        rtcp.receiver_report(7, [BLOCK]) + rtcp.transport_feedback(7, 5, bytes(8)),
        rtcp.transport_feedback(7, 5, bytes(8)) + rtcp.nack(1, 5, [3]),
        rtcp.transport_feedback(7, 5, bytes(8))[:-1],
        rtcp.transport_feedback(7, 5, bytes(8)) + b"\x00",
        rtcp.nack(1, 5, [3]),
        rtcp.picture_loss(1, 2),
    ],
)
def test_everything_else_is_left_to_be_parsed(packet: bytes) -> None:
    assert rtcp.lone_transport_feedback(packet) is None


def test_feedback_with_a_wild_padding_is_malformed() -> None:
    packet = bytearray(rtcp.transport_feedback(7, 5, bytes(8)))
    packet[0] |= 0x20
    packet[-1] = 200
    with pytest.raises(rtcp.RtcpError):
        rtcp.lone_transport_feedback(bytes(packet))
