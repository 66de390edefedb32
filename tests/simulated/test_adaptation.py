"""Lessons over links that are slow, lossy, changing, shared or gone.

The cases come from RFC 8867, as far as they apply to a relay (its "flows" are viewers here). Others
are libwebrtc's own bars for a sender, and the profiles by which the product is judged in real
browsers (`load_tests/profiles`). Everything is deterministic: a failure here comes again.
"""

from __future__ import annotations

import itertools
from statistics import median

import pytest

from relay.api import Importance, Layer, SlotWish
from tests.simulated.adaptive import BurstLoss, Lesson, RandomLoss, Watching
from tests.simulated.network import Profile
from tests.unit.relay.core.congestion.cubic import Cubic


def kbit(bps: float) -> float:
    return bps / 1000


def first_second_at(watching: Watching, layer: Layer, temporal: int, since: int = 0) -> int:
    """The first whole second in which that much was forwarded."""
    for second, one in enumerate(watching.seconds[since:], since):
        if one.layer is layer and one.temporal >= temporal:
            return second
    raise AssertionError(watching.table())


# --- libwebrtc's bars -----------------------------------------------------------------------------


def test_500_then_800_then_100_kbit() -> None:
    lesson = Lesson()
    room = lesson.watch(lesson.link((0, 500e3), (30, 800e3), (60, 100e3)))
    lesson.run(110)
    assert 350 <= kbit(room.target(25, 30)) <= 550
    assert 600 <= kbit(room.target(50, 60)) <= 900
    # Only sound is left, half of what the link carries: the rest of the estimate is probed for.
    assert 65 <= kbit(room.target(70, 110)) <= 130
    # The lowest layer is tried once, does not fit, and is left.
    assert room.queue(67, 110) < 0.3
    assert all(one.layer is None for one in room.seconds[67:110])
    assert all(one.sound >= 42 for one in room.seconds[67:]), room.table()


def test_ten_percent_loss_on_a_long_path() -> None:
    lesson = Lesson()
    link = lesson.link(2e6, delay=0.1, loss=RandomLoss(0.1))
    room = lesson.watch(link, back=0.1)
    lesson.run(40)
    assert kbit(room.target(10, 40)) > 100
    assert room.seconds[-1].layer is not None


# --- RFC 8867 -------------------------------------------------------------------------------------


def test_5_1_variable_capacity() -> None:
    lesson = Lesson()
    steps = [(0, 1e6), (40, 2.5e6), (60, 0.6e6), (80, 1e6)]
    room = lesson.watch(lesson.link(*steps, delay=0.05), back=0.05)
    lesson.run(100)
    assert kbit(room.target(10, 40)) == pytest.approx(1000, rel=0.3)
    assert first_second_at(room, Layer.HIGH, 2, since=40) <= 50
    assert 400 <= kbit(room.sent(63, 80)) <= 600
    assert kbit(room.target(65, 80)) == pytest.approx(600, rel=0.3)
    assert room.queue(63, 80) < 0.3
    assert room.frozen(3, 100) < 2


def test_5_2_variable_capacity_with_two_viewers() -> None:
    lesson = Lesson()
    steps = [(0, 4e6), (25, 2e6), (50, 3.5e6), (75, 1e6), (100, 2e6)]
    link = lesson.link(*steps, delay=0.05)
    rooms = [lesson.watch(link, back=0.05), lesson.watch(link, start=2, back=0.05)]
    lesson.run(125)
    for first, last in ((10, 25), (35, 50), (60, 75), (85, 98), (110, 122)):
        rates = [room.sent(first, last) for room in rooms]
        # One layer apart at most: a link cannot be shared more evenly than layers come.
        assert max(rates) <= 3.2 * min(rates), [room.table() for room in rooms]
    assert rooms[0].queue(80, 98) < 0.3


