"""A publisher: what it takes, refuses and tells its room."""

from __future__ import annotations

import struct

import pytest

from relay.api import CloseReason, Layer, MediaKind, TapTrack
from relay.core.counters import Counters
from relay.core.incoming.clock import unix_to_ntp
from relay.core.incoming.publisher import Publisher
from relay.core.tap import RoomTap
from relay.core.wire import rtcp, rtcp_writer, rtp
from relay.core.wire.negotiated import Codec, ExtensionIds, IncomingTrack

IDS = ExtensionIds(mid=1)
VP8 = Codec("VP8", 96, 90_000, nack=True, pli=True)
PICTURE = IncomingTrack("1", MediaKind.VIDEO, (VP8,), IDS)


class Host:
    """Stands for the room; counts how often it has to choose again."""

    def __init__(self) -> None:
        self.choices = 0

    def on_layers_changed(self, publisher: Publisher, now: float) -> None:
        self.choices += 1

    def on_publisher_closed(self, publisher: Publisher, reason: CloseReason, now: float) -> None:
        pass


def key_frame(number: int, height: int) -> bytes:
    """A packet with a whole VP8 key frame (RFC 6386 §9.1)."""
    payload = b"\x10\x10\x02\x00\x9d\x01\x2a" + struct.pack("<HH", 640, height) + bytes(50)
    return rtp.build(96, number, number * 90, 10, payload, extensions={IDS.mid: b"1"})


def publish() -> tuple[Publisher, Host]:
    host = Host()
    publisher = Publisher(
        "p", "s", [PICTURE], host=host, send_rtcp=lambda data: None, counters=Counters(), now=0.0
    )
    return publisher, host


def test_a_first_picture_is_told_at_once() -> None:
    publisher, host = publish()
    publisher.on_rtp(key_frame(1, 360), 0.0)
    assert host.choices == 1


def test_a_picture_that_changes_with_every_packet_costs_one_choice_per_tick() -> None:
    publisher, host = publish()
    for tick in range(50):
        for packet in range(20):
            number = 20 * tick + packet
            publisher.on_rtp(key_frame(number, 360 + packet), 0.02 * tick)
            publisher.on_rtcp(rtcp_writer.receiver_report(10) + rtcp_writer.bye([10]), 0.02 * tick)
        publisher.on_timer(0.02 * (tick + 1))
    assert 50 <= host.choices <= 8 + 2 * 50
    told = host.choices
    publisher.on_rtp(key_frame(1000, 720), 1.0)
    publisher.on_timer(1.02)
    assert host.choices > told
    assert publisher.video[Layer.HIGH].pictures.height == 720
    assert publisher.info().layers == (Layer.HIGH,)
    told = host.choices
    publisher.on_timer(1.04)
    assert host.choices == told  # nothing changed, nothing waits


class Clocks:
    """A tap's sink that keeps only what it is told of capture times."""

    def __init__(self) -> None:
        self.told: list[tuple[int, float]] = []

    def on_track(self, track: TapTrack, now: float) -> None:
        pass

    def on_packet(self, track_id: int, packet: bytes, now: float) -> None:
        pass

    def on_clock(self, track_id: int, rtp_timestamp: int, capture_time: float, now: float) -> None:
        self.told.append((rtp_timestamp, capture_time))

    def on_track_end(self, track_id: int, reason: CloseReason, now: float) -> None:
        pass

    def on_tap_closed(self, tap: RoomTap) -> None:
        pass


def microphone() -> tuple[Publisher, Clocks]:
    """A publisher of sound that may tell capture times, and what a tap is told of them."""
    ids = ExtensionIds(mid=1, abs_capture_time=9)
    sound = IncomingTrack("0", MediaKind.AUDIO, (Codec("opus", 111, 48_000, 2),), ids)
    publisher = Publisher(
        "p", "s", [sound], host=Host(), send_rtcp=lambda data: None, counters=Counters(), now=0.0
    )
    clocks = Clocks()
    RoomTap(clocks, clocks, 0.0).attach(publisher, 0.0)
    return publisher, clocks


def spoken(sequence: int, timestamp: int, captured: float) -> bytes:
    """A packet of sound that tells when it was captured."""
    extensions = {1: b"0", 9: struct.pack(">Q", unix_to_ntp(captured))}
    return rtp.build(111, sequence, timestamp, 10, b"\xfc\xff\xfe", extensions=extensions)


def speak(publisher: Publisher) -> None:
    """Two seconds from 100 s on, with reports."""
    for number in range(100):
        captured = 100 + number / 50
        now = captured + 0.02  # a packet is sent when its 20 ms are full
        timestamp = 960 * number
        publisher.on_rtp(spoken(number, timestamp, captured), now)
        if number % 50 == 0:  # a report that takes the moment of sending for the capture
            report = rtcp.SenderReport(10, unix_to_ntp(now), timestamp, number, 0)
            publisher.on_rtcp(rtcp_writer.sender_report(report), now)


