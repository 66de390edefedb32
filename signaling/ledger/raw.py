"""The raw facts of units, read from lessons, directory, timetable and what happened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from signaling.access.roles import ROOT_PATH
from signaling.directory.tables import ClassRow, OrgNodeRow, PersonRow, RoomRow, SchoolRow
from signaling.ledger.core.formula import UnitFacts
from signaling.ledger.plans import PlanFacts, PlannedLessons
from signaling.ledger.plays import LessonPlayed, PlayedLessons
from signaling.ledger.tables import NOBODY, MissedReasonRow
from signaling.lessons.fact_records import LessonFactSheet
from signaling.lessons.facts import fact_sheets
from signaling.lessons.reasons import MissedReason
from signaling.lessons.seats import room_participant
from signaling.lessons.tables import LessonRoomRow, LessonRow
from signaling.lessons.wire import LessonState

_NO_PLAN = PlanFacts()
_UNPLAYED = LessonPlayed()

UnitKey = tuple[str, str]  # lesson and room


@dataclass(frozen=True, slots=True)
class RawUnit:
    """A unit before it is judged.

    Attributes:
        facts: what the formula judges.
        columns: the columns of `LedgerUnitRow` that say what the unit is.
        exact: its presence was measured, not only known.
        confirmed: the county has confirmed the reason.
    """

    facts: UnitFacts
    columns: Mapping[str, Any]
    exact: bool
    confirmed: bool

    @property
    def key(self) -> UnitKey:
        """The lesson and the room."""
        return self.columns["lesson_id"], self.columns["room_id"]


async def raw_units(
    session: AsyncSession,
    plans: PlannedLessons,
    plays: PlayedLessons,
    lesson_ids: Collection[str],
    zone: tzinfo,
) -> list[RawUnit]:
    """Return the units of lessons, in a fixed number of queries. Deleted lessons have none."""
    lessons = await _lessons(session, lesson_ids)
    rooms = await _rooms(session, lesson_ids)
    sheets = await fact_sheets(session, lesson_ids)
    reasons = await _reasons(session, lesson_ids)
    planned = await plans.facts(session, lesson_ids)
    pushed = await plays.played(session, lesson_ids)
    units = []
    for lesson in lessons:
        lesson_id = lesson.LessonRow.lesson_id
        plan = planned.get(lesson_id, _NO_PLAN)
        about = _about_lesson(lesson, zone, plan)
        for room in rooms[lesson_id]:
            entry = reasons.get((lesson_id, room.room_id))
            sheet, who = sheets[lesson_id], room_participant(room.room_id)
            played = pushed.get(lesson_id, _UNPLAYED)
            facts = replace(
                _facts(lesson.LessonRow, plan, sheet, who, entry),
                pushed_s=played.length_s,
                played_s=played.watched_s(room.room_id),
            )
            exact = all(spell.exact for spell in sheet.spells if spell.participant_id == who)
            columns = {**about, **_about_room(room, about["grade"])}
            confirmed = entry is not None and entry.confirms
            units.append(RawUnit(facts, columns, exact, confirmed))
    return units


def _facts(
    lesson: LessonRow,
    plan: PlanFacts,
    sheet: LessonFactSheet,
    who: str,
    entry: MissedReasonRow | None,
) -> UnitFacts:
    presence = (
        (spell.joined_at, spell.left_at or spell.seen_at)
        for spell in sheet.spells
        if spell.participant_id == who
    )
    pupils = (one.pupils for one in sheet.headcounts if one.participant_id == who)
    return UnitFacts(
        state=LessonState(lesson.state),
        starts_at=lesson.starts_at,
        ends_at=lesson.ends_at,
        held_from=lesson.held_from,
        held_to=lesson.held_to,
        origin=plan.origin,
        withdrawn=lesson.withdrawn_at is not None,
        presence=tuple(presence),
        seen_s=sheet.seen_s.get(who, 0.0),
        headcount=next(pupils, None),
        reason=plan.reason if entry is None else _counting(entry),
    )


def _counting(entry: MissedReasonRow) -> MissedReason | None:
    """The reason of the last entry; none where the county gave it back."""
    return None if entry.returns else MissedReason(entry.reason)


def _about_lesson(found: Any, zone: tzinfo, plan: PlanFacts) -> dict[str, Any]:
    lesson: LessonRow = found.LessonRow
    return {
        "lesson_id": lesson.lesson_id,
        "title": lesson.title,
        "subject": lesson.subject,
        "grade": lesson.grade,
        "class_kind": lesson.class_kind,
        "delivery_mode": lesson.delivery_mode,
        "day": lesson.starts_at.astimezone(zone).date(),
        "starts_at": lesson.starts_at,
        "ends_at": lesson.ends_at,
        "state": lesson.state,
        "lesson_version": lesson.version,
        "origin": plan.origin,
        "lead_teacher_id": lesson.lead_teacher_id,
        "lead_teacher": found.teacher,
        "lead_school_id": found.lead_school_id or NOBODY,
        "lead_school": found.lead_school or "",
        "lead_path": found.lead_path or ROOT_PATH,
    }


def _about_room(room: Any, grade: str) -> dict[str, Any]:
    return {
        "room_id": room.room_id,
        "room": room.room,
        "school_id": room.school_id,
        "school": room.school,
        "county_id": room.county_id,
        "path": room.path,
        "class_id": room.class_id or NOBODY,
        "class_name": room.class_name or "",
        "grade": room.grade or grade,
    }


async def _lessons(session: AsyncSession, lesson_ids: Collection[str]) -> Sequence[Any]:
    """Return lessons with their teachers and the schools that give them."""
    lead_room, own_school = aliased(RoomRow), aliased(SchoolRow)
    node = aliased(OrgNodeRow)
    query = (
        select(
            LessonRow,
            PersonRow.name.label("teacher"),
            own_school.school_id.label("lead_school_id"),
            own_school.name.label("lead_school"),
            node.path.label("lead_path"),
        )
        .join(PersonRow, PersonRow.person_id == LessonRow.lead_teacher_id)
        .outerjoin(lead_room, lead_room.room_id == LessonRow.lead_room_id)
        .outerjoin(own_school, own_school.school_id == _giver(lead_room))
        .outerjoin(node, node.node_id == own_school.school_id)
        .where(LessonRow.lesson_id.in_(lesson_ids))
        .order_by(LessonRow.starts_at, LessonRow.lesson_id)
    )
    return (await session.execute(query)).all()


def _giver(lead_room: Any) -> Any:
    """The school of the lead room, or of the teacher where there is no lead room."""
    return func.coalesce(lead_room.school_id, PersonRow.school_id)


async def _rooms(session: AsyncSession, lesson_ids: Collection[str]) -> Mapping[str, list[Any]]:
    query = (
        select(
            LessonRoomRow.lesson_id,
            RoomRow.room_id,
            RoomRow.name.label("room"),
            SchoolRow.school_id,
            SchoolRow.name.label("school"),
            SchoolRow.county_id,
            OrgNodeRow.path,
            ClassRow.class_id,
            ClassRow.name.label("class_name"),
            ClassRow.grade,
        )
        .join(RoomRow, RoomRow.room_id == LessonRoomRow.room_id)
        .join(SchoolRow, SchoolRow.school_id == RoomRow.school_id)
        .join(OrgNodeRow, OrgNodeRow.node_id == SchoolRow.school_id)
        .outerjoin(ClassRow, ClassRow.class_id == LessonRoomRow.class_id)
        .where(LessonRoomRow.lesson_id.in_(lesson_ids))
        .order_by(LessonRoomRow.position)
    )
    found: dict[str, list[Any]] = defaultdict(list)
    for row in (await session.execute(query)).all():
        found[row.lesson_id].append(row)
    return found


async def _reasons(
    session: AsyncSession, lesson_ids: Collection[str]
) -> dict[UnitKey, MissedReasonRow]:
    """Return the reason that counts for each unit: the last one."""
    query = (
        select(MissedReasonRow)
        .where(MissedReasonRow.lesson_id.in_(lesson_ids))
        .order_by(MissedReasonRow.number)
    )
    rows = await session.scalars(query)
    return {(row.lesson_id, row.room_id): row for row in rows}
