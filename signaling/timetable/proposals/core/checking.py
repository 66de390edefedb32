"""A check of a proposal that knows nothing of the solver: each rule, looked at week by week.

The solver reasons with options, cells and classes of weeks. This module does not import them. It
writes every lesson into a diary for each resource and each capacity, and reads where two meet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import msgspec

from signaling.timetable.proposals.core.named_rules import (
    NamedRule,
    allowed_slots,
    not_taken,
    once,
    within,
)
from signaling.timetable.proposals.core.problem import (
    Need,
    Position,
    Problem,
    Resource,
    ResourceKind,
    TakenBy,
    WeekSlot,
)
from signaling.timetable.proposals.core.proposal import Placed, Proposal

_When = tuple[WeekSlot, int]  # a slot in one week


class HardClash(msgspec.Struct, frozen=True, order=True):
    """A rule that a proposal breaks, and the needs whose lessons do it."""

    rule: NamedRule
    need_ids: tuple[str, ...]


def clashes(problem: Problem, proposal: Proposal) -> tuple[HardClash, ...]:
    """Return every rule that a proposal breaks."""
    needs = {need.need_id: need for need in problem.needs}
    lessons = [(needs[one.need_id], one) for one in proposal.placed]
    found = {*_meetings(lessons), *_taken(problem, lessons), *_loads(problem, lessons)}
    return tuple(sorted({*found, *_outside(problem, lessons)}))


def _meetings(lessons: list[tuple[Need, Placed]]) -> Iterator[HardClash]:
    diary: dict[tuple[Resource, _When], list[str]] = defaultdict(list)
    for need, placed in lessons:
        for resource in _resources(need, placed.position):
            for when in _times(need, placed):
                diary[resource, when].append(need.need_id)
    for (resource, _), need_ids in diary.items():
        if len(need_ids) > 1:
            yield HardClash(once(resource), tuple(sorted(need_ids)))


def _taken(problem: Problem, lessons: list[tuple[Need, Placed]]) -> Iterator[HardClash]:
    diary: dict[tuple[Resource, _When], set[TakenBy]] = defaultdict(set)
    for taken in problem.taken:
        for week in _weeks(taken.weeks):
            diary[taken.resource, (taken.slot, week)].add(taken.by)
    for need, placed in lessons:
        for resource in _resources(need, placed.position):
            for when in _times(need, placed):
                for by in diary.get((resource, when), ()):
                    yield HardClash(not_taken(resource, by), (need.need_id,))


def _loads(problem: Problem, lessons: list[tuple[Need, Placed]]) -> Iterator[HardClash]:
    for capacity in problem.capacities:
        used: dict[_When, int] = defaultdict(int)
        by: dict[_When, list[str]] = defaultdict(list)
        for base in problem.base_loads:
            if base.capacity_id == capacity.capacity_id:
                for week in _weeks(base.weeks):
                    used[base.slot, week] += base.amount
        for need, placed in lessons:
            amounts = (one.amount for one in need.loads if one.capacity_id == capacity.capacity_id)
            amount = sum(amounts)
            for when in _times(need, placed) if amount else ():
                used[when] += amount
                by[when].append(need.need_id)
        for when, need_ids in by.items():
            if used[when] > capacity.limit:
                yield HardClash(within(capacity), tuple(sorted(need_ids)))


def _outside(problem: Problem, lessons: list[tuple[Need, Placed]]) -> Iterator[HardClash]:
    for need, placed in lessons:
        allowed = problem.slots if need.slots is None else need.slots
        slots = {slot for slot, _ in _times(need, placed)}
        parted = any(slot.period in problem.breaks for slot in sorted(slots)[:-1])
        if parted or not slots <= set(allowed) & set(problem.slots):
            yield HardClash(allowed_slots(need.need_id), (need.need_id,))


def _resources(need: Need, position: Position) -> set[Resource]:
    rooms = {*need.receive_room_ids, position.lead_room_id} - {None}
    teacher = {Resource(ResourceKind.TEACHER, position.teacher_id)} if need.live else set()
    return {
        *teacher,
        *(Resource(ResourceKind.ROOM, room_id) for room_id in rooms if room_id is not None),
        *(Resource(ResourceKind.CLASS, class_id) for class_id in need.class_ids),
    }


def _times(need: Need, placed: Placed) -> Iterator[_When]:
    first = placed.position.slot
    for step in range(need.lengths[placed.number]):
        for week in _weeks(placed.position.weeks):
            yield WeekSlot(first.day, first.period + step), week


def _weeks(bits: int) -> Iterator[int]:
    return (week for week in range(bits.bit_length()) if bits >> week & 1)
