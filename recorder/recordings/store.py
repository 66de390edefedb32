"""The store of recordings: one row each, in SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from recorder.api import (
    BadCursor,
    Entry,
    LessonFacts,
    LessonGuard,
    LessonLost,
    Manifest,
    RecordingFailure,
    RecordingNotFound,
    RecordingState,
)
from recorder.core.states import may_become
from recorder.core.unfinished import Unfinished
from recorder.engines import close_engine, open_engine
from recorder.recordings.tables import recordings

MAX_PAGE = 100
DELETING = "deleting"  # state of a row whose files are being removed; nobody is told of it
_IS_THERE = recordings.c.state != DELETING
_AT_WORK = (RecordingState.RECORDING.value, RecordingState.FINISHING.value)
_WRITE_FROM_BEGIN = "BEGIN IMMEDIATE"  # SQLite's driver says BEGIN before a change, too late
_UPGRADE_KEY = 0x7265636F  # of PostgreSQL's advisory lock; "reco"
_PRAGMAS: dict[str, str | int] = {
    "journal_mode": "WAL",  # readers and the one writer do not block each other
    "busy_timeout": 5000,  # ms; signaling shares the file
    "synchronous": "NORMAL",
}


@dataclass(frozen=True, slots=True)
class Turn:
    """The right of one process to write a recording's row.

    Attributes:
        take: of the process that records; None of one that finishes.
        finisher: of the process that finishes; None of one that records.
        guard: asked in the same transaction.
    """

    recording_id: str
    lesson_id: str
    take: int | None = None
    finisher: str | None = None
    guard: LessonGuard | None = None

    def conditions(self) -> Iterator[sa.ColumnElement[bool]]:
        """The conditions under which the turn is not over."""
        if self.take is not None:
            yield recordings.c.takes == self.take
        if self.finisher is not None:
            yield recordings.c.finisher == self.finisher


class RecordingStore:
    """Reads and writes entries. Errors of the database come through as SQLAlchemy's."""

    def __init__(self, database_url: str) -> None:
        """`database_url` is SQLAlchemy's, with an async driver (aiosqlite, asyncpg)."""
        self._engine = open_engine(database_url, _PRAGMAS)

    async def open(self) -> None:
        """Bring the schema up to date; another process that does so now is waited for."""
        async with self._engine.begin() as connection:
            if connection.dialect.name == "sqlite":
                await connection.exec_driver_sql(_WRITE_FROM_BEGIN)
            else:
                key = {"key": _UPGRADE_KEY}
                await connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), key)
            await connection.run_sync(_upgrade)

    async def close(self) -> None:
        """Close all connections."""
        await close_engine(self._engine)

    async def add(
        self,
        recording_id: str,
        facts: LessonFacts,
        started_at: float,
        *,
        ended: bool = False,
        takes: int = 0,
        guard: LessonGuard | None = None,
    ) -> Entry:
        """Add a recording in state RECORDING; `started_at` is Unix seconds.

        Raises:
            LessonLost: `guard` says so.
        """
        values: dict[str, Any] = {
            "recording_id": recording_id,
            "lesson_id": facts.lesson_id,
            "lead_teacher_id": facts.lead_teacher_id,
            "title": facts.title,
            "subject": facts.subject,
            "grade": facts.grade,
            "class_kind": facts.class_kind,
            "lead_teacher": facts.lead_teacher,
            "started_at_ms": round(started_at * 1000),
            "duration_s": 0.0,
            "state": RecordingState.RECORDING.value,
            "progress": 0.0,
            "failure": None,
            "retrying": False,
            "has_thumbnail": False,
            "ended": ended,
            "takes": takes,
        }
        async with self._writing(facts.lesson_id, guard) as connection:
            await connection.execute(sa.insert(recordings).values(values))
        return await self.entry(recording_id)

    async def entry(self, recording_id: str) -> Entry:
        """Read one entry. Raises RecordingNotFound."""
        query = sa.select(recordings).where(recordings.c.recording_id == recording_id, _IS_THERE)
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            raise RecordingNotFound(recording_id)
        return _entry(row)

    async def entries_of(self, recording_ids: Collection[str]) -> list[Entry]:
        """Read several entries, in no order; unknown ids are left out."""
        query = sa.select(recordings).where(recordings.c.recording_id.in_(recording_ids), _IS_THERE)
        async with self._engine.connect() as connection:
            return [_entry(row) for row in (await connection.execute(query)).all()]

    async def page(self, *, limit: int, before: str | None) -> tuple[Sequence[Entry], str | None]:
        """Entries, newest first; see `Recorder.entries`. Raises BadCursor."""
        statement = (
            sa.select(recordings)
            .where(_IS_THERE)
            .order_by(recordings.c.started_at_ms.desc(), recordings.c.recording_id.desc())
        )
        if before is not None:
            statement = statement.where(
                sa.tuple_(recordings.c.started_at_ms, recordings.c.recording_id)
                < sa.tuple_(*_read_cursor(before))
            )
        limit = max(1, min(limit, MAX_PAGE))
        async with self._engine.connect() as connection:
            rows = (await connection.execute(statement.limit(limit + 1))).all()
        cursor = None
        if len(rows) > limit:
            rows = rows[:limit]
            cursor = f"{rows[-1].started_at_ms}.{rows[-1].recording_id}"
        return [_entry(row) for row in rows], cursor

    async def recording_of(self, lesson_id: str) -> str | None:
        """Find the latest recording of a lesson."""
        return await self._latest(recordings.c.lesson_id == lesson_id)

    async def unended_recording_of(self, lesson_id: str) -> str | None:
        """Find the latest recording of a lesson whose end was never marked, in any state."""
        return await self._latest(
            recordings.c.lesson_id == lesson_id, recordings.c.ended == sa.false()
        )

    async def unfinished(self) -> list[Entry]:
        """List all that is not READY, oldest first."""
        statement = (
            sa.select(recordings)
            .where(recordings.c.state != RecordingState.READY.value, _IS_THERE)
            .order_by(recordings.c.started_at_ms)
        )
        async with self._engine.connect() as connection:
            rows = (await connection.execute(statement)).all()
        return [_entry(row) for row in rows]

    async def known(self, recording_ids: Sequence[str]) -> set[str]:
        """Pick those that have a row."""
        statement = sa.select(recordings.c.recording_id).where(
            recordings.c.recording_id.in_(recording_ids)
        )
        async with self._engine.connect() as connection:
            return set((await connection.execute(statement)).scalars())

    async def set_ended(self, recording_id: str, *, turn: Turn | None = None) -> None:
        """Note that the lesson ended in order, so that the recording never goes on.

        Raises:
            LessonLost: the turn is over.
        """
        await self._update(recording_id, turn, ended=True)

    async def seal_ready(self, recording_id: str) -> bool:
        """Note that a recording never goes on, if it is READY now; else return False."""
        statement = (
            sa.update(recordings)
            .where(
                recordings.c.recording_id == recording_id,
                recordings.c.state == RecordingState.READY.value,
            )
            .values(ended=True)
        )
        async with self._engine.begin() as connection:
            return (await connection.execute(statement)).rowcount > 0

    async def set_progress(
        self, recording_id: str, progress: float, *, turn: Turn | None = None
    ) -> Entry:
        """Note how far finishing came, 0…1. Raises LessonLost."""
        await self._update(recording_id, turn, progress=progress)
        return await self.entry(recording_id)

    async def set_state(
        self,
        recording_id: str,
        state: RecordingState,
        *,
        failure: RecordingFailure | None = None,
        retrying: bool = False,
        turn: Turn | None = None,
    ) -> Entry:
        """Move along the transition table.

        Raises:
            RecordingNotFound: no such recording.
            ValueError: the table does not hold this step.
            LessonLost: the turn is over.
        """
        present = (await self.entry(recording_id)).state
        if not may_become(present, state):
            raise ValueError(f"{recording_id}: {present} cannot become {state}")
        await self._update(
            recording_id,
            turn,
            state=state.value,
            progress=0.0,
            failure=None if failure is None else failure.value,
            retrying=retrying,
        )
        return await self.entry(recording_id)

    async def set_ready(self, manifest: Manifest, *, turn: Turn | None = None) -> Entry:
        """Note that finishing is done, and what it found out. Raises LessonLost."""
        entry = manifest.entry
        await self._update(
            entry.recording_id,
            turn,
            state=RecordingState.READY.value,
            progress=1.0,
            failure=None,
            retrying=False,
            started_at_ms=round(entry.started_at.timestamp() * 1000),
            duration_s=entry.duration_s,
            has_thumbnail=entry.has_thumbnail,
        )
        return await self.entry(entry.recording_id)

    # --- recorders among several ---

    async def take_up(self, recording_id: str, lesson_id: str, guard: LessonGuard | None) -> int:
        """Go on with an unended recording, whatever its state; return how often that was done.

        Raises:
            LessonLost: it has ended meanwhile, or `guard` says so.
        """
        statement = (
            sa.update(recordings)
            .where(recordings.c.recording_id == recording_id, ~recordings.c.ended, _IS_THERE)
            .values(
                state=RecordingState.RECORDING.value,
                progress=0.0,
                failure=None,
                retrying=False,
                takes=recordings.c.takes + 1,
                finisher=None,
            )
            .returning(recordings.c.takes)
        )
        async with self._writing(lesson_id, guard) as connection:
            take = (await connection.execute(statement)).scalar_one_or_none()
        if take is None:
            raise LessonLost(f"{recording_id} goes on no more")
        return int(take)

    async def raise_take(self, turn: Turn, above: int) -> int:
        """Make a turn a later one than the archive knows: the database is that of a backup.

        Raises LessonLost.
        """
        await self._update(turn.recording_id, turn, takes=above + 1)
        return above + 1

    async def give_back(self, turn: Turn, former: Entry) -> None:
        """Undo `take_up`, for nothing could be recorded. Raises LessonLost."""
        await self._update(
            turn.recording_id,
            turn,
            state=former.state.value,
            progress=former.progress,
            failure=None if former.failure is None else former.failure.value,
            retrying=former.retrying,
        )

    async def hand_over(self, turn: Turn) -> Entry:
        """Leave a recording whose lesson ended to whoever finishes. Raises LessonLost."""
        await self._update(
            turn.recording_id,
            turn,
            ended=True,
            state=RecordingState.FINISHING.value,
            progress=0.0,
            failure=None,
            retrying=False,
            finisher=None,
        )
        return await self.entry(turn.recording_id)

    # --- finishers among several ---

    async def unfinished_page(
        self, finisher: str, *, after: tuple[int, str] | None, limit: int, failed: bool
    ) -> list[Unfinished]:
        """List what another process records, leaves to be finished, or finishes; oldest first.

        Args:
            finisher: left out: what this one has already.
            after: begins after this start (Unix ms) and id.
            limit: of the rows.
            failed: with those whose finishing was given up.
        """
        given_up = sa.and_(
            recordings.c.state == RecordingState.FAILED.value,
            recordings.c.failure != RecordingFailure.NOTHING_RECORDED.value,
        )
        if not failed:
            given_up = sa.and_(given_up, recordings.c.retrying)
        place = sa.tuple_(recordings.c.started_at_ms, recordings.c.recording_id)
        statement = (
            sa.select(*(recordings.c[name] for name in Unfinished.__struct_fields__))
            .where(
                sa.or_(recordings.c.state.in_(_AT_WORK), given_up),
                recordings.c.finisher.is_distinct_from(finisher),
            )
            .order_by(recordings.c.started_at_ms, recordings.c.recording_id)
            .limit(limit)
        )
        if after is not None:
            statement = statement.where(place > sa.tuple_(*after))
        async with self._engine.connect() as connection:
            rows = (await connection.execute(statement)).all()
        return [_unfinished(row) for row in rows]

    async def claim(self, seen: Unfinished, finisher: str, *, ended: bool) -> Entry:
        """Begin to finish a recording that is still as it was seen.

        Args:
            seen: the row.
            finisher: who finishes now.
            ended: the archive says that the lesson ended.

        Raises:
            LessonLost: another process has taken it.
        """
        statement = (
            sa.update(recordings)
            .where(
                recordings.c.recording_id == seen.recording_id,
                recordings.c.state == seen.state.value,
                recordings.c.ended == seen.ended,
                recordings.c.takes == seen.takes,
                recordings.c.finisher.is_not_distinct_from(seen.finisher),
                recordings.c.beats == seen.beats,
            )
            .values(
                state=RecordingState.FINISHING.value,
                progress=0.0,
                failure=None,
                retrying=False,
                ended=seen.ended or ended,
                finisher=finisher,
                beats=recordings.c.beats + 1,
            )
        )
        async with self._engine.begin() as connection:
            if not (await connection.execute(statement)).rowcount:
                raise LessonLost(f"{seen.recording_id} was taken by another process")
        return await self.entry(seen.recording_id)

    async def beat(self, finisher: str, recording_ids: Collection[str]) -> set[str]:
        """Show that a finisher lives; return those that are still its own."""
        statement = (
            sa.update(recordings)
            .where(recordings.c.finisher == finisher, recordings.c.recording_id.in_(recording_ids))
            .values(beats=recordings.c.beats + 1)
            .returning(recordings.c.recording_id)
        )
        async with self._engine.begin() as connection:
            return set((await connection.execute(statement)).scalars())

    async def release(self, finisher: str) -> None:
        """Leave all that a finisher has not finished to the others."""
        statement = (
            sa.update(recordings).where(recordings.c.finisher == finisher).values(finisher=None)
        )
        async with self._engine.begin() as connection:
            await connection.execute(statement)

    # --- deleting ---

    async def hide(self, recording_id: str) -> None:
        """Have nobody told of a recording any more; its row keeps it from being adopted anew."""
        await self._update(recording_id, state=DELETING, ended=True)

    async def remove(self, recording_id: str) -> None:
        """Remove the row of a hidden recording whose files are gone."""
        statement = sa.delete(recordings).where(
            recordings.c.recording_id == recording_id, recordings.c.state == DELETING
        )
        async with self._engine.begin() as connection:
            await connection.execute(statement)

    async def _update(self, recording_id: str, turn: Turn | None = None, **values: Any) -> None:
        statement = (
            sa.update(recordings)
            .where(recordings.c.recording_id == recording_id, _IS_THERE)
            .values(values)
        )
        if turn is None:
            async with self._engine.begin() as connection:
                await connection.execute(statement)
            return
        async with self._writing(turn.lesson_id, turn.guard) as connection:
            outcome = await connection.execute(statement.where(*turn.conditions()))
            if not outcome.rowcount:
                raise LessonLost(f"{recording_id} was taken up by another process")

    @asynccontextmanager
    async def _writing(
        self, lesson_id: str, guard: LessonGuard | None
    ) -> AsyncIterator[AsyncConnection]:
        """Open a writing transaction, in which `guard` holds the right to the lesson.

        Raises:
            LessonLost: `guard` says so.
        """
        if guard is None:
            async with self._engine.begin() as connection:
                yield connection
            return
        async with AsyncSession(self._engine) as session, session.begin():
            connection = await session.connection()
            if connection.dialect.name == "sqlite":
                await connection.exec_driver_sql(_WRITE_FROM_BEGIN)
            await _check(guard, session, lesson_id)
            yield connection

    async def _latest(self, *conditions: sa.ColumnElement[bool]) -> str | None:
        statement = (
            sa.select(recordings.c.recording_id)
            .where(*conditions, _IS_THERE)
            .order_by(recordings.c.started_at_ms.desc())
            .limit(1)
        )
        async with self._engine.connect() as connection:
            return (await connection.execute(statement)).scalar_one_or_none()


