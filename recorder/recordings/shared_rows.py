"""Rows of recordings that several processes share: each change is compared and set."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from recorder.api import Entry, LessonGuard, LessonLost, RecordingFailure, RecordingState
from recorder.core.unfinished import Unfinished
from recorder.recordings.rows import IS_THERE, RecordingRows, Turn
from recorder.recordings.tables import recordings

_AT_WORK = (RecordingState.RECORDING.value, RecordingState.FINISHING.value)


class SharedRows(RecordingRows):
    """Gives each row to one process at a time: to one that records, or to one that finishes."""

    # --- recorders among several ---

    async def take_up(self, recording_id: str, lesson_id: str, guard: LessonGuard | None) -> int:
        """Go on with an unended recording, whatever its state; return how often that was done.

        Raises:
            LessonLost: it has ended meanwhile, or `guard` says so.
        """
        statement = (
            sa.update(recordings)
            .where(recordings.c.recording_id == recording_id, ~recordings.c.ended, IS_THERE)
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
        async with self.writing(lesson_id, guard) as connection:
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

    async def show_life(self, turn: Turn) -> None:
        """Show that a process still works on what it recorded. Raises LessonLost."""
        await self._update(turn.recording_id, turn, beats=recordings.c.beats + 1)

    # --- finishers among several ---

    async def unfinished_page(
        self, *, after: tuple[int, str] | None, limit: int, failed: bool
    ) -> list[Unfinished]:
        """List what is recorded, left to be finished, or at finishing; oldest first.

        Args:
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
            .where(sa.or_(recordings.c.state.in_(_AT_WORK), given_up))
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
