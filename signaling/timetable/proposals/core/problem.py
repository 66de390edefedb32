"""The problem of 自动排课: what is to be placed, where it may go, and what is taken.

A problem is one centre school's week: its periods are the only times, so two lessons overlap when
they share a slot and a week. Whoever makes the problem turns everything outside of it (lessons of
other schools, absences) into `Taken` slots. Weeks are the bits of a `WeekSet`: bit n is week n.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

MAX_WEEKLY_LESSONS = 2_000  # of one problem; 200 points have about 800
MAX_OPTIONS = 200_000  # Boolean variables; about 1 KiB each in the solver


class ResourceKind(StrEnum):
    """Kind of resource, which can be in one lesson at a time."""

    TEACHER = "teacher"
    ROOM = "room"
    CLASS = "class"


class CapacityKind(StrEnum):
    """Kind of capacity, which several lessons share up to a limit."""

    UPLINK = "uplink"  # Mbit/s of a school
    HOSTED_LESSONS = "hosted_lessons"  # lessons that a centre school gives at once
    RELAY = "relay"  # Mbit/s that the server forwards


class TakenBy(StrEnum):
    """Reason for which a resource cannot be had in a slot."""

    LESSON = "lesson"  # a lesson that the proposal may not touch
    ABSENCE = "absence"  # ill, away, or a blocked period


class WeekSlot(msgspec.Struct, frozen=True, order=True):
    """A period of the week: `day` 1 is Monday."""

    day: int
    period: int


class Resource(msgspec.Struct, frozen=True, order=True):
    """A teacher, room or class."""

    kind: ResourceKind
    resource_id: str


class Taken(msgspec.Struct, frozen=True):
    """A slot in which a resource cannot be had."""

    resource: Resource
    slot: WeekSlot
    weeks: int
    by: TakenBy


class Capacity(msgspec.Struct, frozen=True):
    """A limit of what goes on at once."""

    capacity_id: str
    kind: CapacityKind
    owner_id: str  # the school or server whose limit it is
    limit: int


class Load(msgspec.Struct, frozen=True):
    """Amount that a lesson takes of a capacity."""

    capacity_id: str
    amount: int


class BaseLoad(msgspec.Struct, frozen=True):
    """Amount that lessons outside of the problem take of a capacity."""

    capacity_id: str
    slot: WeekSlot
    weeks: int
    amount: int


class Wish(msgspec.Struct, frozen=True):
    """Slots that had better stay free of a lesson; each used one costs `cost`.

    `teacher_id` is whose wish it is; None where it holds whoever teaches.
    """

    slots: tuple[WeekSlot, ...]
    cost: int
    teacher_id: str | None = None


class Position(msgspec.Struct, frozen=True):
    """Position of a weekly lesson: its first slot, weeks, teacher and lead room."""

    slot: WeekSlot
    weeks: int
    teacher_id: str
    lead_room_id: str | None


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """A subject that some classes are to have together.

    Attributes:
        need_id: its name in answers.
        lengths: one entry for each lesson of a week: how many periods it lasts.
        week_choices: the sets of weeks of which each lesson takes one, such as 单 or 双.
        teacher_ids: those who may give it, the preferred one first.
        lead_room_ids: the rooms from which it may be given, the preferred one first.
        receive_room_ids: the rooms that take part.
        class_ids: the classes that take part, the one in the lead room included.
        loads: what each lesson takes of the capacities while it lasts.
        slots: the slots in which a lesson may lie; None for all.
        wishes: slots that it had better avoid.
        present: where its lessons stand now, in the order of `lengths`; None where nowhere.
        live: whether somebody teaches; a pushed resource (资源推送) takes no teacher's time.
    """

    need_id: str
    lengths: tuple[int, ...]
    week_choices: tuple[int, ...]
    teacher_ids: tuple[str, ...]
    lead_room_ids: tuple[str, ...] = ()
    receive_room_ids: tuple[str, ...] = ()
    class_ids: tuple[str, ...] = ()
    loads: tuple[Load, ...] = ()
    slots: tuple[WeekSlot, ...] | None = None
    wishes: tuple[Wish, ...] = ()
    present: tuple[Position | None, ...] = ()
    live: bool = True


class Weights(msgspec.Struct, frozen=True):
    """Costs of what is allowed but not liked. What is unplaced or moved always weighs more."""

    same_day: int = 6  # a second lesson of a need on one day
    long_run: int = 4  # a teacher's period beyond `Problem.max_in_a_row`
    second_choice: int = 1  # each step down the list of teachers or lead rooms
    moved_slot: int = 3  # a changed time, in units of moves
    moved_person: int = 1  # another teacher or lead room at the same time, in units of moves


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """All that a proposal depends on.

    Attributes:
        slots: the periods of the week.
        breaks: periods after which no lesson goes on, such as the last one before noon.
        max_in_a_row: periods that a teacher gives one after the other without complaint.
    """

    slots: tuple[WeekSlot, ...]
    needs: tuple[Need, ...]
    breaks: tuple[int, ...] = ()
    taken: tuple[Taken, ...] = ()
    capacities: tuple[Capacity, ...] = ()
    base_loads: tuple[BaseLoad, ...] = ()
    max_in_a_row: int = 3
    weights: Weights = Weights()


class WeeklyLesson(msgspec.Struct, frozen=True):
    """One lesson of a week that is to be placed: the `number`-th of its need."""

    need: Need
    number: int

    @property
    def length(self) -> int:
        """Number of its periods."""
        return self.need.lengths[self.number]

    @property
    def present(self) -> Position | None:
        """Position in which it stands now."""
        present = self.need.present
        return present[self.number] if self.number < len(present) else None


def may_need(need: Need) -> frozenset[Resource]:
    """Return every teacher, room and class that a need's lessons can take."""
    teachers = need.teacher_ids if need.live else ()
    return frozenset(
        [Resource(ResourceKind.TEACHER, one) for one in teachers]
        + [
            Resource(ResourceKind.ROOM, one)
            for one in (*need.lead_room_ids, *need.receive_room_ids)
        ]
        + [Resource(ResourceKind.CLASS, one) for one in need.class_ids]
    )


class ProblemTooLarge(ValueError):
    """More to place than one proposal takes."""


def weekly_lessons(problem: Problem) -> tuple[WeeklyLesson, ...]:
    """Return what is to be placed. Raises ProblemTooLarge."""
    lessons = tuple(
        WeeklyLesson(need, number) for need in problem.needs for number in range(len(need.lengths))
    )
    if len(lessons) > MAX_WEEKLY_LESSONS:
        raise ProblemTooLarge(f"{len(lessons)} weekly lessons")
    return lessons
