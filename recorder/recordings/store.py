"""The store of recordings: one row each, in SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from recorder.api import (
    BadCursor,
    Entry,
    LessonFacts,
    LessonGuard,
    Manifest,
    RecordingFailure,
    RecordingState,
)
from recorder.core.states import may_become
from recorder.recordings.rows import DELETING, IS_THERE, Turn, entry_of
from recorder.recordings.shared_rows import SharedRows
from recorder.recordings.tables import recordings

MAX_PAGE = 100


class RecordingStore(SharedRows):
    """Reads and writes entries. Errors of the database come through as SQLAlchemy's."""

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
        async with self.writing(facts.lesson_id, guard) as connection:
            await connection.execute(sa.insert(recordings).values(values))
        return await self.entry(recording_id)

    async def entries_of(self, recording_ids: Collection[str]) -> list[Entry]:
        """Read several entries, in no order; unknown ids are left out."""
        query = sa.select(recordings).where(recordings.c.recording_id.in_(recording_ids), IS_THERE)
        async with self._engine.connect() as connection:
            return [entry_of(row) for row in (await connection.execute(query)).all()]

    async def page(self, *, limit: int, before: str | None) -> tuple[Sequence[Entry], str | None]:
        """Entries, newest first; see `Recorder.entries`. Raises BadCursor."""
        statement = (
            sa.select(recordings)
            .where(IS_THERE)
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
        return [entry_of(row) for row in rows], cursor

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
            .where(recordings.c.state != RecordingState.READY.value, IS_THERE)
            .order_by(recordings.c.started_at_ms)
        )
        async with self._engine.connect() as connection:
            rows = (await connection.execute(statement)).all()
        return [entry_of(row) for row in rows]

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

    async def _latest(self, *conditions: sa.ColumnElement[bool]) -> str | None:
        statement = (
            sa.select(recordings.c.recording_id)
            .where(*conditions, IS_THERE)
            .order_by(recordings.c.started_at_ms.desc())
            .limit(1)
        )
        async with self._engine.connect() as connection:
            return (await connection.execute(statement)).scalar_one_or_none()


def _read_cursor(cursor: str) -> tuple[int, str]:
    milliseconds, _, recording_id = cursor.partition(".")
    if not recording_id or len(cursor) > 100 or not milliseconds.isascii():
        raise BadCursor("bad cursor")
    if not milliseconds.isdigit() or len(milliseconds) > 15:
        raise BadCursor("bad cursor")
    return int(milliseconds), recording_id
