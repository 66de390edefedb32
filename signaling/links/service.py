"""Links over time: gathered each second, written in batches, told per lesson and per room."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy.exc import IntegrityError

from signaling.access.actions import Action
from signaling.access.grants import demand_somewhere
from signaling.access.roles import Actor
from signaling.base.clock import Clock
from signaling.base.errors import Invalid
from signaling.base.fences import ToldLosses
from signaling.base.problem_codes import ProblemCode
from signaling.directory.wire import RoomRef
from signaling.lessons.members import Member
from signaling.links import wire as r
from signaling.links.rules import Seen
from signaling.links.samples import SAMPLE_S, LinkReading, LinkSample, LinkTally
from signaling.links.store import LinkStore, LinkSums
from signaling.links.wire import LinkState

log = structlog.get_logger(__name__)

MAX_WAITING = 20_000  # samples: five minutes of a county with 600 rooms in lessons
PURGE_EVERY = timedelta(hours=1)
MAX_POINTS = 240  # of a series: a lesson of 40 minutes in steps of ten seconds
PAGE_SERIES = 16
PAGE_ROOMS = 100
MAX_ROOMS_LISTED = 10_000


class LinkHistory:
    """The samples of all live lessons, from the first reading to the chart."""

    def __init__(self, store: LinkStore, clock: Clock, keep_days: int) -> None:
        self.written = 0
        self.dropped = 0
        self._store = store
        self._clock = clock
        self._keep = timedelta(days=keep_days)
        self._tallies: dict[str, dict[str, LinkTally]] = {}  # by lesson and participant
        self._waiting: deque[tuple[str, LinkSample]] = deque()
        self._offsets: dict[str, float] = {}  # of a lesson: Unix time less monotonic at its begin
        self._purge_at = -math.inf  # monotonic
        self._losses = ToldLosses()
        self._writing = asyncio.Lock()

    # --- gathering -------------------------------------------------------------------------------

    def note(self, lesson_id: str, readings: Iterable[tuple[str, LinkReading]]) -> None:
        """Take a look at a live lesson's participants. Writes nothing itself."""
        now = self._now(lesson_id)
        tallies = self._tallies.setdefault(lesson_id, {})
        for participant_id, reading in readings:
            tally = tallies.get(participant_id)
            if tally is None:
                tally = tallies[participant_id] = LinkTally(participant_id)
            self._put(lesson_id, tally.add(reading, now))

    def close(self, lesson_id: str) -> None:
        """The lesson is over."""
        self._offsets.pop(lesson_id, None)
        for tally in self._tallies.pop(lesson_id, {}).values():
            self._put(lesson_id, tally.close())

    def close_all(self) -> None:
        """The server stops."""
        for lesson_id in tuple(self._tallies):
            self.close(lesson_id)

    async def write(self) -> None:
        """Write what waits; what the database does not take now is tried again the next time.

        Samples of a lesson that another process has are dropped. Of two writers the later one waits
        for the earlier: what waited is then written, and a lesson may be given back.
        """
        async with self._writing:
            await self._write()

    async def _write(self) -> None:
        batch, self._waiting = list(self._waiting), deque()
        if not batch:
            return
        try:
            lost = await self._store.add(batch)
        except IntegrityError:  # such as a lesson that was deleted: it never will be taken
            log.exception("link_samples_refused", samples=len(batch))
            self.dropped += len(batch)
        except Exception as error:
            log.error("link_samples_not_written", samples=len(batch), error=repr(error))
            self._waiting.extendleft(reversed(batch))
            self._bound()
        else:
            dropped = sum(lesson_id in lost for lesson_id, _ in batch)
            self.dropped += dropped
            self.written += len(batch) - dropped
            self._tell_losses(frozenset(lesson_id for lesson_id, _ in batch), lost)

    def _tell_losses(self, lessons: frozenset[str], lost: frozenset[str]) -> None:
        for lesson_id in lessons - lost:
            self._losses.wrote(lesson_id)
        for lesson_id in lost:
            if self._losses.tell(lesson_id):
                log.warning("link_samples_dropped", lesson_id=lesson_id)

    async def forget_old(self) -> None:
        """Delete what is older than is kept; once an hour, however often it is asked."""
        now = self._clock.monotonic()
        if now >= self._purge_at:
            oldest = self._clock.now() - self._keep
            await self._store.forget_before(int(oldest.timestamp()))
            self._purge_at = now + PURGE_EVERY.total_seconds()

    def _now(self, lesson_id: str) -> float:
        """Unix seconds that go on evenly for a lesson, whatever the machine's clock is set to."""
        now = self._clock.monotonic()
        offset = self._offsets.get(lesson_id)
        if offset is None:
            offset = self._offsets[lesson_id] = self._clock.now().timestamp() - now
        return now + offset

    def _put(self, lesson_id: str, sample: LinkSample | None) -> None:
        if sample is not None:
            self._waiting.append((lesson_id, sample))
            self._bound()

    def _bound(self) -> None:
        while len(self._waiting) > MAX_WAITING:
            self._waiting.popleft()
            self.dropped += 1

    # --- telling ---------------------------------------------------------------------------------

    async def lesson(
        self, lesson_id: str, members: Sequence[Member], after: str | None
    ) -> r.LessonLinks:
        """The series of a lesson's members, a page of them.

        Raises:
            Invalid: `after` is none of the members'.
        """
        first = _place_after(members, after)
        recorded = await self._store.recorded(lesson_id)
        if recorded is None:
            return r.LessonLinks(lesson_id, None, None, SAMPLE_S, (), None)
        who, start_s, end_s = recorded
        listed = [member for member in members[first:] if member.participant_id in who]
        page = listed[:PAGE_SERIES]
        step_s = SAMPLE_S * -(-(end_s - start_s) // (SAMPLE_S * MAX_POINTS))
        ids = [member.participant_id for member in page]
        sums = await self._store.series(lesson_id, ids, start_s, step_s)
        points: dict[str, list[r.LinkPoint]] = {participant_id: [] for participant_id in ids}
        for one in sums:
            points[one.participant_id].append(_point(one))
        return r.LessonLinks(
            lesson_id,
            _instant(start_s),
            _instant(end_s),
            step_s,
            tuple(_series(member, points[member.participant_id]) for member in page),
            page[-1].participant_id if len(listed) > len(page) else None,
        )

    async def county(
        self,
        actor: Actor,
        start: datetime,
        end: datetime,
        rooms: dict[str, RoomRef],
        after: str | None,
    ) -> r.CountyLinks:
        """The rooms (by participant id) that had lessons in an interval, worst first, a page.

        Raises:
            Forbidden: not for this actor.
            Invalid: `after` is no `next` of this list.
        """
        demand_somewhere(actor, Action.READ_ALL_LINKS)
        first = 0
        if after is not None:
            sound = after.isascii() and after.isdigit() and len(after) < 6
            first = int(after) if sound else -1
            if not 0 < first < MAX_ROOMS_LISTED:
                raise Invalid(code=ProblemCode.BAD_CURSOR, field="after")
        sums = await self._store.by_room(int(start.timestamp()), int(end.timestamp()))
        known = [one for one in sums if one.participant_id in rooms]
        known.sort(key=lambda one: (-one.bad_share, one.participant_id))
        page = known[first : first + PAGE_ROOMS]
        following = first + PAGE_ROOMS
        return r.CountyLinks(
            start,
            end,
            tuple(_room(one, rooms[one.participant_id]) for one in page),
            str(following) if len(known) > following else None,
        )


def _place_after(members: Sequence[Member], after: str | None) -> int:
    if after is None:
        return 0
    for place, member in enumerate(members):
        if member.participant_id == after:
            return place + 1
    raise Invalid(code=ProblemCode.BAD_CURSOR, field="after")


def _instant(at_s: int) -> datetime:
    return datetime.fromtimestamp(at_s, UTC)


def _series(member: Member, points: list[r.LinkPoint]) -> r.LinkSeries:
    return r.LinkSeries(
        member.participant_id, member.role, member.name, member.school, tuple(points)
    )


def _point(sums: LinkSums) -> r.LinkPoint:
    return r.LinkPoint(
        at=_instant(sums.at_s),
        carries_min_bps=sums.carries_min_bps,
        carries_mean_bps=sums.carries_mean_bps,
        queue_ms=_rounded(sums.queue_ms, 1),
        loss=_rounded(sums.loss, 4),
        rtt_ms=_rounded(sums.rtt_ms, 1),
        limit=sums.limit,
        uplink=sums.uplink,
        switches=sums.switches,
        seen=_seen(sums),
        link=_link(sums),
    )


def _room(sums: LinkSums, room: RoomRef) -> r.RoomLinks:
    return r.RoomLinks(
        room=room,
        lessons=sums.lessons,
        carries_min_bps=sums.carries_min_bps,
        carries_mean_bps=sums.carries_mean_bps,
        queue_ms=_rounded(sums.queue_ms, 1),
        loss=_rounded(sums.loss, 4),
        rtt_ms=_rounded(sums.rtt_ms, 1),
        switches=sums.switches,
        seen=_seen(sums),
        link=_link(sums),
        bad_share=round(sums.bad_share, 4),
    )


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _seen(sums: LinkSums) -> r.SeenSeconds:
    return r.SeenSeconds(**{str(seen): round(sums.seen_s[seen], 1) for seen in Seen})


def _link(sums: LinkSums) -> r.LinkSeconds:
    return r.LinkSeconds(**{str(state): round(sums.link_s[state], 1) for state in LinkState})