def test_a_tap_hears_when_sound_was_captured_not_when_it_was_sent() -> None:
    publisher, clocks = microphone()
    speak(publisher)
    assert len(clocks.told) >= 4
    for timestamp, capture_time in clocks.told[-3:]:
        assert capture_time == pytest.approx(100 + timestamp / 48_000, abs=1e-4)


@pytest.mark.parametrize("sequence", [99, 40_000], ids=["a repeated one", "one off the window"])
def test_a_packet_that_is_dropped_tells_no_capture_time(sequence: int) -> None:
    publisher, clocks = microphone()
    speak(publisher)
    told = len(clocks.told)
    publisher.on_rtp(spoken(sequence, 960 * 3000, 102.9), 103.0)
    assert len(clocks.told) == told
    publisher.on_rtp(spoken(150, 960 * 150, 103.0), 103.02)
    assert len(clocks.told) == told + 1


def reported(publisher: Publisher, sent: list[bytes], now: float) -> list[rtcp.ReportBlock]:
    """The blocks of the receiver report that a tick brings."""
    sent.clear()
    publisher.on_timer(now)
    reports = [one for data in sent for one in rtcp.parse(data)]
    return [b for one in reports if isinstance(one, rtcp.ReceiverReport) for b in one.blocks]


def test_receiver_reports_count_cycles_from_the_first_packet_rfc_3550_a1() -> None:
    sent: list[bytes] = []
    counters = Counters()
    publisher = Publisher(
        "p", "s", [PICTURE], host=Host(), send_rtcp=sent.append, counters=counters, now=0.0
    )
    first = 65_000
    for number in range(590):
        publisher.on_rtp(key_frame((first + number) & 0xFFFF, 360), number / 1000)
    (block,) = reported(publisher, sent, 1.0)
    assert block.highest_sequence == first + 589  # the one wrap is the one cycle
    assert (block.cumulative_lost, block.fraction_lost) == (0, 0)
    publisher.on_rtp(key_frame(30_000, 360), 1.1)  # the sender started over: two in a row …
    publisher.on_rtp(key_frame(30_001, 360), 1.1)
    publisher.on_rtp(key_frame(30_002, 360), 1.1)
    (block,) = reported(publisher, sent, 2.0)
    assert block.highest_sequence == 30_002  # … and cycles are counted from there
    assert block.cumulative_lost == 0


def test_nothing_is_reported_of_a_stream_whose_only_packet_was_refused() -> None:
    sent: list[bytes] = []
    publisher = Publisher(
        "p", "s", [PICTURE], host=Host(), send_rtcp=sent.append, counters=Counters(), now=0.0
    )
    publisher.on_rtp(rtp.build(96, 7, 90, 10, b"\xff", extensions={IDS.mid: b"1"}), 0.5)
    assert reported(publisher, sent, 1.0) == []


@pytest.mark.parametrize("first", [0, 0x7FFF_FFFF, 0xC000_0000, 0xFFFF_FFF0])
def test_a_report_before_the_first_packet_dates_it_wherever_its_clock_began(first: int) -> None:
    publisher, _ = microphone()
    layer = publisher.audio
    assert layer is not None
    layer.on_sender_report(rtcp.SenderReport(10, unix_to_ntp(100.0), first, 0, 0), 100.0)
    publisher.on_rtp(spoken(2, (first + 960) & 0xFFFFFFFF, 0.0), 100.04)
    assert layer.clock.last_told is not None
    assert layer.highest_timestamp - layer.clock.last_told == 960
    assert layer.highest_timestamp >= 0  # below 0 stands for none


def test_pictures_that_are_not_shown_as_sent_are_refused_and_drop_from_then_on() -> None:
    codec = Codec("H264", 96, 90_000, nack=True, pli=True)
    track = IncomingTrack("1", MediaKind.VIDEO, (codec,), IDS)
    counters = Counters()
    publisher = Publisher(
        "p", "s", [track], host=Host(), send_rtcp=lambda data: None, counters=counters, now=0.0
    )

    def send(number: int, timestamp: int, payload: bytes) -> None:
        packet = rtp.build(96, number, timestamp, 10, payload, extensions={IDS.mid: b"1"})
        publisher.on_rtp(packet, number / 50)

    b_slice = b"\x01\xa8" + bytes(9)
    send(1, 0, b"\x65\x88" + bytes(9))
    for number in range(2, 12):  # slices of one picture, and one more: maybe a broken packet
        send(number, 3600, b_slice)
    send(12, 7200, b_slice)
    assert publisher.refused is None
    send(13, 1800, b_slice)
    assert publisher.refused is CloseReason.B_FRAMES
    send(14, 9000, b"\x41\x9a" + bytes(9))
    assert counters.rtp_refused == 1
    assert publisher.video[Layer.HIGH].highest & 0xFFFF == 13
