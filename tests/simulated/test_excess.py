"""Excess of sending or asking: the offender alone suffers, and every drop is counted."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from relay.api import Layer, MediaKind
from relay.core.incoming.clock import unix_to_ntp
from relay.core.wire import rtcp, rtcp_writer, rtp
from relay.core.wire.negotiated import IncomingTrack
from tests.simulated import publisher, streams
from tests.simulated.adaptive import Lesson
from tests.simulated.classroom import Classroom, Sink
from tests.simulated.network import Profile
from tests.simulated.viewer import SimulatedViewer

CALM = 6.0  # s until every picture is at its best
FLOOD = 8.0  # s


def microphone(room: Classroom, source_id: str) -> Callable[[int, int, int], None]:
    """Brings sound number n, of so many bytes, n × `samples` after the first."""
    track = IncomingTrack("0", MediaKind.AUDIO, (publisher.OPUS,), publisher.IDS)
    session = room.room.add_publisher(
        f"pub-{source_id}", source_id, [track], send_rtcp=lambda packet: None, now=room.now
    )

    def speak(number: int, size: int, samples: int) -> None:
        payload = streams.opus_packet(f"{source_id[:3]}a", number)
        packet = rtp.build(
            publisher.OPUS.payload_type,
            number & 0xFFFF,
            samples * number & 0xFFFFFFFF,
            77,
            bytes(size - len(payload)) + payload if size > len(payload) else payload,
            extensions={publisher.IDS.mid: b"0"},
        )
        session.on_rtp(packet, room.now)

    return speak


def flood_of_sound(lesson: Lesson, per_second: int, size: int) -> None:
    """A room on stage sends so many packets of so many bytes for `FLOOD` seconds."""
    room = lesson.room
    speak = microphone(room, "two.camera")
    room.room.set_audible(("lead.camera", "two.camera"), room.now)
    begun, sent = room.now, 0

    def some() -> bool:
        nonlocal sent
        while sent < (room.now - begun) * per_second:
            speak(sent, size, 48_000 // per_second)
            sent += 1
        return room.now - begun > FLOOD

    lesson.world.every(0.005, some)


def listener(lesson: Lesson, bps: float) -> SimulatedViewer:
    viewer = lesson.room.watch(
        "c", audio=2, through=lesson.link(bps), up=Profile(delay=0.03), seed=33
    )
    viewer.show("lead.camera")
    return viewer


def seen_and_heard(viewer: SimulatedViewer, since: float) -> tuple[int, int, float]:
    """Pictures, packets of the teacher's sound, and the longest gap between pictures."""
    pictures = sum(one.at >= since for one in viewer.video[0].decoded)
    sounds = [one for slot in viewer.audio for one in slot.decoded if one.at >= since]
    voice = sum(one.stream == "leaa" for one in sounds)
    return pictures, voice, viewer.video[0].longest_freeze(since)


@pytest.mark.parametrize(
    ("per_second", "size"),
    [
        (2000, 1000),  # 16 Mbit/s of "sound"
        (400, 60),  # more packets than any sound has
        (50, 1200),  # 480 kbit/s: Opus could be so much
    ],
)
def test_sound_takes_no_picture_away(per_second: int, size: int) -> None:
    lesson = Lesson()
    good, narrow = listener(lesson, 4e6), listener(lesson, 0.7e6)
    lesson.run(CALM)
    flood_of_sound(lesson, per_second, size)
    since = lesson.room.now
    lesson.run(FLOOD)
    for viewer in (good, narrow):
        pictures, voice, freeze = seen_and_heard(viewer, since)
        assert voice >= 0.97 * 50 * FLOOD
        assert pictures >= 6 * FLOOD
        assert freeze < 1.0
    assert good.session.slots()[0].layer is Layer.HIGH
    assert lesson.room.counters.sound_excess + lesson.room.counters.sound_over_share > 0


def test_what_no_encoder_makes_is_dropped_and_counted_before_anybody_has_work_with_it() -> None:
    room = Classroom()
    speak = microphone(room, "two.camera")
    room.room.set_audible(("two.camera",), room.now)
    viewer = room.watch("v", audio=1)
    before = room.counters.packets_out
    for number in range(20_000):  # 2,000 a second
        if number % 10 == 0:
            room.run(0.005)
        speak(number, 1000, 24)
    most = 560e3 / 8 / 1000 * (10 + 2 * 2)
    assert room.counters.packets_out - before <= most
    assert room.counters.sound_excess >= 20_000 - most
    publishing = room.room.publisher_of("two.camera")
    assert publishing is not None
    assert publishing.refused_sound == room.counters.sound_excess
    assert viewer.down.octets < 2e6


@pytest.mark.parametrize("per_second", [50, 100])
def test_the_best_sound_there_is_passes_whole(per_second: int) -> None:
    """510 kbit/s, also where 5 s of it come at once after an outage."""
    room = Classroom()
    speak = microphone(room, "two.camera")
    size = 510_000 // 8 // per_second
    number = 0
    for _ in range(20 * per_second):
        speak(number, size, 48_000 // per_second)
        number += 1
        room.run(1 / per_second)
    for _ in range(2 * per_second):
        speak(number, size, 48_000 // per_second)
        number += 1
    assert room.counters.sound_excess == 0


def test_sender_reports_without_end_are_not_passed_on_without_end() -> None:
    """Each is told to every taker, and a recording keeps it."""
    room = Classroom()
    teacher, sink = room.publish("lead.camera"), Sink()
    room.room.add_tap(sink, room.now)
    room.run(3)
    before = sum(map(len, sink.clocks.values()))
    encoding = teacher.encodings[Layer.HIGH]

    def flood() -> bool:
        for number in range(20):
            report = rtcp.SenderReport(
                encoding.ssrc,
                unix_to_ntp(1_700_000_000 + room.now + teacher.clock_offset + number / 1000),
                teacher.timestamp(encoding) + 90 * number,
                encoding.packets,
                encoding.octets,
            )
            teacher.session.on_rtcp(rtcp_writer.sender_report(report), room.now)
        return False

    room.world.every(0.01, flood)
    room.run(5)
    assert sum(map(len, sink.clocks.values())) - before <= 6 * 64 * 2
    assert room.counters.sender_reports_flooded > 5000


def test_a_viewer_that_asks_for_everything_is_read_no_further() -> None:
    lesson = Lesson()
    other, bad = listener(lesson, 4e6), listener(lesson, 4e6)
    lesson.run(CALM)
    since, session = lesson.room.now, bad.session

    def storm() -> bool:
        numbers = range(0, 1000)
        for _ in range(5):
            session.on_rtcp(
                rtcp_writer.nack(77, bad.video[0].negotiated.ssrc, numbers), lesson.room.now
            )
        return False

    before = lesson.room.counters.nacks_received
    lesson.world.every(0.005, storm)
    lesson.run(FLOOD)
    assert lesson.room.counters.nacks_received - before <= 4000 * (FLOOD + 1) + 100
    assert lesson.room.counters.nacks_flooded > 1e6
    assert seen_and_heard(other, since)[2] < 0.25