async def _check(guard: LessonGuard, session: AsyncSession, lesson_id: str) -> None:
    try:
        await guard.check(session, lesson_id)
    except (SQLAlchemyError, OSError):
        raise  # nobody knows
    except Exception as error:
        raise LessonLost(str(error)) from error


def _upgrade(connection: sa.Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent.with_name("migrations")))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _read_cursor(cursor: str) -> tuple[int, str]:
    milliseconds, _, recording_id = cursor.partition(".")
    if not recording_id or len(cursor) > 100 or not milliseconds.isascii():
        raise BadCursor("bad cursor")
    if not milliseconds.isdigit() or len(milliseconds) > 15:
        raise BadCursor("bad cursor")
    return int(milliseconds), recording_id


def _unfinished(row: sa.Row[Any]) -> Unfinished:
    return Unfinished(
        recording_id=row.recording_id,
        lesson_id=row.lesson_id,
        started_at_ms=row.started_at_ms,
        state=RecordingState(row.state),
        ended=row.ended,
        retrying=row.retrying,
        takes=row.takes,
        finisher=row.finisher,
        beats=row.beats,
    )


def _entry(row: sa.Row[Any]) -> Entry:
    return Entry(
        recording_id=row.recording_id,
        lesson_id=row.lesson_id,
        lead_teacher_id=row.lead_teacher_id,
        title=row.title,
        subject=row.subject,
        grade=row.grade,
        class_kind=row.class_kind,
        lead_teacher=row.lead_teacher,
        started_at=datetime.fromtimestamp(row.started_at_ms / 1000, UTC),
        duration_s=row.duration_s,
        state=RecordingState(row.state),
        progress=row.progress,
        failure=None if row.failure is None else RecordingFailure(row.failure),
        has_thumbnail=row.has_thumbnail,
        retrying=row.retrying,
        sealed=row.ended,
    )
