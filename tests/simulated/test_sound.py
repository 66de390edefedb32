"""Sound: the ones who are heard, and the ones who are not."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from relay.api import Layer, MediaKind
from relay.core.outgoing.outlet import OVERHEAD
from relay.core.wire import rtcp_writer, rtp
from relay.core.wire.negotiated import IncomingTrack
from tests.simulated import publisher, streams
from tests.simulated.adaptive import Lesson
from tests.simulated.classroom import Classroom
from tests.simulated.network import Profile
from tests.simulated.viewer import SimulatedViewer, Slot
from tests.unit.relay.core.congestion.link import Bottleneck


def heard(slot: Slot, since: float = 0.0) -> set[str]:
    return {one.stream for one in slot.decoded if one.at >= since}


def all_heard(watching: SimulatedViewer, since: float = 0.0) -> set[str]:
    return set().union(*(heard(slot, since) for slot in watching.audio))


def test_who_is_not_on_stage_is_heard_by_nobody() -> None:
    room = Classroom()
    room.publish("lead.camera", seed=3)
    room.publish("one.camera", seed=4)
    room.room.set_audible({"lead.camera"}, room.now)
    listeners = [
        room.watch("t", audio=4, own={"lead.camera"}, seed=21),
        room.watch("p", audio=4, own={"two.camera"}, seed=22),
        room.watch("obs", audio=1, programme=True, seed=23),
    ]
    room.run(3)
    assert [all_heard(one) for one in listeners] == [set(), {"leaa"}, {"leaa"}]
    room.room.set_audible({"lead.camera", "one.camera"}, room.now)
    on_stage = room.now
    room.run(0.3)
    assert all_heard(listeners[0], on_stage) == {"onea"}
    assert all_heard(listeners[1], on_stage) == {"leaa", "onea"}
    room.run(2)
    room.room.set_audible({"lead.camera"}, room.now)
    off_stage = room.now
    sent = listeners[0].down.sent
    room.run(3)
    # What was on its way may still arrive; not one packet more is sent.
    assert all_heard(listeners[1], off_stage + 0.011) == {"leaa"}
    reports_only = [raw for raw in listeners[0].raw if raw[1] >= 192]
    assert listeners[0].down.sent - sent <= len(reports_only)
    assert all_heard(listeners[0], off_stage + 0.011) == set()


def microphone(room: Classroom) -> Callable[..., None]:
    """A microphone by hand: sends packet number n, as of the moment when it arrived."""
    track = IncomingTrack("0", MediaKind.AUDIO, (publisher.OPUS,), publisher.IDS)
    session = room.room.add_publisher(
        "pub", "one.camera", [track], send_rtcp=lambda packet: None, now=room.now
    )

    def speak(number: int, arrival: float | None = None) -> None:
        packet = rtp.build(
            publisher.OPUS.payload_type,
            number,
            960 * number,
            77,
            streams.opus_packet("onea", number),
            extensions={publisher.IDS.mid: b"0"},
        )
        session.on_rtp(packet, room.now if arrival is None else arrival)
        room.run(0.02)

    return speak


def numbers_heard(watching: SimulatedViewer) -> list[int]:
    return [streams.read(packet.payload).frame for packet in watching.audio[0].order]


def test_a_late_packet_brings_nothing_that_was_said_before() -> None:
    room = Classroom()
    speak = microphone(room)
    listener = room.watch("l", audio=1)
    for number in (1, 2, 4, 5, 6):
        speak(number)
    room.room.set_audible({"one.camera"}, room.now)
    speak(3)  # on a detour, or repaired
    speak(7)
    speak(9)
    speak(8)
    room.run(0.5)
    assert numbers_heard(listener) == [7, 9, 8]


def test_what_waited_to_be_read_while_nobody_might_hear_it_is_not_heard() -> None:
    room = Classroom()
    speak = microphone(room)
    listener = room.watch("l", audio=1)
    speak(1)
    room.room.set_audible({"one.camera"}, room.now)
    on_stage = room.now
    for number, arrival in ((2, on_stage - 0.3), (3, on_stage - 0.001), (4, on_stage)):
        speak(number, arrival)
    room.run(0.5)
    assert numbers_heard(listener) == [4]


def test_nobody_hears_himself() -> None:
    room = Classroom()
    room.publish("lead.camera", seed=3)
    room.publish("one.camera", seed=4)
    room.room.set_audible({"lead.camera", "one.camera"}, room.now)
    teacher = room.watch("t", audio=3, own={"lead.camera"})
    room.run(2)
    assert all_heard(teacher) == {"onea"}


def test_all_are_heard_while_there_are_slots_for_all() -> None:
    room = Classroom()
    names = ["aaa.camera", "bbb.camera", "ccc.camera", "ddd.camera"]
    for index, name in enumerate(names):
        room.publish(name, seed=3 + index).level = 127  # silent, and still forwarded
    room.room.set_audible(set(names), room.now)
    listener = room.watch("l", audio=4)
    room.run(2)
    assert all_heard(listener) == {f"{name[:3]}a" for name in names}
    assert all(len(heard(slot)) == 1 for slot in listener.audio)


def test_the_loudest_take_the_slots_and_keep_them() -> None:
    room = Classroom()
    names = ["aaa.camera", "bbb.camera", "ccc.camera"]
    talkers = {name[:3]: room.publish(name, seed=3 + i) for i, name in enumerate(names)}
    talkers["aaa"].level, talkers["bbb"].level, talkers["ccc"].level = 20, 25, 90
    room.room.set_audible(set(names), room.now)
    listener = room.watch("l", audio=2)
    room.run(3)
    assert all_heard(listener, room.now - 1) == {"aaaa", "bbba"}
    before = [heard(slot, room.now - 1) for slot in listener.audio]
    talkers["ccc"].level, talkers["bbb"].level = 18, 100
    room.run(3)
    after = [heard(slot, room.now - 1) for slot in listener.audio]
    assert all_heard(listener, room.now - 1) == {"aaaa", "ccca"}
    # The one who went on speaking kept its slot.
    assert before.index({"aaaa"}) == after.index({"aaaa"})


def test_a_little_louder_is_not_enough() -> None:
    room = Classroom()
    one = room.publish("aaa.camera", seed=3)
    two = room.publish("bbb.camera", seed=4)
    one.level, two.level = 30, 40
    room.room.set_audible({"aaa.camera", "bbb.camera"}, room.now)
    listener = room.watch("l", audio=1)
    room.run(3)
    for turn in range(10):
        one.level, two.level = (33, 30) if turn % 2 else (30, 33)
        room.run(1)
    assert all_heard(listener, 103.0) == {"aaaa"}


def test_without_levels_a_source_counts_as_speaking() -> None:
    room = Classroom()
    quiet = room.publish("aaa.camera", seed=3)
    quiet.level = 90
    room.publish("bbb.camera", seed=4).send_levels = False
    room.room.set_audible({"aaa.camera", "bbb.camera"}, room.now)
    listener = room.watch("l", audio=1)
    room.run(4)
    assert all_heard(listener, room.now - 1) == {"bbba"}


def test_a_speaker_switch_keeps_the_stream_continuous() -> None:
    room = Classroom()
    names = ["aaa.camera", "bbb.camera"]
    talkers = [room.publish(name, seed=3 + i) for i, name in enumerate(names)]
    room.room.set_audible(set(names), room.now)
    listener = room.watch("l", audio=1)
    for turn in range(6):
        talkers[turn % 2].level, talkers[1 - turn % 2].level = 20, 110
        room.run(3)
    slot = listener.audio[0]
    assert len(slot.streams()) >= 6
    numbers = [packet.sequence for packet in slot.order]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    times = [packet.timestamp for packet in slot.order]
    steps = [(b - a) & 0xFFFFFFFF for a, b in itertools.pairwise(times)]
    assert all(900 <= step <= 3000 for step in steps)
    assert {streams.read(packet.payload).stream for packet in slot.order} == {"aaaa", "bbba"}


def with_a_page(
    lesson: Lesson, link: Bottleneck, *, shown: bool = True, **options: object
) -> SimulatedViewer:
    """A classroom that hears the teacher and a page; the page claims to be by far the louder."""
    room = lesson.room
    page = room.publish("page.courseware", seed=5, layers=(Layer.HIGH, Layer.MIDDLE))
    page.level = 0  # −dBov: the teacher's is 30
    room.room.set_audible(("lead.camera", "page.courseware"), room.now)
    up = Profile(delay=0.03)
    classroom = room.watch("c", audio=2, through=link, up=up, **options)
    if shown:
        classroom.show("lead.camera")
    return classroom


def ask_again(lesson: Lesson, listener: SimulatedViewer) -> None:
    """Ask for every sound of the last 0.6 s, whether it came or not, fifty times a second."""

    def ask() -> bool:
        for slot in listener.audio:
            newest = [number & 0xFFFF for number in range(slot.highest - 30, slot.highest)]
            listener.session.on_rtcp(
                rtcp_writer.nack(77, slot.negotiated.ssrc, newest), lesson.room.now
            )
        return False

    lesson.world.every(0.02, ask)


def test_two_sounds_that_a_link_cannot_carry_are_not_both_lost() -> None:
    """60 kbit/s, then a good link again: what matters most goes alone, and whole."""
    lesson = Lesson()
    classroom = with_a_page(lesson, lesson.link((0, 5e6), (5, 60e3), (15, 5e6)))
    lesson.run(8)
    narrow = lesson.room.now
    lesson.run(7)
    voice = [one for slot in classroom.audio for one in slot.decoded if one.at >= narrow]
    assert {one.stream for one in voice} == {"leaa"}
    assert len(voice) >= 0.97 * 50 * 7
    lesson.run(2)
    assert classroom.video[0].decoded[-1].at > lesson.room.now - 0.3  # the picture is back
    lesson.run(3)
    assert all_heard(classroom, lesson.room.now - 0.2) == {"leaa", "paga"}


@pytest.mark.parametrize(
    ("picture", "within"),
    [
        ({"shown": False}, 6),  # the camera is off: what the link carries is probed with padding,
        ({"rtx": False}, 12),  # or cannot be, and is tried
        ({"shown": False, "rtx": False}, 12),
    ],
)
def test_who_sees_nothing_hears_all_again(picture: dict[str, bool], within: float) -> None:
    lesson = Lesson()
    classroom = with_a_page(lesson, lesson.link((0, 5e6), (5, 60e3), (10, 5e6)), **picture)
    lesson.run(10)
    assert all_heard(classroom, lesson.room.now - 0.2) == {"leaa"}
    lesson.run(within)
    assert all_heard(classroom, lesson.room.now - 0.2) == {"leaa", "paga"}


def test_an_outage_leaves_nobody_out() -> None:
    lesson = Lesson()
    classroom = with_a_page(lesson, lesson.link(5e6, outages=[(5, 9)]))
    lesson.run(9.8)
    assert all_heard(classroom, lesson.room.now - 0.2) == {"leaa", "paga"}


def test_sound_is_not_repeated_behind_a_queue() -> None:
    """A repair would come too late to be heard, and would keep the queue full."""
    lesson = Lesson()
    link = lesson.link((0, 5e6), (5, 50e3))
    classroom = lesson.room.watch("c", audio=1, through=link, up=Profile(delay=0.03))
    lesson.run(8)
    assert link.backlog() > 0.15
    answered = lesson.room.counters.rtx_answered
    ask_again(lesson, classroom)
    lesson.run(1)
    assert link.backlog() > 0.15
    assert lesson.room.counters.rtx_answered == answered


def test_repairs_of_sound_have_their_share_headers_included() -> None:
    """Whatever is asked for: what is 60 bytes of sound takes twice that on the link."""
    lesson = Lesson(start_bps=100e3)
    classroom = lesson.room.watch("c", audio=1, through=lesson.link(5e6), up=Profile(delay=0.03))
    lesson.run(3)
    slot, begun = classroom.audio[0], len(classroom.raw)
    ask_again(lesson, classroom)
    lesson.run(10)
    target = classroom.session.outlet.estimator.target_bps  # it rises all the time
    sound = [rtp.parse(raw) for raw in classroom.raw[begun:] if not 192 <= raw[1] <= 223]
    numbers = [one.sequence_number for one in sound if one.ssrc == slot.negotiated.ssrc]
    repeated = len(numbers) - len(set(numbers))
    size = len(classroom.raw[begun]) + OVERHEAD
    bps = 8 * size * repeated / 10
    assert 20e3 < bps < 0.25 * target + 8 * 400  # and half a second's at the start
