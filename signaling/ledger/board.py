"""今日看板: the lessons of a day, and what needs somebody now."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Protocol

import structlog
from sqlalchemy import select

from signaling.access.actions import Action
from signaling.access.grants import demand_somewhere, granted
from signaling.access.lists import permitted
from signaling.access.roles import Actor
from signaling.base.clock import Clock
from signaling.base.database import Database
from signaling.base.errors import Invalid, LiveStateUnknown
from signaling.base.problem_codes import ProblemCode
from signaling.ledger.core.today import state_of, state_of_push, urgency
from signaling.ledger.plays import LessonPlayed, PlayedLessons
from signaling.ledger.today_wire import (
    TodayBoard,
    TodayCounts,
    TodayLesson,
    TodayRoom,
    TodayState,
)
from signaling.lessons.parties import standing_in
from signaling.lessons.records import LessonRecord
from signaling.lessons.rules import OPEN_STATES
from signaling.lessons.seats import LEAD_PARTICIPANT, room_participant
from signaling.lessons.store import LessonStore
from signaling.lessons.tables import LessonRoomRow, LessonRow
from signaling.lessons.visibility import lessons_in
from signaling.lessons.wire import DeliveryMode, LessonState
from signaling.links.wire import LinkState

log = structlog.get_logger(__name__)

PAGE_LESSONS = 50
_PART = 200  # lessons looked at in one step of the loop


@dataclass(frozen=True, slots=True)
class SeatNow:
    """Somebody in an open room: the link, and 到课人数 if the room was counted."""

    link: LinkState
    headcount: int | None


RoomsNow = Mapping[str, Mapping[str, SeatNow]]  # by lesson and participant


class LiveRooms(Protocol):
    """Participants in the open rooms now. Wiring hands it in."""

    async def rooms_now(self) -> RoomsNow:
        """Return the seats of all open rooms. Raises LiveStateUnknown."""


@dataclass(frozen=True, slots=True)
class _Line:
    """One lesson before it is read in full."""

    lesson_id: str
    state: TodayState
    starts_at: datetime
    played: LessonPlayed | None = None  # of 资源推送 only


class Board:
    """Makes the board."""

    def __init__(
        self,
        *,
        database: Database,
        lessons: LessonStore,
        live: LiveRooms,
        plays: PlayedLessons,
        clock: Clock,
        zone: tzinfo,
    ) -> None:
        self._database = database
        self._lessons = lessons
        self._live = live
        self._plays = plays
        self._clock = clock
        self._zone = zone

    async def today(self, actor: Actor, day: date | None, after: str | None) -> TodayBoard:
        """Return a page of the lessons of a day in the reader's branch.

        Args:
            actor: the reader.
            day: which; today if None.
            after: the last lesson of the page before.

        Raises:
            Forbidden: the reader sees no ledger at all.
            Invalid: `after` is none of the day's lessons.
        """
        demand_somewhere(actor, Action.READ_LEDGER)
        now = self._clock.now()
        day = day or now.astimezone(self._zone).date()
        lines = await self._lines(actor, day, now)
        live = [
            one.lesson_id
            for one in lines
            if one.state is TodayState.LIVE and one.played is None  # else it has no live room
        ]
        rooms = await self._rooms_now()
        offline = _offline(await self._seated(live), rooms)
        lines.sort(key=lambda one: _place(one, offline))
        page, following = _page(lines, after)
        records = await self._lessons.lessons([line.lesson_id for line in page])
        return TodayBoard(
            day=day,
            now=now,
            counts=_counts(lines, offline),
            lessons=tuple(
                _shown(records[line.lesson_id], line, actor, rooms)
                for line in page
                if line.lesson_id in records
            ),
            next=following,
        )

    async def _lines(self, actor: Actor, day: date, now: datetime) -> list[_Line]:
        start = datetime.combine(day, time(), self._zone).astimezone(UTC)
        row = LessonRow
        columns = (row.lesson_id, row.state, row.starts_at, row.ends_at, row.delivery_mode)
        query = select(*columns).where(
            row.starts_at >= start,
            row.starts_at < start + timedelta(days=1),
            permitted(actor, Action.READ_LEDGER, {}, lessons_in),
        )
        lines: list[_Line] = []
        pushed: dict[str, Any] = {}
        async with self._database.read() as session:
            found = await session.stream(query)
            async for part in found.partitions(_PART):
                for one in part:
                    state = state_of(LessonState(one.state), one.starts_at, one.ends_at, now)
                    lines.append(_Line(one.lesson_id, state, one.starts_at))
                    if one.delivery_mode == DeliveryMode.RESOURCE_PUSH:
                        pushed[one.lesson_id] = one
                await asyncio.sleep(0)  # media go between the parts
            played = await self._plays.played(session, list(pushed)) if pushed else {}
        return [
            line
            if line.lesson_id not in pushed
            else _pushed_line(pushed[line.lesson_id], played.get(line.lesson_id), now)
            for line in lines
        ]

    async def _seated(self, live: Sequence[str]) -> list[tuple[str, str]]:
        """Return who should be in live lessons now: each lesson's participants, with its lead."""
        query = select(LessonRoomRow.lesson_id, LessonRoomRow.room_id).where(
            LessonRoomRow.lesson_id.in_(live)
        )
        async with self._database.read() as session:
            rows = (await session.execute(query)).all()
        seated = [(row.lesson_id, room_participant(row.room_id)) for row in rows]
        return seated + [(lesson_id, LEAD_PARTICIPANT) for lesson_id in live]

    async def _rooms_now(self) -> RoomsNow | None:
        """Return who is in the rooms, or None where nobody knows; the board stands without."""
        try:
            return await self._live.rooms_now()
        except LiveStateUnknown as unknown:
            log.warning("board_without_rooms", reason=str(unknown))
            return None


