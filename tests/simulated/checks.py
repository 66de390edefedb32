"""Checks of what a simulated viewer got."""

from __future__ import annotations

import itertools

import pytest

from relay.core.wire import vp8
from relay.core.wire.serial import signed
from tests.simulated.viewer import Slot


def frames_of(slot: Slot, stream: str) -> set[int]:
    return {one.frame for one in slot.decoded if one.stream == stream}


def share(slot: Slot, stream: str, first: int, last: int) -> float:
    """The part of the frames first…last of a stream that was decoded."""
    return len(frames_of(slot, stream) & set(range(first, last + 1))) / (last - first + 1)


def assert_continuous(slot: Slot, now: float) -> None:
    """No sequence number is missing for good; timestamps and picture ids only rise."""
    numbers = {packet.sequence for packet in slot.order}
    first, last = min(numbers), max(numbers)
    missing = set(range(first, last + 1)) - numbers
    assert missing <= set(slot.missing)
    times = [one.timestamp for one in slot.decoded]
    steps = [signed(b - a, 32) for a, b in itertools.pairwise(times)]
    assert all(step > 0 for step in steps)


def assert_picture_ids_run_on(slot: Slot) -> None:
    seen: list[tuple[int, int]] = []
    for packet in sorted(slot.order, key=lambda one: one.sequence):
        found = vp8.parse(packet.payload)
        assert found.picture_id_bits == 15
        if not seen or seen[-1][0] != found.picture_id:
            seen.append((found.picture_id, found.tl0_index))
    for (id_a, tl0_a), (id_b, tl0_b) in itertools.pairwise(seen):
        assert (id_b - id_a) & 0x7FFF == 1
        assert (tl0_b - tl0_a) & 0xFF == 1


def assert_timestamps_follow_time(slot: Slot) -> None:
    """Over the whole run the slot's clock advances as real time does, whatever was switched."""
    first, last = slot.decoded[0], slot.decoded[-1]
    elapsed = signed(last.timestamp - first.timestamp, 32) / 90_000
    assert elapsed == pytest.approx(last.at - first.at, abs=0.05)
