"""Reading and writing links over time. The database does the sums: a series is never read whole."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from signaling.base.database import Database
from signaling.base.fences import NO_FENCES, Fences, lost_among
from signaling.lessons.seats import room_participant
from signaling.links.rules import STATES, Seen
from signaling.links.samples import LIMITS, SAMPLE_S, LinkSample
from signaling.links.tables import LinkSampleRow
from signaling.links.wire import LinkState

ROWS_PER_STATEMENT = 500

_SEEN_COLUMNS = {
    Seen.HIGH: "high_s",
    Seen.MIDDLE: "middle_s",
    Seen.LOW: "low_s",
    Seen.STILLS: "stills_s",
    Seen.SOUND: "sound_s",
}
_LINK_COLUMNS = {
    LinkState.GOOD: "good_s",
    LinkState.FAIR: "fair_s",
    LinkState.POOR: "poor_s",
    LinkState.OFFLINE: "offline_s",
}


@dataclass(frozen=True, slots=True)
class LinkSums(LinkSample):
    """Samples of one participant taken together; `lessons` is counted over lessons only."""

    lessons: int

    @property
    def bad_share(self) -> float:
        """The share of the time in which the link was poor or gone."""
        total = sum(self.link_s.values())
        bad = self.link_s[LinkState.POOR] + self.link_s[LinkState.OFFLINE]
        return bad / total if total else 0.0


class LinkStore:
    """Link samples."""

    def __init__(self, database: Database, fences: Fences = NO_FENCES) -> None:
        self._database = database
        self._fences = fences

    async def add(self, lesson_samples: Sequence[tuple[str, LinkSample]]) -> frozenset[str]:
        """Write samples, each with its lesson; one that is there already stays as it is.

        Returns:
            The lessons that another process has: of these nothing was written.
        """
        insert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        statement = insert(LinkSampleRow).on_conflict_do_nothing()
        async with self._database.write() as session:
            lost = await lost_among(self._fences, session, (one for one, _ in lesson_samples))
            rows = [_row(one, sample) for one, sample in lesson_samples if one not in lost]
            for start in range(0, len(rows), ROWS_PER_STATEMENT):
                await session.execute(statement, rows[start : start + ROWS_PER_STATEMENT])
        return lost

    async def recorded(self, lesson_id: str) -> tuple[frozenset[str], int, int] | None:
        """Participants with samples in a lesson; first begin and last end (Unix time)."""
        row = LinkSampleRow
        query = (
            select(row.participant_id, func.min(row.at_s), func.max(row.at_s))
            .where(row.lesson_id == lesson_id)
            .group_by(row.participant_id)
        )
        async with self._database.read() as session:
            found = (await session.execute(query)).all()
        if not found:
            return None
        start, end = min(first for _, first, _ in found), max(last for _, _, last in found)
        return frozenset(who for who, _, _ in found), start, end + SAMPLE_S

    async def series(
        self, lesson_id: str, participants: Collection[str], start_s: int, step_s: int
    ) -> Sequence[LinkSums]:
        """The samples of some of a lesson's participants in steps from `start_s` on, in order."""
        row = LinkSampleRow
        samples = (
            select(row, ((row.at_s - start_s) // step_s).label("step"))
            .where(row.lesson_id == lesson_id, row.participant_id.in_(participants))
            .subquery()
        )
        c = samples.c
        query = (
            select(c.participant_id, c.step.label("place"), *_sums(c))
            .group_by(c.participant_id, c.step)
            .order_by(c.participant_id, c.step)
        )
        async with self._database.read() as session:
            found = (await session.execute(query)).all()
        return [_read(one, start_s + int(one.place) * step_s) for one in found]

    async def by_room(self, start_s: int, end_s: int) -> Sequence[LinkSums]:
        """The samples in [start, end) of each receive room, over all lessons."""
        c = LinkSampleRow
        query = (
            select(c.participant_id, *_sums(c))
            .where(
                c.at_s >= start_s,
                c.at_s < end_s,
                c.participant_id.startswith(room_participant(""), autoescape=True),
            )
            .group_by(c.participant_id)
        )
        async with self._database.read() as session:
            found = (await session.execute(query)).all()
        return [_read(one, start_s) for one in found]

    async def forget_before(self, at_s: int) -> None:
        """Delete what is older."""
        async with self._database.write() as session:
            await session.execute(delete(LinkSampleRow).where(LinkSampleRow.at_s < at_s))


def _row(lesson_id: str, sample: LinkSample) -> dict[str, Any]:
    return {
        "lesson_id": lesson_id,
        "participant_id": sample.participant_id,
        "at_s": sample.at_s,
        "carries_min_bps": sample.carries_min_bps,
        "carries_mean_bps": sample.carries_mean_bps,
        "queue_ms": sample.queue_ms,
        "loss": sample.loss,
        "rtt_ms": sample.rtt_ms,
        "limit_rank": LIMITS.index(sample.limit),
        "uplink_rank": None if sample.uplink is None else STATES.index(sample.uplink),
        "switches": sample.switches,
        **{column: sample.seen_s.get(seen, 0.0) for seen, column in _SEEN_COLUMNS.items()},
        **{column: sample.link_s.get(state, 0.0) for state, column in _LINK_COLUMNS.items()},
    }


def _sums(c: Any) -> list[ColumnElement[Any]]:
    seconds = (*_SEEN_COLUMNS.values(), *_LINK_COLUMNS.values())
    return [
        func.count(func.distinct(c.lesson_id)).label("lessons"),
        func.min(c.carries_min_bps).label("carries_min_bps"),
        func.avg(c.carries_mean_bps).label("carries_mean_bps"),
        func.max(c.queue_ms).label("queue_ms"),
        func.avg(c.loss).label("loss"),
        func.avg(c.rtt_ms).label("rtt_ms"),
        func.max(c.limit_rank).label("limit_rank"),
        func.max(c.uplink_rank).label("uplink_rank"),
        func.sum(c.switches).label("switches"),
        *(func.sum(getattr(c, name)).label(name) for name in seconds),
    ]


def _read(row: Row[Any], at_s: int) -> LinkSums:
    offline_s = float(row.offline_s)
    return LinkSums(
        participant_id=row.participant_id,
        at_s=at_s,
        lessons=row.lessons,
        carries_min_bps=row.carries_min_bps,
        carries_mean_bps=None if row.carries_mean_bps is None else round(row.carries_mean_bps),
        queue_ms=row.queue_ms,
        loss=row.loss,
        rtt_ms=row.rtt_ms,
        limit=LIMITS[row.limit_rank],
        uplink=None if row.uplink_rank is None else STATES[row.uplink_rank],
        switches=int(row.switches),
        seen_s={
            **{seen: float(getattr(row, name)) for seen, name in _SEEN_COLUMNS.items()},
            Seen.OFFLINE: offline_s,
        },
        link_s={state: float(getattr(row, name)) for state, name in _LINK_COLUMNS.items()},
    )
