"""Redundant audio on the wire, out of a stream and back into one."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

from relay.api import CloseReason, MediaKind
from relay.core.counters import Counters
from relay.core.incoming.layer import IncomingLayer
from relay.core.incoming.publisher import Publisher
from relay.core.wire import red, rtp
from relay.core.wire.negotiated import Codec, ExtensionIds, IncomingTrack
from relay.core.wire.packet import MediaPacket
from relay.core.wire.red import Block, RedPayloads
from relay.core.wire.rtp import RtpError, RtpPacket

OPUS_TYPE, RED_TYPE = 111, 63
TICKS = 960  # 20 ms


def kept(sequence: int, payload: bytes, timestamp: int | None = None) -> MediaPacket:
    at = sequence * TICKS if timestamp is None else timestamp
    return MediaPacket(sequence, at, RtpPacket(0, OPUS_TYPE, sequence, at, 1, {}, payload), 0.0)


def stream(*packets: MediaPacket) -> Callable[[int], MediaPacket | None]:
    return {packet.sequence: packet for packet in packets}.get


class TestWire:
    def test_what_is_built_is_read_again(self) -> None:
        blocks = [Block(1920, b"oldest"), Block(960, b"older")]
        data = red.build(OPUS_TYPE, b"now", blocks)
        assert red.parse(data, OPUS_TYPE) == (b"now", blocks)

    def test_the_layout_of_the_standard(self) -> None:
        # RFC 2198 §3: F, type, 14 bits of offset, 10 of length; then F=0 and the type.
        data = red.build(OPUS_TYPE, b"new", [Block(960, b"old")])
        assert data == bytes((0xEF, 960 >> 6, (960 & 0x3F) << 2, 3, 0x6F)) + b"oldnew"

    def test_the_largest_that_fits_the_fields(self) -> None:
        block = Block(red.MAX_OFFSET, bytes(red.MAX_BLOCK))
        assert red.parse(red.build(OPUS_TYPE, b"x", [block]), OPUS_TYPE) == (b"x", [block])

    def test_a_packet_of_mere_padding_is_empty(self) -> None:
        assert red.parse(b"", OPUS_TYPE) == (b"", [])

    def test_blocks_in_another_format_or_empty_or_of_now_are_left_out(self) -> None:
        def head(kind: int, offset: int, length: int) -> bytes:
            return struct.pack("!I", (0x80 | kind) << 24 | offset << 10 | length)

        heads = head(0, 960, 2) + head(OPUS_TYPE, 960, 0) + head(OPUS_TYPE, 0, 2)
        data = heads + bytes((OPUS_TYPE,)) + b"aabb" + b"own"
        assert red.parse(data, OPUS_TYPE) == (b"own", [])

    @pytest.mark.parametrize(
        "data",
        [
            b"\x6f",  # no own frame
            b"\x00abc",  # one in another format
            b"\xef",  # a header cut short
            b"\xef\x0f\x00\x03",  # only the repeated frame's header
            b"\xef\x0f\x00\x03\x6f",  # no data
            b"\xef\x0f\x00\x03\x6fold",  # nothing is left for the own frame
            b"\xef\x0f\x03\xff\x6foldnew",  # a length beyond the end
            b"\xef\x0f\x00\x01" * (red.MAX_BLOCKS + 1) + b"\x6f" + bytes(50),
            b"\xff" * 200,
        ],
    )
    def test_what_contradicts_itself_is_refused(self, data: bytes) -> None:
        with pytest.raises(RtpError):
            red.parse(data, OPUS_TYPE)


class TestOut:
    def test_earlier_frames_go_along_oldest_first(self) -> None:
        at = stream(*(kept(number, b"%d" % number) for number in range(5)))
        packet = kept(5, b"5")
        assert red.repeat(packet, at, (1, 3)) == [Block(3 * TICKS, b"2"), Block(TICKS, b"4")]

    def test_what_is_not_kept_too_old_or_too_large_stays_away(self) -> None:
        at = stream(
            kept(2, b"old", timestamp=5 * TICKS - red.MAX_OFFSET - 1),
            kept(3, bytes(red.MAX_BLOCK + 1)),
            kept(4, b""),
        )
        assert red.repeat(kept(5, b"5"), at, (1, 2, 3, 4)) == []

    def test_nothing_from_before_its_stream_began(self) -> None:
        at = stream(kept(3, b"secret"), kept(4, b"public"))
        assert red.repeat(kept(5, b"5"), at, (1, 2), first_sequence=4) == [Block(TICKS, b"public")]

    def test_a_packet_stays_within_the_smallest_link(self) -> None:
        at = stream(*(kept(number, bytes(500)) for number in range(5)))
        packet = kept(5, bytes(400))
        blocks = red.repeat(packet, at, (1, 2))
        assert blocks == [Block(TICKS, bytes(500))]
        assert len(red.build(OPUS_TYPE, packet.payload, blocks)) <= red.MAX_PAYLOAD

    def test_payloads_are_made_once_and_belong_to_their_packet(self) -> None:
        at = stream(*(kept(number, b"%d" % number) for number in range(9)))
        made = RedPayloads()
        first = made.payload(kept(7, b"7"), at, (1,), OPUS_TYPE, 0)
        assert made.payload(kept(7, b"7"), at, (1,), OPUS_TYPE, 0) is first
        second = made.payload(kept(8, b"8"), at, (1,), OPUS_TYPE, 0)
        other = made.payload(kept(8, b"8"), at, (1, 2), 109, 0)
        assert [red.parse(one, OPUS_TYPE) for one in (first, second) if one] == [
            (b"7", [Block(TICKS, b"6")]),
            (b"8", [Block(TICKS, b"7")]),
        ]
        assert other == red.build(109, b"8", [Block(2 * TICKS, b"6"), Block(TICKS, b"7")])

    def test_a_stream_that_just_began_shares_nothing_with_older_ones(self) -> None:
        at = stream(*(kept(number, b"%d" % number) for number in range(9)))
        made = RedPayloads()
        assert made.payload(kept(7, b"7"), at, (1, 2), OPUS_TYPE, 0) is not None
        assert made.payload(kept(7, b"7"), at, (1, 2), OPUS_TYPE, 7) is None
        later = made.payload(kept(7, b"7"), at, (1, 2), OPUS_TYPE, 6)
        assert later == red.build(OPUS_TYPE, b"7", [Block(TICKS, b"6")])


# --- into a stream --------------------------------------------------------------------------------

IDS = ExtensionIds(mid=1, audio_level=2)
OPUS = Codec("opus", OPUS_TYPE, 48_000, channels=2, nack=True, red_payload_type=RED_TYPE)
START = 0xFFF0  # sequence numbers wrap within a test


class Host:
    """Stands for the room."""

    def on_layers_changed(self, publisher: Publisher, now: float) -> None:
        pass

    def on_publisher_closed(self, publisher: Publisher, reason: CloseReason, now: float) -> None:
        pass


class Listener:
    """A taker of the stream: what it is given, in order."""

    def __init__(self) -> None:
        self.taken: list[MediaPacket] = []
        self.late: list[MediaPacket] = []
        self.began: list[MediaPacket] = []

    def forward(self, packet: MediaPacket) -> None:
        self.taken.append(packet)

    def forward_late(self, packet: MediaPacket) -> None:
        self.late.append(packet)

    def on_switch_point(self, layer: IncomingLayer, packet: MediaPacket) -> None:
        self.began.append(packet)

    def on_layer_lost(self, layer: IncomingLayer, now: float, *, gone: bool) -> None:
        pass

    def on_clock(self, layer: IncomingLayer, now: float) -> None:
        pass


class Microphone:
    """Publishes frame n as sequence number START + n; each frame's text is its number."""

    def __init__(self) -> None:
        self.counters = Counters()
        track = IncomingTrack("0", MediaKind.AUDIO, (OPUS,), IDS)
        self.publisher = Publisher(
            "p", "s", [track], host=Host(), send_rtcp=lambda _: None, counters=self.counters, now=0
        )
        assert self.publisher.audio is not None
        self.layer = self.publisher.audio
        self.listener = Listener()
        self.layer.add_slot(self.listener)
        self.times: dict[int, int] = {}

    def time(self, number: int) -> int:
        return self.times.get(number, number * TICKS + 0xFFFFF000)

    def say(self, number: int, *repeated: int) -> None:
        """Frame `number` as RED with earlier ones."""
        blocks = [
            Block(self.time(number) - self.time(one), b"%d" % one) for one in sorted(repeated)
        ]
        self.send(number, RED_TYPE, red.build(OPUS_TYPE, b"%d" % number, blocks))

    def send(self, number: int, payload_type: int, payload: bytes) -> None:
        elements = {IDS.mid: b"0", IDS.audio_level: b"\x9e"}
        data = rtp.build(
            payload_type, START + number, self.time(number), 77, payload, extensions=elements
        )
        self.publisher.on_rtp(data, number * 0.02)

    def heard(self) -> list[int]:
        return [int(packet.payload) for packet in self.listener.taken]