def test_5_3_congested_feedback() -> None:
    """Feedback comes late, and much of it is lost: the picture stays."""
    lesson = Lesson()
    room = lesson.watch(lesson.link(1.5e6))
    lesson.run(5)
    assert room.viewer is not None
    room.viewer.up.profile = Profile(delay=0.3, jitter=0.2, loss=0.3)
    lesson.run(40)
    assert room.frozen(10, 44) < 2
    assert kbit(room.target(15, 44)) > 500


def test_5_5_round_trips_from_short_to_long() -> None:
    lesson = Lesson()
    link = lesson.link(4e6, delay=0.01)
    backs = (0.01, 0.04, 0.09, 0.19, 0.29)
    rooms = [lesson.watch(link, start=5.0 * i, back=back) for i, back in enumerate(backs)]
    lesson.run(90)
    rates = [room.sent(len(room.seconds) - 40, len(room.seconds)) for room in rooms]
    assert min(rates) > 0.2 * sum(rates) / len(rates), rates
    # They take turns at being squeezed, but nobody is without a picture for long.
    dark = [sum(second.layer is None for second in room.seconds[-60:]) for room in rooms]
    assert max(dark) <= 15, dark


@pytest.mark.parametrize("queue", [0.3, 1.5])
def test_5_6_beside_a_long_tcp_flow(queue: float) -> None:
    lesson = Lesson()
    link = lesson.link(2e6, queue=queue)
    room = lesson.watch(link)
    tcp = Cubic(lesson.world, link, start=10)
    lesson.run(30)
    before = tcp.delivered
    lesson.run(60)
    ours = room.sent(30, 90)
    theirs = 8 * (tcp.delivered - before) / 60
    assert 0.2 <= ours / (ours + theirs) <= 0.75
    assert min(one.sound for one in room.seconds[35:]) > 15  # no second without sound


def test_5_7_beside_short_tcp_flows() -> None:
    lesson = Lesson()
    link = lesson.link(2e6)
    room = lesson.watch(link)
    for start in range(10, 60, 10):
        flow = Cubic(lesson.world, link, start=start)
        lesson.world.after(start + 2, flow.stop)
    lesson.run(75)
    assert room.frozen(5, 70) < 5
    assert room.seconds[-1].layer is Layer.HIGH


def test_5_8_pause_and_resume() -> None:
    lesson = Lesson()
    room = lesson.watch(lesson.link(2e6))
    lesson.run(20)
    assert room.viewer is not None
    room.viewer.view()
    lesson.run(40)
    resumed = len(room.seconds)
    room.viewer.show("lead.camera")
    lesson.run(10)
    assert first_second_at(room, Layer.HIGH, 1, since=resumed) <= resumed + 3
    assert room.frozen(resumed + 1, resumed + 9) < 0.5


# --- the profiles ---------------------------------------------------------------------------------


def test_p1_the_top_layer_is_reached_soon() -> None:
    lesson = Lesson()
    room = lesson.watch(lesson.link(4e6, loss=RandomLoss(0.01)))
    lesson.run(30)
    assert first_second_at(room, Layer.HIGH, 2) <= 10
    assert room.frozen(1, 30) / 29 <= 0.005
    assert room.switches(10, 30) == 0


def test_p2_a_lossy_link_is_used_without_a_saw_tooth() -> None:
    # Of three draws, as issue 3 judges: a picture whose last packet is lost is missed with the next
    # one 80 ms later and back 80 ms after that, which is a gap of just about the 250 ms that count.
    frozen = []
    for seed in (1, 2, 3):
        lesson = Lesson()
        room = lesson.watch(lesson.link(1.5e6, queue=0.32, loss=RandomLoss(0.03, seed)))
        lesson.run(60)
        frozen.append(room.frozen(1, 60) / 59)
        assert room.switches(10, 60) <= 2
        # Half the pictures of the top layer; the product's layers are larger, and use more.
        assert room.sent(10, 60) / 1.5e6 >= 0.6, room.table()
    assert median(frozen) <= 0.01, frozen
    assert max(frozen) <= 0.03, frozen


