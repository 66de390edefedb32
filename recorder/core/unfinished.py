"""Recordings that are not finished yet, and the patience of a finisher with each of them.

A finisher sees what other processes note in the database. It asks no clock of theirs: a row that
stays as it is, for long enough by its own clock, was left behind.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from recorder.api import RecordingState

UNCLOSED_S = 15.0  # s until an archive whose lesson ended counts as left by who should close it
UNBEATEN_S = 20.0  # s until a finisher that shows no life counts as gone; it beats every 5 s
MAX_WATCHED = 20_000  # rows; a province has fewer lessons at a time


class Unfinished(msgspec.Struct, frozen=True):
    """A row, as far as finishing must know it.

    Attributes:
        takes: how often a process took it up to record it.
        finisher: the process that finishes it.
        beats: a count that grows while that process lives.
    """

    recording_id: str
    lesson_id: str
    started_at_ms: int
    state: RecordingState
    ended: bool
    retrying: bool
    takes: int
    finisher: str | None
    beats: int

    @property
    def may_go_on(self) -> bool:
        """Whether it depends on the lesson what becomes of it."""
        return self.state is RecordingState.RECORDING and not self.ended


class Patience:
    """Tells which recordings are due: nobody else will do anything about them."""

    def __init__(self, continue_within_s: float) -> None:
        """A lesson that does not go on is waited for as long as `continue_within_s`."""
        self._continue_within_s = continue_within_s
        self._seen: dict[str, tuple[Unfinished, float]] = {}  # by id, and since when it is so

    def is_due(self, row: Unfinished, now: float, *, goes_on: bool) -> bool:
        """Judge a row.

        Args:
            row: as it is now.
            now: s; of a steady clock.
            goes_on: the lesson is live, or may be continued.
        """
        if row.may_go_on and goes_on:
            self._seen.pop(row.recording_id, None)
            return False
        patience_s = self._patience_s(row)
        if not patience_s:
            return True
        seen, since = self._seen.get(row.recording_id, (None, now))
        if seen != row:
            if seen is None and len(self._seen) >= MAX_WATCHED:
                return False
            since = now
            self._seen[row.recording_id] = row, now
        return now - since >= patience_s

    def keep_only(self, recording_ids: Collection[str]) -> None:
        """Forget all others: they are finished."""
        self._seen = {key: seen for key, seen in self._seen.items() if key in recording_ids}

    def _patience_s(self, row: Unfinished) -> float:
        if row.state is RecordingState.RECORDING:
            return UNCLOSED_S if row.ended else self._continue_within_s
        if row.state is RecordingState.FAILED and not row.retrying:
            return 0.0  # given up, whoever it was
        return 0.0 if row.finisher is None else UNBEATEN_S
