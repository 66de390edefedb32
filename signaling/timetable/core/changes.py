"""Overrides of one occurrence: 调课, 代课, other rooms, 停课.

An override sets some of the parts of an occurrence. Overrides of different parts commute. Of two
that set the same part, the later wins. 停课 commutes with every other one and cannot be undone.
A plan that changes later keeps its hands off the parts that were set: so a change of the plan and
an override commute too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from signaling.timetable.core.codes import ChangedPart
from signaling.timetable.core.expansion import Seat
from signaling.timetable.core.slots import Slot


@dataclass(frozen=True, slots=True)
class Rooms:
    """Rooms in which an occurrence takes place."""

    lead_room_id: str | None
    seats: tuple[Seat, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """One occurrence as it stands."""

    slot: Slot
    teacher_id: str
    rooms: Rooms
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Override:
    """Parts that are set otherwise than the plan says; None leaves the plan's."""

    slot: Slot | None = None
    teacher_id: str | None = None
    rooms: Rooms | None = None
    stop: bool = False

    @property
    def parts(self) -> frozenset[ChangedPart]:
        """The parts that it sets."""
        set_parts = {
            ChangedPart.SLOT: self.slot is not None,
            ChangedPart.TEACHER: self.teacher_id is not None,
            ChangedPart.ROOMS: self.rooms is not None,
            ChangedPart.STOP: self.stop,
        }
        return frozenset(part for part, is_set in set_parts.items() if is_set)

    def then(self, later: Override) -> Override:
        """Return the one override that does the same as this one and a later one."""
        return Override(
            slot=later.slot or self.slot,
            teacher_id=later.teacher_id or self.teacher_id,
            rooms=later.rooms or self.rooms,
            stop=later.stop or self.stop,
        )


def overridden(held: Held, override: Override) -> Held:
    """Return an occurrence with an override over it."""
    return Held(
        slot=override.slot or held.slot,
        teacher_id=override.teacher_id or held.teacher_id,
        rooms=override.rooms or held.rooms,
        stopped=held.stopped or override.stop,
    )


def replanned(held: Held, kept: frozenset[ChangedPart], planned: Held) -> Held:
    """Return an occurrence after a change of its plan.

    Args:
        held: the occurrence as it stands.
        kept: the parts that overrides have set.
        planned: the occurrence as the changed plan has it.
    """
    return replace(
        planned,
        slot=held.slot if ChangedPart.SLOT in kept else planned.slot,
        teacher_id=held.teacher_id if ChangedPart.TEACHER in kept else planned.teacher_id,
        rooms=held.rooms if ChangedPart.ROOMS in kept else planned.rooms,
        stopped=held.stopped,
    )
