"""Facts of one open room, on their way into the database. No clock, no I/O."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from signaling.lessons.fact_records import FactBatch, KeptFacts, Spell
from signaling.lessons.held_times import STEP, Moment
from signaling.lessons.wire import Headcount
from signaling.links.rules import Seen
from signaling.links.samples import MAX_STEP_S, LinkReading

REJOIN = timedelta(seconds=10)  # a page that is back within this was only loaded anew
MAX_SPELLS = 200  # of one participant in one lesson; the last one then goes on
PICTURES = frozenset({Seen.HIGH, Seen.MIDDLE, Seen.LOW, Seen.STILLS})  # picture or page


def receives(reading: LinkReading) -> bool:
    """Tell whether somebody has picture or page, and sound."""
    return reading.hears and reading.seen in PICTURES


class FactLog:
    """The facts of one lesson, and which of them are not written yet.

    All times follow the steady clock from the moment of opening on, so that a wall clock that is
    set during the lesson tears no spell apart.
    """

    def __init__(self, opened: Moment, kept: KeptFacts) -> None:
        self.held_from: datetime | None = None
        self._opened = opened
        self._last: dict[str, Spell] = {}  # the last spell of each participant
        self._count: dict[str, int] = {}
        self._seen_s: dict[str, float] = dict(kept.seen_s)
        self._read_at: dict[str, float] = {}
        self._spells: dict[tuple[str, datetime], Spell] = {}  # to be written
        self._headcounts: dict[str, Headcount] = {}  # to be written
        self._seen_written: dict[str, float] = dict(kept.seen_s)

    def time(self, monotonic: float) -> datetime:
        """Return the lesson's time at a moment of the steady clock."""
        return self._opened.at + timedelta(seconds=monotonic - self._opened.monotonic)

    def come(self, participant_id: str, now: float) -> None:
        """Note that a participant's page is in the live lesson from now on."""
        at, last = self.time(now), self._last.get(participant_id)
        if last is not None and last.left_at is None:
            return
        many = self._count.get(participant_id, 0) >= MAX_SPELLS
        if last is not None and last.left_at is not None and (many or at - last.left_at <= REJOIN):
            self._put(replace(last, left_at=None, seen_at=at))
            return
        self._count[participant_id] = self._count.get(participant_id, 0) + 1
        self._put(Spell(participant_id, at, None, at))

    def go(self, participant_id: str, now: float) -> None:
        """Note that a participant's page is gone, or that the lesson is over."""
        last = self._last.get(participant_id)
        if last is not None and last.left_at is None:
            at = self.time(now)
            self._put(replace(last, left_at=at, seen_at=at))

    def count(self, headcount: Headcount) -> None:
        """Note a headcount with its trace."""
        self._headcounts[headcount.participant_id] = headcount

    def read(self, participant_id: str, reading: LinkReading, now: float) -> None:
        """Note what a participant receives; the reading stands for the time since the last one."""
        before = self._read_at.get(participant_id, now)
        self._read_at[participant_id] = now
        if receives(reading):
            step = min(max(now - before, 0.0), MAX_STEP_S)
            self._seen_s[participant_id] = self._seen_s.get(participant_id, 0.0) + step

    def beat(self, now: float) -> None:
        """Note that the pages of all open spells are still there."""
        at = self.time(now)
        for last in tuple(self._last.values()):
            if last.left_at is None:
                self._put(replace(last, seen_at=at))

    def close(self, now: float) -> None:
        """End all spells."""
        for participant_id in tuple(self._last):
            self.go(participant_id, now)

    def shift_to(self, held_from: datetime | None) -> timedelta:
        """Return how far the lesson's times moved if it is dated to begin at another time."""
        if held_from is None or self.held_from is None:
            return timedelta()
        shift = held_from - self.held_from
        return shift if abs(shift) > STEP else timedelta()

    def unwritten(self) -> FactBatch:
        """Return what is not written yet."""
        seen = {
            who: seen_s
            for who, seen_s in self._seen_s.items()
            if seen_s != self._seen_written.get(who)
        }
        spells, counts = tuple(self._spells.values()), tuple(self._headcounts.values())
        return FactBatch(spells, counts, seen)

    def written(self, batch: FactBatch) -> None:
        """Note that a batch is in the database; what came meanwhile is still to be written."""
        for spell in batch.spells:
            key = spell.participant_id, spell.joined_at
            if self._spells.get(key) == spell:
                del self._spells[key]
        for count in batch.headcounts:
            if self._headcounts.get(count.participant_id) == count:
                del self._headcounts[count.participant_id]
        self._seen_written.update(batch.seen_s)

    def _put(self, spell: Spell) -> None:
        self._last[spell.participant_id] = spell
        self._spells[spell.participant_id, spell.joined_at] = spell
