"""Writing the lessons of the timetable, each change with its note."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

import msgspec
from sqlalchemy import Table, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.roles import Actor
from signaling.base.errors import ChangedMeanwhile
from signaling.base.ids import new_id
from signaling.lessons.occurrences import (
    Hidden,
    add_occurrences,
    rewrite_occurrence,
    stop_occurrence,
    withdraw_occurrences,
)
from signaling.lessons.reasons import MissedReason
from signaling.timetable.core.changes import Held
from signaling.timetable.core.codes import ChangedPart
from signaling.timetable.records import Content, StandingLesson, draft_of
from signaling.timetable.standing import parts_text
from signaling.timetable.tables import LessonChangeRow, PlannedLessonRow
from signaling.timetable.wire import ChangeKind

_PART = 500  # rows of one statement
_PLANNED = cast(Table, PlannedLessonRow.__table__)  # for inserts without the mapper


class Before(msgspec.Struct, frozen=True):
    """State of a lesson before a change, as the note of the change keeps it."""

    starts_at: datetime
    ends_at: datetime
    teacher_id: str
    lead_room_id: str | None


@dataclass(frozen=True, slots=True)
class Mark:
    """Facts that a change tells of itself."""

    kind: ChangeKind
    by: Actor
    at: datetime
    reason: MissedReason | None = None
    note: str | None = None
    waiver: str | None = None


@dataclass(frozen=True, slots=True)
class NewLesson:
    """A lesson that is to be written."""

    content: Content
    held: Held
    source: date
    week: int | None
    waiver: str | None = None
    make_up_of: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Home:
    """Home of lessons: county, term and plan."""

    county_id: str
    term_id: str | None
    plan_id: str | None


async def add_lessons(session: AsyncSession, home: Home, lessons: Sequence[NewLesson]) -> list[str]:
    """Create lessons; returns their ids in order. Raises Busy."""
    return await add_homed_lessons(session, [(home, one) for one in lessons])


async def add_homed_lessons(
    session: AsyncSession,
    lessons: Sequence[tuple[Home, NewLesson]],
    hidden: Hidden | None = None,
) -> list[str]:
    """Create lessons of several plans at once, maybe hidden; returns their ids. Raises Busy."""
    drafts = [draft_of(one.content, one.held) for _, one in lessons]
    ids = await add_occurrences(session, drafts, hidden)
    for first in range(0, len(ids), _PART):
        part = slice(first, first + _PART)
        rows = zip(ids[part], lessons[part], strict=True)
        await session.execute(
            insert(_PLANNED), [_planned(lesson_id, *one) for lesson_id, one in rows]
        )
    return ids


def _planned(lesson_id: str, home: Home, lesson: NewLesson) -> dict[str, object]:
    slot = lesson.held.slot
    return {
        "lesson_id": lesson_id,
        "plan_id": home.plan_id,
        "county_id": home.county_id,
        "term_id": home.term_id,
        "source": lesson.source,
        "on_date": slot.on,
        "week": lesson.week,
        "period": slot.period,
        "period_count": slot.period_count,
        "parts": "",
        "change": None if lesson.make_up_of is None else ChangeKind.MAKE_UP,
        "note": lesson.note,
        "waiver": lesson.waiver,
        "make_up_of": lesson.make_up_of,
    }


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A lesson as it stands, and as it is to be."""

    lesson: StandingLesson
    held: Held
    content: Content
    parts: frozenset[ChangedPart]
    home: Home
    source: date
    week: int | None


async def rewrite_lesson(session: AsyncSession, change: Rewrite, mark: Mark) -> None:
    """Write a changed lesson and the note of the change. Raises ChangedMeanwhile."""
    lesson, held = change.lesson, change.held
    draft = draft_of(change.content, held)
    if not await rewrite_occurrence(session, lesson.lesson_id, lesson.version, draft, mark.at):
        raise await changed_meanwhile(session, lesson.lesson_id)
    await _plan_row(session, lesson)
    await session.execute(
        update(PlannedLessonRow)
        .where(PlannedLessonRow.lesson_id == lesson.lesson_id)
        .values(
            plan_id=change.home.plan_id,
            term_id=change.home.term_id,
            source=change.source,
            week=change.week,
            on_date=held.slot.on,
            period=held.slot.period,
            period_count=held.slot.period_count,
            parts=parts_text(change.parts),
            **_told(lesson, mark),
        )
    )
    await _note(session, lesson, mark, changed_parts(lesson.held, held))


