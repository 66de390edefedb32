"""Reading and writing what happened in lessons: presence, headcounts, reception."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.base.columns import Base
from signaling.base.database import Database
from signaling.base.fences import NO_FENCES, Fences
from signaling.directory.tables import ClassRow
from signaling.lessons.fact_records import FactBatch, KeptFacts, LessonFactSheet, Spell
from signaling.lessons.seats import room_participant
from signaling.lessons.tables import (
    FactMarkRow,
    HeadcountRow,
    LessonRoomRow,
    PresenceSpellRow,
    ReceptionRow,
)
from signaling.lessons.wire import Headcount, HeadcountChange


class FactStore:
    """The facts of lessons. Nothing deletes them."""

    def __init__(self, database: Database, fences: Fences = NO_FENCES) -> None:
        self._database = database
        self._fences = fences

    async def kept(self, lesson_id: str) -> KeptFacts:
        """Return the facts with which a lesson's room opens.

        Spells that a crash left open end at the last moment at which their pages were seen.

        Raises:
            LeaseLost: there are such spells, and another process has the lesson.
        """
        async with self._database.read() as session:
            sheet = (await fact_sheets(session, [lesson_id]))[lesson_id]
            sizes = await _class_sizes(session, lesson_id)
        if any(spell.left_at is None for spell in sheet.spells):
            async with self._database.write() as session:
                await self._fences.check(session, lesson_id)
                await _end_open_spells(session, lesson_id)
        attended = frozenset(spell.participant_id for spell in sheet.spells)
        return KeptFacts(attended, sheet.headcounts, sheet.seen_s, sizes)

    async def write(self, lesson_id: str, batch: FactBatch) -> None:
        """Write facts of a lesson; those that are there already are brought up to date.

        Raises:
            LeaseLost: another process has the lesson.
        """
        async with self._database.write() as session:
            await self._fences.check(session, lesson_id)
            await self.put(session, lesson_id, batch)

    async def conclude(
        self, lesson_id: str, batch: FactBatch, now: datetime, shift: timedelta
    ) -> None:
        """Write the last facts of a lesson that is over.

        Args:
            lesson_id: the lesson.
            batch: what is not written yet.
            now: the moment of writing.
            shift: how far all its times moved, because a clock that was wrong was set.

        Raises:
            LeaseLost: another process has the lesson.
        """
        async with self._database.write() as session:
            await self._fences.check(session, lesson_id)
            await self.put(session, lesson_id, batch)
            await _end_open_spells(session, lesson_id)
            if shift:
                await _shift(session, lesson_id, shift)
            await self.mark(session, lesson_id, now)

    async def mark(self, session: AsyncSession, lesson_id: str, now: datetime) -> None:
        """Say that facts of a lesson were written, for whoever counts them."""
        mark = {"lesson_id": lesson_id, "kept_at": now}
        await self._upsert(session, FactMarkRow, [mark], ("kept_at",))

    async def put(self, session: AsyncSession, lesson_id: str, batch: FactBatch) -> None:
        """Write facts of a lesson within a transaction."""
        spells = [_spell_row(lesson_id, spell) for spell in batch.spells]
        await self._upsert(session, PresenceSpellRow, spells, ("left_at", "seen_at"))
        counts = [row for one in batch.headcounts for row in _headcount_rows(lesson_id, one)]
        await self._upsert(session, HeadcountRow, counts, ())
        sums = [
            {"lesson_id": lesson_id, "participant_id": who, "seen_s": seen_s, "exact": True}
            for who, seen_s in batch.seen_s.items()
        ]
        await self._upsert(session, ReceptionRow, sums, ("seen_s",))

    async def _upsert(
        self,
        session: AsyncSession,
        table: type[Base],
        rows: Sequence[Mapping[str, Any]],
        changing: Collection[str],
    ) -> None:
        if not rows:
            return
        insert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        statement = insert(table)
        if changing:
            keys = [column.name for column in table.__table__.primary_key]
            newer = {name: statement.excluded[name] for name in changing}
            statement = statement.on_conflict_do_update(index_elements=keys, set_=newer)
        else:
            statement = statement.on_conflict_do_nothing()
        await session.execute(statement, rows)


async def _class_sizes(session: AsyncSession, lesson_id: str) -> dict[str, int]:
    query = (
        select(LessonRoomRow.room_id, ClassRow.pupils)
        .join(ClassRow, ClassRow.class_id == LessonRoomRow.class_id)
        .where(LessonRoomRow.lesson_id == lesson_id, ClassRow.pupils.is_not(None))
    )
    rows = (await session.execute(query)).all()
    return {room_participant(room_id): pupils for room_id, pupils in rows if pupils is not None}


async def attended(session: AsyncSession, lesson_ids: Collection[str]) -> dict[str, frozenset[str]]:
    """Return the participants that were in lessons while they were live, by lesson."""
    row = PresenceSpellRow
    query = (
        select(row.lesson_id, row.participant_id).where(row.lesson_id.in_(lesson_ids)).distinct()
    )
    found: dict[str, set[str]] = defaultdict(set)
    for lesson_id, participant_id in (await session.execute(query)).all():
        found[lesson_id].add(participant_id)
    return {lesson_id: frozenset(who) for lesson_id, who in found.items()}


async def fact_sheets(
    session: AsyncSession, lesson_ids: Collection[str]
) -> dict[str, LessonFactSheet]:
    """Return everything that is known of what happened in some lessons, in three queries."""
    spells = await _spells(session, lesson_ids)
    headcounts = await _headcounts(session, lesson_ids)
    row = ReceptionRow
    seen: dict[str, dict[str, float]] = defaultdict(dict)
    query = select(row.lesson_id, row.participant_id, row.seen_s).where(
        row.lesson_id.in_(lesson_ids)
    )
    for lesson_id, participant_id, seen_s in (await session.execute(query)).all():
        seen[lesson_id][participant_id] = seen_s
    return {
        lesson_id: LessonFactSheet(
            tuple(spells[lesson_id]), tuple(headcounts[lesson_id]), seen[lesson_id]
        )
        for lesson_id in lesson_ids
    }


async def _spells(session: AsyncSession, lesson_ids: Collection[str]) -> dict[str, list[Spell]]:
    row = PresenceSpellRow
    query = (
        select(row)
        .where(row.lesson_id.in_(lesson_ids))
        .order_by(row.lesson_id, row.joined_at, row.participant_id)
    )
    found: dict[str, list[Spell]] = defaultdict(list)
    for one in await session.scalars(query):
        spell = Spell(one.participant_id, one.joined_at, one.left_at, one.seen_at, one.exact)
        found[one.lesson_id].append(spell)
    return found


async def _headcounts(
    session: AsyncSession, lesson_ids: Collection[str]
) -> dict[str, list[Headcount]]:
    row = HeadcountRow
    query = (
        select(row)
        .where(row.lesson_id.in_(lesson_ids))
        .order_by(row.lesson_id, row.participant_id, row.number)
    )
    changes: dict[tuple[str, str], list[HeadcountChange]] = defaultdict(list)
    for one in await session.scalars(query):
        change = HeadcountChange(one.at, one.by_id, one.by_name, one.former, one.pupils)
        changes[one.lesson_id, one.participant_id].append(change)
    found: dict[str, list[Headcount]] = defaultdict(list)
    for (lesson_id, participant_id), trace in changes.items():
        found[lesson_id].append(Headcount(participant_id, trace[-1].pupils, tuple(trace)))
    return found


async def _end_open_spells(session: AsyncSession, lesson_id: str) -> None:
    row = PresenceSpellRow
    await session.execute(
        update(row)
        .where(row.lesson_id == lesson_id, row.left_at.is_(None))
        .values(left_at=row.seen_at)
    )


async def _shift(session: AsyncSession, lesson_id: str, shift: timedelta) -> None:
    """Move all spells of a lesson in time. Their begins are part of their keys."""
    spells = (await _spells(session, [lesson_id]))[lesson_id]
    await session.execute(delete(PresenceSpellRow).where(PresenceSpellRow.lesson_id == lesson_id))
    moved = (
        Spell(
            one.participant_id,
            one.joined_at + shift,
            None if one.left_at is None else one.left_at + shift,
            one.seen_at + shift,
            one.exact,
        )
        for one in spells
    )
    session.add_all(PresenceSpellRow(**_spell_row(lesson_id, one)) for one in moved)


def _spell_row(lesson_id: str, spell: Spell) -> dict[str, Any]:
    return {
        "lesson_id": lesson_id,
        "participant_id": spell.participant_id,
        "joined_at": spell.joined_at,
        "left_at": spell.left_at,
        "seen_at": spell.seen_at,
        "exact": spell.exact,
    }


def _headcount_rows(lesson_id: str, headcount: Headcount) -> list[dict[str, Any]]:
    return [
        {
            "lesson_id": lesson_id,
            "participant_id": headcount.participant_id,
            "number": number,
            "pupils": change.pupils,
            "former": change.former,
            "by_id": change.by_id,
            "by_name": change.by,
            "at": change.at,
        }
        for number, change in enumerate(headcount.changes)
    ]
