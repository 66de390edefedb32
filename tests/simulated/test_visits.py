"""Viewers for whom nothing is due are passed over at most ticks; nobody may notice."""

from __future__ import annotations

import itertools

from relay.api import Layer
from tests.simulated.adaptive import Lesson
from tests.simulated.classroom import Classroom
from tests.simulated.network import TICK


def test_what_is_shown_is_told_with_the_next_tick() -> None:
    lesson = Classroom()
    lesson.publish("lead.camera")
    viewer = lesson.watch("room-1", audio=1)
    wishes = itertools.cycle((Layer.HIGH, Layer.LOW))
    lesson.world.every(1.013, lambda: viewer.show("lead.camera", max_layer=next(wishes)))
    untold_since: list[float] = []
    seen = set()

    def look() -> None:
        shown = viewer.session.slots()
        seen.add(shown[0].layer)
        if shown == lesson.events.slots.get("room-1", shown):
            untold_since.clear()
        else:
            untold_since.append(lesson.now)
            assert lesson.now - untold_since[0] < TICK

    lesson.world.every(0.002, look)
    lesson.run(25)
    assert seen == {None, Layer.HIGH, Layer.LOW}
    assert lesson.events.slots["room-1"] == viewer.session.slots()


def test_packets_are_spread_by_the_latest_estimate() -> None:
    lesson = Lesson()
    lesson.watch(lesson.link((0, 3e6), (8, 0.7e6), (14, 3e6)))
    estimates = set()

    def look() -> None:  # behind the room's own tick
        viewer = lesson.viewers[0].viewer
        if viewer is not None:
            assert not viewer.session.outlet.is_outdated
            estimates.add(viewer.session.outlet.estimator.target_bps)

    lesson.world.every(TICK, look)
    lesson.run(20)
    viewer = lesson.viewers[0].viewer
    assert viewer is not None
    viewer.session.on_path_change(lesson.room.now)
    lesson.run(1)
    assert len(estimates) > 20


def test_a_viewer_for_whom_more_could_be_used_is_visited_for_its_probe() -> None:
    lesson = Classroom()
    lesson.publish("lead.camera")
    viewer = lesson.watch("room-1", audio=1)
    viewer.show("lead.camera")
    lesson.run(10.003)
    estimator, shown = viewer.session.outlet.estimator, viewer.session.video_slots[0].layer
    assert shown is not None
    usual = shown.meter.carried_bps
    brought_forward = 0
    for _ in range(40):
        lesson.run(0.0513)
        before = estimator.due
        shown.meter.carried_bps = 20 * usual  # livelier pictures
        viewer.session.retarget(lesson.now)
        brought_forward += estimator.due < before
        assert viewer.session.due <= estimator.due
        shown.meter.carried_bps = usual
        viewer.session.retarget(lesson.now)
    assert brought_forward > 10
