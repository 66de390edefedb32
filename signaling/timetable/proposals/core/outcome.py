"""The outcome of a search as it is kept: a proposal with what its lessons are."""

from __future__ import annotations

import msgspec

from signaling.timetable.proposals.core.problem import Position
from signaling.timetable.proposals.core.proposal import Blocking, Conflict


class Seat(msgspec.Struct, frozen=True):
    """A receive room, its school and class."""

    room_id: str
    school_id: str
    class_id: str | None


class OutcomeLesson(msgspec.Struct, frozen=True, kw_only=True):
    """A weekly lesson of a proposal.

    Attributes:
        need_id: the need in the problem.
        plan_id: the plan that it is now; None for a new one.
        plan_version: the version of that plan that was looked at.
        wish: the index of the wish that asks for it; None for a plan.
        position: where it is to stand; None where there is no place.
        before: where it stands now.
    """

    need_id: str
    plan_id: str | None
    plan_version: int
    wish: int | None
    title: str
    subject: str
    grade: str
    period_count: int
    seats: tuple[Seat, ...]
    position: Position | None
    before: Position | None
    moved: bool
    places: int = 0
    blocked_by: tuple[Blocking, ...] = ()


class Outcome(msgspec.Struct, frozen=True):
    """A proposal as it is kept."""

    lessons: tuple[OutcomeLesson, ...]
    conflicts: tuple[Conflict, ...]
    optimal: bool

    @property
    def placed(self) -> int:
        """Lessons with a place."""
        return sum(one.position is not None for one in self.lessons)

    @property
    def moved(self) -> int:
        """Lessons that stand elsewhere now, or with somebody else."""
        return sum(one.moved for one in self.lessons)