def _pushed_line(row: Any, played: LessonPlayed | None, now: datetime) -> _Line:
    played = played or LessonPlayed()
    state = state_of_push(
        LessonState(row.state), row.starts_at, row.ends_at, now, played=bool(played.rooms)
    )
    return _Line(row.lesson_id, state, row.starts_at, played)


def _page(lines: Sequence[_Line], after: str | None) -> tuple[Sequence[_Line], str | None]:
    start = 0
    if after is not None:
        ids = [line.lesson_id for line in lines]
        if after not in ids:
            raise Invalid(code=ProblemCode.BAD_CURSOR, field="after")
        start = ids.index(after) + 1
    page = lines[start : start + PAGE_LESSONS]
    return page, page[-1].lesson_id if len(lines) > start + PAGE_LESSONS else None


def _offline(
    seated: Sequence[tuple[str, str]], rooms: RoomsNow | None
) -> Mapping[str, Collection[str]]:
    """Return who is missing in live lessons, by lesson; nobody where it is not known."""
    missing: dict[str, set[str]] = defaultdict(set)
    if rooms is None:
        return missing
    for lesson_id, who in seated:
        if not _is_online(rooms.get(lesson_id, {}).get(who)):
            missing[lesson_id].add(who)
    return missing


def _place(line: _Line, offline: Collection[str]) -> tuple[int, bool, datetime, str]:
    """Return the place of a lesson in the order of the board."""
    return urgency(line.state), line.lesson_id not in offline, line.starts_at, line.lesson_id


def _counts(lines: Sequence[_Line], offline: Mapping[str, Collection[str]]) -> TodayCounts:
    states = Counter(line.state for line in lines)
    return TodayCounts(
        due=states[TodayState.DUE],
        live=states[TodayState.LIVE],
        late=states[TodayState.LATE],
        not_started=states[TodayState.NOT_STARTED],
        ended=states[TodayState.ENDED],
        cancelled=states[TodayState.CANCELLED],
        rooms_offline=sum(who != LEAD_PARTICIPANT for all_ in offline.values() for who in all_),
    )


def _is_online(seat: SeatNow | None) -> bool:
    return seat is not None and seat.link is not LinkState.OFFLINE


def _shown(record: LessonRecord, line: _Line, actor: Actor, rooms: RoomsNow | None) -> TodayLesson:
    state, played = line.state, line.played
    seats = None if rooms is None or played is not None else rooms.get(record.lesson_id, {})
    stands = standing_in(actor, record.parties)
    open_ = record.state in OPEN_STATES
    ahead = state in {TodayState.DUE, TodayState.LATE}
    shown = []
    for room in record.receive_rooms:
        seat = None if seats is None else seats.get(room_participant(room.room_id))
        shown.append(
            TodayRoom(
                room_id=room.room_id,
                name=room.name,
                school=room.school,
                online=None if seats is None else _is_online(seat),
                link=None if seat is None else seat.link,
                headcount=None if seat is None else seat.headcount,
                watched_minutes=None
                if played is None
                else int(played.watched_s(room.room_id)) // 60,
            )
        )
    return TodayLesson(
        lesson_id=record.lesson_id,
        title=record.title,
        subject=record.subject,
        grade=record.grade,
        state=state,
        starts_at=record.starts_at,
        ends_at=record.ends_at,
        held_from=record.held_from,
        lead_teacher=record.lead_teacher.name,
        lead_online=None if seats is None else _is_online(seats.get(LEAD_PARTICIPANT)),
        rooms=tuple(shown),
        delivery_mode=record.delivery_mode,
        may_notify=open_ and played is None and granted(Action.SEND_NOTICE, stands),
        may_cancel=record.state is LessonState.SCHEDULED and granted(Action.CANCEL_LESSON, stands),
        may_substitute=ahead and granted(Action.MANAGE_TIMETABLE, stands),
    )
