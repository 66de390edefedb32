"""Who is heard, and who is not."""

from __future__ import annotations

import itertools

from tests.simulated import streams
from tests.simulated.classroom import Classroom
from tests.simulated.viewer import SimulatedViewer, Slot


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