def test_p4_the_top_layer_does_not_wait_for_a_round_trip_at_each_rung() -> None:
    lesson = Lesson()
    link = lesson.link(2e6, delay=0.3, loss=RandomLoss(0.01))
    room = lesson.watch(link, back=0.3)
    lesson.run(30)
    assert first_second_at(room, Layer.HIGH, 2) <= 1, room.table()
    assert room.switches(3, 30) == 0, room.table()


def test_p3_a_changing_link() -> None:
    lesson = Lesson()
    steps = [(0, 3e6), (20, 1e6), (40, 0.5e6), (60, 2e6), (80, 3e6)]
    link = lesson.link(*steps, delay=0.04, loss=RandomLoss(0.005), queue=0.5)
    room = lesson.watch(link, back=0.04)
    lesson.run(100)
    for drop in (20, 40):
        assert room.queue(drop + 4, drop + 19) < 0.3
    assert first_second_at(room, Layer.HIGH, 1, since=60) <= 70
    assert room.frozen(1, 100) < 2


def test_p5_an_outage_costs_little_more_than_itself() -> None:
    lesson = Lesson()
    outage = (20, 25)
    link = lesson.link(1.5e6, queue=0.32, loss=RandomLoss(0.03), outages=[outage])
    room = lesson.watch(link)
    lesson.run(45)
    assert 5 <= room.frozen(1, 45) <= 6.5, room.table()
    assert room.frozen(20, 26) < 6.0, room.table()  # the picture is back half a second after
    assert room.seconds[26].sound >= 45
    assert room.seconds[29].layer is not None


def test_p6_bursts() -> None:
    lesson = Lesson()
    room = lesson.watch(lesson.link(2e6, loss=BurstLoss(0.01, 0.25)))
    lesson.run(60)
    assert room.frozen(1, 60) / 59 <= 0.02, room.table()
    assert room.switches(10, 60) <= 2


def test_p7_the_picture_pauses_before_sound_suffers_and_comes_back() -> None:
    lesson = Lesson()
    room = lesson.watch(lesson.link((0, 300e3), (20, 100e3), (50, 300e3), queue=0.5))
    lesson.run(75)
    assert room.seconds[15].layer is Layer.LOW
    assert all(one.layer is None for one in room.seconds[30:45])
    assert all(one.sound >= 45 for one in room.seconds[25:50])
    assert first_second_at(room, Layer.LOW, 0, since=50) <= 60
    assert room.frozen(62, 75) < 0.5


# --- many viewers ---------------------------------------------------------------------------------


def test_two_viewers_behind_one_bottleneck_share_it() -> None:
    lesson = Lesson()
    link = lesson.link(2e6)
    rooms = [lesson.watch(link), lesson.watch(link, start=10)]
    lesson.run(70)
    rates = [rooms[0].sent(30, 69), rooms[1].sent(20, 59)]
    assert max(rates) <= 2 * min(rates), rates


def test_one_bad_viewer_leaves_a_hundred_others_untouched() -> None:
    def digests(bad: bool) -> list[str]:
        lesson = Lesson()
        rooms = [lesson.watch(lesson.link(5e6)) for _ in range(100)]
        if bad:
            lesson.watch(lesson.link(150e3, loss=BurstLoss(0.1, 0.2)), start=1.0)
        lesson.run(4)
        for room in rooms:
            assert room.frozen(0.5, 4) == 0
        return [room.seconds[3].layer is Layer.HIGH for room in rooms]  # type: ignore[misc]

    assert digests(bad=True) == digests(bad=False)


