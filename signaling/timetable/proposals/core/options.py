"""Options: every place that a weekly lesson could have, its cost, and the rules that forbid it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from signaling.timetable.proposals.core.named_rules import NamedRule, allowed_slots, not_taken
from signaling.timetable.proposals.core.problem import (
    MAX_OPTIONS,
    Load,
    Position,
    Problem,
    ProblemTooLarge,
    Resource,
    ResourceKind,
    TakenBy,
    WeeklyLesson,
    WeekSlot,
    weekly_lessons,
)


@dataclass(frozen=True, slots=True)
class Option:
    """One place for one weekly lesson.

    Attributes:
        lesson: the index of the weekly lesson.
        slots: every slot that it fills.
        resources: all that it keeps from other lessons.
        cost: what it costs in wishes.
        moves: how far it is from the present place, in units of moves.
        forbidden_by: the named rules that it breaks whatever the other lessons do.
    """

    lesson: int
    position: Position
    slots: tuple[WeekSlot, ...]
    resources: tuple[Resource, ...]
    loads: tuple[Load, ...]
    cost: int
    moves: int
    forbidden_by: frozenset[NamedRule]


@dataclass(frozen=True, slots=True)
class Options:
    """All options of a problem; `of_lesson` has the indices of each weekly lesson's."""

    lessons: tuple[WeeklyLesson, ...]
    all: tuple[Option, ...]
    of_lesson: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, problem: Problem) -> Options:
        """Make the options of a problem. Raises ProblemTooLarge."""
        lessons = weekly_lessons(problem)
        maker = _Maker(problem)
        found: list[Option] = []
        of_lesson: list[tuple[int, ...]] = []
        for index, lesson in enumerate(lessons):
            first = len(found)
            found += maker.options(index, lesson)
            if len(found) > MAX_OPTIONS:
                raise ProblemTooLarge(f"more than {MAX_OPTIONS} options")
            of_lesson.append(tuple(range(first, len(found))))
        return cls(lessons, tuple(found), tuple(of_lesson))


class _Maker:
    """Options of the lessons of one problem."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._known = frozenset(problem.slots)
        self._breaks = frozenset(problem.breaks)
        self._taken: dict[tuple[Resource, WeekSlot], list[tuple[int, TakenBy]]] = defaultdict(list)
        for taken in problem.taken:
            self._taken[taken.resource, taken.slot].append((taken.weeks, taken.by))

    def options(self, index: int, lesson: WeeklyLesson) -> Iterator[Option]:
        """Yield the options of one weekly lesson."""
        for slots in self._runs(lesson.length):
            for position in _positions(lesson, slots[0]):
                resources = _resources(lesson, position)
                yield Option(
                    index,
                    position,
                    slots,
                    resources,
                    lesson.need.loads,
                    self._cost(lesson, position, slots),
                    self._moves(lesson, position),
                    frozenset(self._broken(lesson, position, slots, resources)),
                )

    def _runs(self, length: int) -> Iterator[tuple[WeekSlot, ...]]:
        """Yield the slots in a row in which a lesson of some periods fits."""
        for slot in sorted(self._known):
            run = tuple(WeekSlot(slot.day, slot.period + step) for step in range(length))
            broken = any(one.period in self._breaks for one in run[:-1])
            if not broken and self._known.issuperset(run):
                yield run

    def _cost(self, lesson: WeeklyLesson, position: Position, slots: tuple[WeekSlot, ...]) -> int:
        need, step = lesson.need, self._problem.weights.second_choice
        cost = need.teacher_ids.index(position.teacher_id) * step
        if position.lead_room_id is not None:
            cost += need.lead_room_ids.index(position.lead_room_id) * step
        for wish in need.wishes:
            if wish.teacher_id in {None, position.teacher_id}:
                cost += wish.cost * len(frozenset(wish.slots).intersection(slots))
        return cost

    def _moves(self, lesson: WeeklyLesson, position: Position) -> int:
        present, weights = lesson.present, self._problem.weights
        if present is None:
            return 0
        moves = 0
        if (present.slot, present.weeks) != (position.slot, position.weeks):
            moves += weights.moved_slot
        if present.teacher_id != position.teacher_id:
            moves += weights.moved_person
        if present.lead_room_id != position.lead_room_id:
            moves += weights.moved_person
        return moves

    def _broken(
        self,
        lesson: WeeklyLesson,
        position: Position,
        slots: tuple[WeekSlot, ...],
        resources: tuple[Resource, ...],
    ) -> Iterator[NamedRule]:
        allowed = lesson.need.slots
        if allowed is not None and not frozenset(allowed).issuperset(slots):
            yield allowed_slots(lesson.need.need_id)
        for resource in resources:
            for slot in slots:
                for weeks, by in self._taken.get((resource, slot), ()):
                    if weeks & position.weeks:
                        yield not_taken(resource, by)


def _positions(lesson: WeeklyLesson, slot: WeekSlot) -> Iterator[Position]:
    need = lesson.need
    for weeks in need.week_choices:
        for teacher_id in need.teacher_ids:
            for room_id in need.lead_room_ids or (None,):
                yield Position(slot, weeks, teacher_id, room_id)


def _resources(lesson: WeeklyLesson, position: Position) -> tuple[Resource, ...]:
    need = lesson.need
    rooms = (*need.receive_room_ids, *({position.lead_room_id} - {None}))
    teacher = (Resource(ResourceKind.TEACHER, position.teacher_id),) if need.live else ()
    return (
        *teacher,
        *(Resource(ResourceKind.ROOM, room_id) for room_id in rooms if room_id is not None),
        *(Resource(ResourceKind.CLASS, class_id) for class_id in need.class_ids),
    )
