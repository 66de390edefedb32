"""One continuous time for a whole archive, even if the machine's clock was set between its runs.

A run is the part that one server process recorded without a break. Inside a run time goes on
steadily: the relay adds a fixed offset to a steady clock. Between two runs the machine may have
been without power, and its clock may have been set by days, ahead or back. So the runs keep their
order, and the distance between two runs counts only if it is possible.
"""

from __future__ import annotations

import math
from typing import TypeVar

import msgspec

from recorder.core.archive_format import (
    Begin,
    Clock,
    ClockSet,
    LessonEnd,
    Packet,
    Record,
    Stage,
    TrackBegin,
    TrackEnd,
    run_of,
)

# s; no lesson goes on later: signaling ends an empty one that is an hour over its time
MAX_PAUSE_S = 3600.0
UNKNOWN_PAUSE_S = 30.0  # s for a pause of unknown length: a computer starts again in it
MAX_STEP_BACK_S = 30.0  # s inside a run; packets that the relay kept for a track are no older
MAX_STAGE_SKEW_S = 5.0  # s; a stage event further off its neighbours has another clock
MAX_CUTS = 1000  # in one manifest
MAX_AHEAD_S = 3e9  # s; some 95 years: no clock was set by more

_Timed = TypeVar("_Timed", Packet, TrackBegin, TrackEnd, Stage, LessonEnd)


class Cut(msgspec.Struct, frozen=True, gc=False):
    """A pause of unknown length, in which the clock was set by about `by` seconds.

    `start` and `end` are times of the recording, in Unix seconds as the first run counts.
    """

    start: float
    end: float
    by: float


class _Run(msgspec.Struct, gc=False):
    shift: float  # s to add to the run's own times
    latest: float  # the latest of the run's own times


class RunTimes:
    """Puts records, one after the other, onto the time of the first run.

    Two passes over an archive give the same times.

    Attributes:
        latest: the latest time given so far; None before the first.
        cuts: pauses that were not believed.
        ahead: seconds by which the machine's clock led the recording's time at the end of the first
            run. This run dates the recording.
    """

    def __init__(self) -> None:
        self.latest: float | None = None
        self.cuts: list[Cut] = []
        self._runs: dict[int, _Run] = {}
        self.ahead = 0.0
        self._one_clock = False  # stage events are dated by the media's clock
        self._run = 0  # of the latest record
        self._latest_run = 0  # of the latest record that has a time

    def place(self, record: Record) -> Record | None:
        """Put a record onto the recording's time; None if its own time is absurd."""
        if isinstance(record, Packet):
            return self._at(record, run_of(record.track))
        if isinstance(record, Clock):
            return self._place_clock(record)
        if isinstance(record, TrackBegin):
            return self._place_begin(record)
        if isinstance(record, TrackEnd):
            return self._at(record, run_of(record.track))
        if isinstance(record, Begin):
            self._run = record.run or self._run
            self._one_clock = record.run > 0
        elif isinstance(record, LessonEnd):
            return self._at(record, self._run)
        elif isinstance(record, ClockSet):
            in_first = self._run == next(iter(self._runs), self._run)
            if in_first and abs(record.ahead) <= MAX_AHEAD_S:
                self.ahead = record.ahead
            return None
        elif isinstance(record, Stage):
            return self._place_stage(record)
        return record

    @property
    def run(self) -> int:
        """The run of the latest record."""
        return self._run

    def _at(self, record: _Timed, number: int) -> _Timed | None:
        if not math.isfinite(record.now):
            return None
        now = self._advance(number, record.now)
        return record if now == record.now else msgspec.structs.replace(record, now=now)

    def _place_begin(self, record: TrackBegin) -> TrackBegin | None:
        """Place a track's beginning. Segments repeat them, so an old time is no step back."""
        run = self._runs.get(run_of(record.track))
        if run is None or not record.now <= run.latest:
            return self._at(record, run_of(record.track))
        if not math.isfinite(record.now):
            return None
        return msgspec.structs.replace(record, now=record.now + run.shift)

    def _place_clock(self, record: Clock) -> Clock | None:
        run = self._runs.get(run_of(record.track))
        if run is None:
            return None
        # A reading far from the packets around it says nothing.
        if not abs(record.now - run.latest) <= MAX_STEP_BACK_S:
            return None
        if run.shift == 0.0:
            return record
        return msgspec.structs.replace(
            record, now=record.now + run.shift, capture_time=record.capture_time + run.shift
        )

    def _place_stage(self, record: Stage) -> Stage | None:
        """Date an event by its place if its own clock followed the machine's."""
        run = None if self._one_clock else self._runs.get(self._run)
        if run is not None and not abs(record.now - run.latest) <= MAX_STAGE_SKEW_S:
            return msgspec.structs.replace(record, now=run.latest + run.shift)
        return self._at(record, self._run)

    def _advance(self, number: int, now: float) -> float:
        run = self._runs.get(number)
        if run is None:
            run = self._runs[number] = self._begin(now)
        elif not -MAX_STEP_BACK_S <= now - run.latest <= MAX_PAUSE_S:
            self._resume(run, now)
        self._run = self._latest_run = number
        run.latest = max(run.latest, now)
        placed = now + run.shift
        if self.latest is None or placed > self.latest:
            self.latest = placed
        return placed

    def _begin(self, now: float) -> _Run:
        """Begin a run after the latest one, by the clock's distance if that is possible."""
        before = self._runs.get(self._latest_run)
        if before is None or self.latest is None:
            return _Run(0.0, now)
        pause = now - before.latest
        if 0 <= pause <= MAX_PAUSE_S:
            return _Run(before.shift, now)
        self._cut(UNKNOWN_PAUSE_S, pause)
        return _Run(self.latest + UNKNOWN_PAUSE_S - now, now)

    def _resume(self, run: _Run, now: float) -> None:
        """Go on without a pause: no clock steps inside a run, so the record is damaged."""
        assert self.latest is not None
        self._cut(0.0, now - run.latest)
        run.shift = self.latest - now
        run.latest = now

    def _cut(self, pause: float, by: float) -> None:
        if self.latest is not None and len(self.cuts) < MAX_CUTS:
            self.cuts.append(Cut(self.latest, self.latest + pause, by - pause))