def _told(lesson: StandingLesson, mark: Mark) -> dict[str, object]:
    """Return what pages tell of the change; a change of the plan hides none of the lesson's own."""
    told: dict[str, object] = {}
    if mark.kind is not ChangeKind.PLAN or not lesson.parts:
        told["change"] = mark.kind
    if mark.kind is not ChangeKind.PLAN:
        told |= {"reason": mark.reason, "note": mark.note, "waiver": mark.waiver}
    elif mark.waiver is not None:
        told["waiver"] = mark.waiver
    return told


async def stop_lesson(session: AsyncSession, lesson: StandingLesson, mark: Mark) -> None:
    """停课 with its note. Raises ChangedMeanwhile."""
    stopped = await stop_occurrence(session, lesson.lesson_id, lesson.version, mark.note, mark.at)
    if not stopped:
        raise await changed_meanwhile(session, lesson.lesson_id)
    await _plan_row(session, lesson)
    await session.execute(
        update(PlannedLessonRow)
        .where(PlannedLessonRow.lesson_id == lesson.lesson_id)
        .values(
            parts=parts_text(lesson.parts | {ChangedPart.STOP}),
            change=mark.kind,
            reason=mark.reason,
            note=mark.note,
        )
    )
    await _note(session, lesson, mark, frozenset({ChangedPart.STOP}))


async def withdraw_lessons(
    session: AsyncSession, lesson_ids: Collection[str], now: datetime
) -> None:
    """Take lessons out of the timetable."""
    await withdraw_occurrences(session, lesson_ids, now)


async def changed_meanwhile(
    session: AsyncSession, lesson_id: str, version: int | None = None
) -> ChangedMeanwhile:
    """Return the error that tells what was changed, and by whom."""
    newest = await session.scalar(
        select(LessonChangeRow)
        .where(LessonChangeRow.lesson_id == lesson_id)
        .order_by(LessonChangeRow.version.desc())
        .limit(1)
    )
    facts: dict[str, str | int] = {} if version is None else {"version": version}
    if newest is not None:
        facts |= {
            "version": newest.version,
            "kind": newest.kind,
            "by": newest.by_name,
            "at": newest.at.isoformat(timespec="seconds"),
        }
    return ChangedMeanwhile(facts=facts)


def changed_parts(before: Held, after: Held) -> frozenset[ChangedPart]:
    """Return the parts in which two forms of a lesson differ."""
    differs = {
        ChangedPart.SLOT: before.slot != after.slot,
        ChangedPart.TEACHER: before.teacher_id != after.teacher_id,
        ChangedPart.ROOMS: before.rooms != after.rooms,
        ChangedPart.STOP: before.stopped != after.stopped,
    }
    return frozenset(part for part, is_other in differs.items() if is_other)


async def _plan_row(session: AsyncSession, lesson: StandingLesson) -> None:
    """See to it that a lesson that was never planned has its row of the timetable."""
    if await session.get(PlannedLessonRow, lesson.lesson_id) is None:
        slot = lesson.held.slot
        session.add(
            PlannedLessonRow(
                lesson_id=lesson.lesson_id,
                county_id=lesson.county_id,
                source=lesson.source,
                on_date=slot.on,
                period=slot.period,
                period_count=slot.period_count,
                parts="",
            )
        )
        await session.flush()


async def _note(
    session: AsyncSession, lesson: StandingLesson, mark: Mark, parts: Collection[ChangedPart]
) -> None:
    held = lesson.held
    before = Before(
        held.slot.starts_at, held.slot.ends_at, held.teacher_id, held.rooms.lead_room_id
    )
    session.add(
        LessonChangeRow(
            change_id=new_id(),
            lesson_id=lesson.lesson_id,
            version=lesson.version + 1,
            kind=mark.kind,
            parts=parts_text(parts),
            reason=mark.reason,
            note=mark.note,
            waiver=mark.waiver,
            by_id=mark.by.actor_id or None,
            by_name=mark.by.name,
            at=mark.at,
            before=msgspec.json.encode(before).decode(),
        )
    )
    await session.flush()
