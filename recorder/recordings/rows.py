"""Rows of recordings: how they are opened, read and written, by one process or by several."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from recorder.api import (
    Entry,
    LessonGuard,
    LessonLost,
    RecordingFailure,
    RecordingNotFound,
    RecordingState,
)
from recorder.engines import close_engine, open_engine
from recorder.migrating import Chain
from recorder.recordings.tables import recordings

CHAIN = Chain(Path(__file__).parent.with_name("migrations"), "recorder")
DELETING = "deleting"  # state of a row whose files are being removed; nobody is told of it
IS_THERE = recordings.c.state != DELETING
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


class RecordingRows:
    """The engine, and what all statements share."""

    def __init__(self, database_url: str) -> None:
        """`database_url` is SQLAlchemy's, with an async driver (aiosqlite, asyncpg)."""
        self._engine = open_engine(database_url, _PRAGMAS)

    async def open(self) -> None:
        """Bring the schema up to date; another process that does so now is waited for.

        Raises:
            SchemaTooNew: a newer version has taken out what this one uses.
        """
        async with self._engine.begin() as connection:
            if connection.dialect.name == "sqlite":
                await connection.exec_driver_sql(_WRITE_FROM_BEGIN)
            else:
                key = {"key": _UPGRADE_KEY}
                await connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), key)
            await connection.run_sync(CHAIN.upgrade)

    async def close(self) -> None:
        """Close all connections."""
        await close_engine(self._engine)

    async def entry(self, recording_id: str) -> Entry:
        """Read one entry. Raises RecordingNotFound."""
        query = sa.select(recordings).where(recordings.c.recording_id == recording_id, IS_THERE)
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            raise RecordingNotFound(recording_id)
        return entry_of(row)

    async def _update(self, recording_id: str, turn: Turn | None = None, **values: Any) -> None:
        statement = (
            sa.update(recordings)
            .where(recordings.c.recording_id == recording_id, IS_THERE)
            .values(values)
        )
        if turn is None:
            async with self._engine.begin() as connection:
                await connection.execute(statement)
            return
        async with self.writing(turn.lesson_id, turn.guard) as connection:
            outcome = await connection.execute(statement.where(*turn.conditions()))
            if not outcome.rowcount:
                raise LessonLost(f"{recording_id} was taken up by another process")

    @asynccontextmanager
    async def writing(
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


async def _check(guard: LessonGuard, session: AsyncSession, lesson_id: str) -> None:
    try:
        await guard.check(session, lesson_id)
    except (SQLAlchemyError, OSError):
        raise  # nobody knows
    except Exception as error:
        raise LessonLost(str(error)) from error


def entry_of(row: sa.Row[Any]) -> Entry:
    """Make an entry of a row."""
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
