"""Proposals as the API shows them, with the names of everybody and everything in them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.directory.tables import SchoolRow
from signaling.timetable.core import expansion
from signaling.timetable.core.weeks import WeekSet, format_weeks
from signaling.timetable.names import Names, names_by_id
from signaling.timetable.proposals import wire as w
from signaling.timetable.proposals.core.named_rules import NamedRule, RuleKind
from signaling.timetable.proposals.core.outcome import Outcome, OutcomeLesson
from signaling.timetable.proposals.core.problem import Position
from signaling.timetable.proposals.store import outcome_of, summary_of
from signaling.timetable.proposals.tables import ProposalRow
from signaling.timetable.tables import TermRow

_PART = 25  # lessons shown in one step of the loop, which forwards media
_PEOPLE = frozenset({RuleKind.TEACHER_ONCE, RuleKind.TEACHER_TAKEN, RuleKind.TEACHER_ABSENT})
_ROOMS = frozenset({RuleKind.ROOM_ONCE, RuleKind.ROOM_TAKEN, RuleKind.ROOM_CLOSED})
_CLASSES = frozenset({RuleKind.CLASS_ONCE, RuleKind.CLASS_TAKEN, RuleKind.CLASS_AWAY})
_SCHOOLS = frozenset({RuleKind.UPLINK, RuleKind.HOSTED_LESSONS})


async def detail_of(session: AsyncSession, row: ProposalRow) -> w.ProposalDetail:
    """Return a proposal with its lessons; without any while the search goes on."""
    summary = await summary_of(session, row)
    outcome = await asyncio.to_thread(outcome_of, row)  # some hundred KiB of JSON
    if outcome is None:
        return w.ProposalDetail(summary, (), (), optimal=False)
    shown = await _shown(session, row, outcome)
    lessons: list[w.ProposedLesson] = []
    for first in range(0, len(outcome.lessons), _PART):
        await asyncio.sleep(0)
        lessons += [shown.lesson(one) for one in outcome.lessons[first : first + _PART]]
    conflicts = tuple(
        w.RuleConflict(
            tuple(shown.rule(rule) for rule in one.rules),
            tuple(shown.titles.get(need_id, "") for need_id in one.need_ids),
            one.proved,
        )
        for one in outcome.conflicts
    )
    return w.ProposalDetail(summary, tuple(lessons), conflicts, outcome.optimal)


class _Shown:
    """The names of one proposal."""

    def __init__(
        self, names: Names, schools: dict[str, str], titles: dict[str, str], weeks: int
    ) -> None:
        self._names = names
        self._schools = schools
        self.titles = titles
        self._weeks = weeks

    def lesson(self, lesson: OutcomeLesson) -> w.ProposedLesson:
        """Return a lesson with names."""
        seats = [expansion.Seat(one.room_id, one.school_id, one.class_id) for one in lesson.seats]
        return w.ProposedLesson(
            plan_id=lesson.plan_id,
            title=lesson.title,
            subject=lesson.subject,
            grade=lesson.grade,
            period_count=lesson.period_count,
            seats=self._names.seats(seats),
            place=self._place(lesson.position),
            before=self._place(lesson.before),
            moved=lesson.moved,
            places=lesson.places,
            blocked_by=tuple(
                w.RuleBlocking(self.rule(one.rule), one.places) for one in lesson.blocked_by
            ),
        )

    def rule(self, rule: NamedRule) -> w.RuleOf:
        """Return a rule with the name of whose it is."""
        return w.RuleOf(rule.kind, rule.subject_id, self._name(rule))

    def _name(self, rule: NamedRule) -> str:
        names, one = self._names, rule.subject_id
        if rule.kind in _PEOPLE:
            return names.people.get(one, "")
        if rule.kind in _ROOMS:
            room = names.rooms.get(one)
            return "" if room is None else f"{room.school}{room.name}"
        if rule.kind in _CLASSES:
            return names.classes.get(one, "")
        if rule.kind in _SCHOOLS:
            return self._schools.get(one, "")
        return self.titles.get(one, "")

    def _place(self, position: Position | None) -> w.ProposedPlace | None:
        if position is None:
            return None
        return w.ProposedPlace(
            position.slot.day,
            position.slot.period,
            format_weeks(WeekSet(position.weeks), self._weeks),
            self._names.person(position.teacher_id),
            self._names.room(position.lead_room_id),
        )


async def _shown(session: AsyncSession, row: ProposalRow, outcome: Outcome) -> _Shown:
    rules = list(_rules(outcome))
    seats = [seat for one in outcome.lessons for seat in one.seats]
    places = [
        place
        for one in outcome.lessons
        for place in (one.position, one.before)
        if place is not None
    ]
    names = await names_by_id(
        session,
        people={place.teacher_id for place in places} | _ids(rules, _PEOPLE),
        rooms={place.lead_room_id for place in places}
        | {seat.room_id for seat in seats}
        | _ids(rules, _ROOMS),
        classes={seat.class_id for seat in seats} | _ids(rules, _CLASSES),
    )
    wanted = select(SchoolRow.school_id, SchoolRow.name).where(
        SchoolRow.school_id.in_(_ids(rules, _SCHOOLS))
    )
    schools = {one[0]: one[1] for one in (await session.execute(wanted)).all()}
    titles = {one.need_id: one.title for one in outcome.lessons}
    term = await session.get(TermRow, row.term_id)
    return _Shown(names, schools, titles, 0 if term is None else term.weeks)


def _rules(outcome: Outcome) -> Iterable[NamedRule]:
    for conflict in outcome.conflicts:
        yield from conflict.rules
    for lesson in outcome.lessons:
        for blocking in lesson.blocked_by:
            yield blocking.rule


def _ids(rules: Iterable[NamedRule], kinds: frozenset[RuleKind]) -> set[str]:
    return {rule.subject_id for rule in rules if rule.kind in kinds}