def test_red_is_taken_as_the_plain_sound_that_it_carries() -> None:
    microphone = Microphone()
    for number in range(40):
        microphone.say(number, *range(max(0, number - 1), number))
    assert microphone.heard() == list(range(40))
    assert microphone.layer.codec is OPUS
    assert microphone.counters.red_unpacked == 40
    assert microphone.counters.red_repaired == 0
    assert microphone.counters.rtp_duplicate == microphone.counters.rtx_redundant == 0


def test_plain_and_red_packets_make_one_stream() -> None:
    microphone = Microphone()
    for number in range(10):
        if number % 3:
            microphone.say(number, number - 1)
        else:
            microphone.send(number, OPUS_TYPE, b"%d" % number)
    assert microphone.heard() == list(range(10))


def test_what_was_lost_comes_with_the_next_packet_and_in_order() -> None:
    microphone = Microphone()
    for number in range(40):
        if number not in (7, 16, 30):
            microphone.say(number, *range(max(0, number - 1), number))
    assert microphone.heard() == list(range(40))
    assert microphone.listener.late == []
    assert microphone.counters.red_repaired == 3
    assert not microphone.layer.missing, "nothing is left to ask for"
    numbers = [packet.sequence for packet in microphone.listener.taken]
    assert numbers == list(range(numbers[0], numbers[0] + 40))
    times = [packet.timestamp for packet in microphone.listener.taken]
    assert times == [times[0] + TICKS * step for step in range(40)]
    microphone.layer.on_timer(2.0)
    assert microphone.layer.meter.loss_fraction > 0.05, "the link's loss is not hidden"
    assert microphone.layer.meter.unrepaired_fraction == 0