def test_slots_give_way_by_what_they_matter() -> None:
    """The wall goes first, then the camera's layers; the courseware keeps its best for longest."""
    lesson = Lesson()
    room = lesson.room
    for index, name in enumerate(("lead.courseware", "room-a.camera", "room-b.camera")):
        room.publish(name, seed=20 + index, audio=False, temporal=True)
    lesson.run(2)
    link = lesson.link((0, 5e6), (20, 2e6), (40, 0.9e6), (60, 0.3e6), (80, 0.1e6), (100, 5e6))
    viewer = room.watch("room-1", video=4, audio=1, through=link, seed=77)
    viewer.view(
        SlotWish(0, "lead.camera", importance=Importance.STAGE),
        SlotWish(1, "lead.courseware", importance=Importance.COURSEWARE),
        SlotWish(2, "room-a.camera", Layer.LOW, importance=Importance.WALL),
        SlotWish(3, "room-b.camera", Layer.LOW, importance=Importance.WALL),
    )
    states = []
    for _ in range(6):
        lesson.run(18)
        states.append([slot.layer for slot in viewer.session.slots()[:4]])
        lesson.run(2)
    high, low = Layer.HIGH, Layer.LOW
    assert states[0] == [high, high, low, low]
    assert states[1][1] is high
    assert states[1][0] in {Layer.MIDDLE, low}
    assert states[2][1] in {high, Layer.MIDDLE}
    assert states[2][0] is not high
    assert states[4] == [None] * 4
    assert all(slot.ideal is not None for slot in viewer.session.slots()[:4])
    assert states[5] == states[0]


def test_layers_that_nobody_takes_are_not_asked_for_and_come_back_at_once() -> None:
    lesson = Lesson()
    room, teacher = lesson.room, lesson.teacher
    viewer = room.watch("room-1", audio=1, seed=5)
    viewer.show("lead.camera", max_layer=Layer.LOW)

    def obey() -> None:
        wanted = room.events.wanted.get(teacher.session.session_id)
        for layer, encoding in teacher.encodings.items():
            active = wanted is None or layer in wanted
            encoding.key_wanted |= active and not encoding.active
            encoding.active = active

    lesson.world.every(0.05, obey)
    lesson.run(10)
    assert room.events.wanted[teacher.session.session_id] == [Layer.LOW]
    assert [one.layer for one in viewer.session.slots()[:1]] == [Layer.LOW]
    asked = room.now
    viewer.show("lead.camera", max_layer=Layer.HIGH)
    lesson.run(3)
    high = [one.at for one in viewer.video[0].decoded if one.stream == "leah" and one.at > asked]
    assert high[0] - asked < 2.5
    assert viewer.video[0].longest_freeze(asked) < 0.3


def test_two_runs_are_the_same_to_the_byte() -> None:
    def run() -> str:
        lesson = Lesson()
        link = lesson.link((0, 2e6), (6, 0.4e6), jitter=0.02, loss=BurstLoss(0.02, 0.3))
        rooms = [lesson.watch(link), lesson.watch(link, start=1)]
        lesson.run(12)
        return "".join(room.digest() for room in rooms)

    assert run() == run()


def test_a_link_too_narrow_for_sound_is_not_remembered_when_it_is_wide_again() -> None:
    """Half of the sound was lost in a full queue: that says nothing of the link without it."""
    lesson = Lesson()
    room = lesson.watch(lesson.link((0, 5e6), (6, 30e3), (14, 5e6)))
    lesson.run(25)
    assert any(one.layer is not None for one in room.seconds[14:16]), room.table()
    assert first_second_at(room, Layer.HIGH, 0, since=14) <= 17, room.table()


def test_the_queue_of_an_up_switch_stays_short() -> None:
    """A key frame of 720 lines into a short queue: paced, so that it does not overflow."""
    lesson = Lesson()
    link = lesson.link((0, 0.6e6), (15, 1.6e6), queue=0.2)
    room = lesson.watch(link)
    lesson.run(45)
    climb = first_second_at(room, Layer.HIGH, 1, since=15)
    assert room.queue(climb, len(room.seconds)) < 0.15, room.table()
    changes = [b.layer is not a.layer for a, b in itertools.pairwise(room.seconds[climb:])]
    assert sum(changes) == 0, room.table()
