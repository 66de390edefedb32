"""Fewer temporal layers: fewer pictures a second, and a stream without seams."""

from __future__ import annotations

import itertools

import pytest

from relay.api import Layer
from relay.core.wire import vp8
from relay.core.wire.serial import signed
from tests.simulated.classroom import Classroom
from tests.simulated.network import Profile
from tests.simulated.viewer import SimulatedViewer, Slot


def rate(slot: Slot, since: float, until: float) -> float:
    """Pictures a second that were decoded."""
    return sum(since <= one.at < until for one in slot.decoded) / (until - since)


class Thinning:
    """Sets how many temporal layers a viewer is to get, whatever the adaptation says meanwhile."""

    def __init__(self, watching: SimulatedViewer) -> None:
        self._slots = watching.session.video_slots
        self.highest = 3
        watching.world.every(0.001, self._aim)

    def _aim(self) -> bool:
        for slot in self._slots:
            slot.aim_temporal(self.highest)
        return False


def assert_no_seam(slot: Slot) -> None:
    numbers = {packet.sequence for packet in slot.order}
    assert numbers == set(range(min(numbers), max(numbers) + 1))
    pictures = {}
    for packet in sorted(slot.order, key=lambda one: one.sequence):
        found = vp8.parse(packet.payload)
        pictures.setdefault(packet.timestamp, found.picture_id)
        assert pictures[packet.timestamp] == found.picture_id
    ids = list(pictures.values())
    assert all((b - a) & 0x7FFF == 1 for a, b in itertools.pairwise(ids))
    stamps = list(pictures)
    assert all(signed(b - a, 32) > 0 for a, b in itertools.pairwise(stamps))


def test_the_rate_halves_with_each_layer_left_out_and_comes_back() -> None:
    room = Classroom()
    room.publish("lead.camera", temporal=True)
    watching = room.watch("room-1")
    watching.show("lead.camera")
    thinning = Thinning(watching)
    room.run(2)
    rates = []
    for highest in (2, 1, 0, 1, 2, 0, 2):
        thinning.highest = highest
        room.run(0.4)
        since = room.now
        room.run(4)
        rates.append(rate(watching.video[0], since, room.now))
    assert rates == pytest.approx([25, 12.5, 6.25, 12.5, 25, 6.25, 25], abs=0.6)
    assert watching.video[0].broken == 0
    assert watching.video[0].plis == 0
    assert_no_seam(watching.video[0])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_loss_is_repaired_while_pictures_are_left_out(seed: int) -> None:
    """A late packet of a picture that was left out leaves a hole that nobody needs."""
    room = Classroom()
    room.publish("lead.camera", temporal=True, up=Profile(loss=0.05, delay=0.02), seed=seed)
    watching = room.watch("room-1", down=Profile(loss=0.05, delay=0.02), seed=100 + seed)
    watching.show("lead.camera", max_layer=Layer.MIDDLE)
    thinning = Thinning(watching)
    room.run(2)
    for highest in (1, 0, 2, 1) * 3:
        thinning.highest = highest
        room.run(2)
    thinning.highest = 1
    room.run(0.5)
    since = room.now
    room.run(20)
    slot = watching.video[0]
    assert rate(slot, since, room.now) == pytest.approx(12.5, abs=0.6)
    assert slot.broken <= 6  # of 500: those with a packet that was late and not wanted by then
    times = [one.timestamp for one in slot.decoded]
    assert all(signed(b - a, 32) > 0 for a, b in itertools.pairwise(times))


def test_layer_switches_while_pictures_are_left_out_leave_no_seam() -> None:
    room = Classroom()
    room.publish("lead.camera", temporal=True)
    watching = room.watch("room-1")
    watching.show("lead.camera", max_layer=Layer.LOW)
    thinning = Thinning(watching)
    room.run(1)
    for round_, layer in enumerate("mhlmlh"):
        thinning.highest = round_ % 3
        watching.show("lead.camera", max_layer=Layer(layer))
        room.run(1.5)
        assert watching.session.slots()[0].layer is Layer(layer)
    assert watching.video[0].broken == 0
    assert_no_seam(watching.video[0])


def test_a_stream_without_temporal_layers_is_never_thinned() -> None:
    room = Classroom()
    room.publish("lead.camera")
    watching = room.watch("room-1")
    watching.show("lead.camera")
    thinning = Thinning(watching)
    room.run(1)
    thinning.highest = 0
    since = room.now
    room.run(4)
    assert rate(watching.video[0], since, room.now) == pytest.approx(25, abs=0.6)


def test_the_shares_of_the_layers_are_measured() -> None:
    room = Classroom()
    teacher = room.publish("lead.camera", temporal=True)
    room.run(6)
    shares = teacher.session.video[Layer.HIGH].meter.temporal_shares
    assert shares == pytest.approx((0.4, 0.6, 1.0), abs=0.03)