def test_of_a_burst_the_end_is_filled_in_and_the_rest_asked_for() -> None:
    microphone = Microphone()
    for number in range(20):
        if number not in (8, 9, 10, 11):
            microphone.say(number, *range(max(0, number - 2), number))
    assert microphone.heard() == [*range(8), *range(10, 20)]
    assert len(microphone.layer.missing) == 2


def test_a_hole_further_back_is_filled_in_late() -> None:
    microphone = Microphone()
    microphone.say(0)
    microphone.say(2)
    microphone.say(3, 1, 2)
    assert microphone.heard() == [0, 2, 3]
    assert [int(packet.payload) for packet in microphone.listener.late] == [1]


def test_a_packet_that_was_late_is_not_taken_twice() -> None:
    microphone = Microphone()
    for number in (0, 2, 1, 3):
        microphone.say(number, *range(max(0, number - 1), number))
    assert microphone.heard() == [0, 1, 2, 3]
    assert microphone.counters.rtp_duplicate == 1


def test_a_hole_of_one_is_filled_in_whatever_the_pause() -> None:
    microphone = Microphone()
    microphone.times = {3: microphone.time(2) + 4 * TICKS, 4: microphone.time(2) + 5 * TICKS}
    for number in (0, 1, 2, 4):
        microphone.say(number, *range(max(0, number - 1), number))
    assert microphone.heard() == [0, 1, 2, 3, 4]


def test_a_hole_with_a_pause_in_it_is_not_guessed_at() -> None:
    microphone = Microphone()
    late = microphone.time(0) + 9 * TICKS
    microphone.times = {number: late + number * TICKS for number in (2, 3, 4, 5)}
    microphone.say(0)
    microphone.say(1, 0)
    microphone.say(5, 4)
    assert microphone.heard() == [0, 1, 5]
    assert microphone.counters.red_repaired == 0
    assert len(microphone.layer.missing) == 3


def test_nobody_begins_with_a_repeated_frame() -> None:
    microphone = Microphone()
    microphone.say(0)
    newcomer = Listener()
    microphone.layer.add_waiting(newcomer)
    microphone.say(2, 1)
    assert [int(packet.payload) for packet in newcomer.began] == [2]


def test_lies_about_time_change_nothing_that_is_there() -> None:
    microphone = Microphone()
    for number in range(10):
        microphone.say(number)
    for offset in (1, 5, 961, 1919, red.MAX_OFFSET):
        blocks = [Block(offset, b"99"), Block(offset, b"98")]
        microphone.send(10, RED_TYPE, red.build(OPUS_TYPE, b"10", blocks))
    assert microphone.heard() == list(range(11))
    assert microphone.listener.late == []


def test_bad_red_is_dropped_and_counted_and_padding_keeps_its_place() -> None:
    microphone = Microphone()
    microphone.say(0)
    microphone.send(1, RED_TYPE, b"")
    microphone.send(2, RED_TYPE, b"\xef\x0f")
    microphone.say(3)
    assert microphone.counters.rtp_payload_malformed == 1
    assert [packet.payload for packet in microphone.listener.taken] == [b"0", b"", b"3"]
    assert len(microphone.layer.missing) == 1


def test_red_before_anything_else_begins_the_stream() -> None:
    microphone = Microphone()
    microphone.say(5, 4)
    microphone.say(6, 5)
    assert microphone.heard() == [5, 6]
