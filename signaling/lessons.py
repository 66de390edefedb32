"""Lessons: create, list, start, end, cancel. Permission is asked here, once per deed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import structlog

from signaling.clock import Clock
from signaling.config import Config
from signaling.core.lesson_state import LessonDeed, WrongState, after
from signaling.core.permissions import (
    Action,
    Seat,
    Subject,
    allows,
    led_by,
    lesson_actions,
    seat_of,
    seat_role,
)
from signaling.core.resources import Lesson, LessonCreate, LessonState
from signaling.db.audit_log import OBSERVE, SYSTEM, Actor, AuditLog
from signaling.db.lesson_store import LessonChange, LessonPlace, LessonStore, Span
from signaling.errors import Forbidden, Invalid, NotFound, WrongLessonState
from signaling.held_times import HeldTimes
from signaling.hub import RoomHub
from signaling.live_room import LiveRoom
from signaling.records import LessonRecord

log = structlog.get_logger(__name__)

MIN_LENGTH = timedelta(minutes=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_CURSOR_CHARS = 100
_DEED_ACTION = {
    LessonDeed.START: Action.START_LESSON,
    LessonDeed.END: Action.END_LESSON,
    LessonDeed.CANCEL: Action.CANCEL_LESSON,
}


class LessonService:
    """What can be done with lessons."""

    def __init__(
        self, store: LessonStore, audit: AuditLog, hub: RoomHub, clock: Clock, config: Config
    ) -> None:
        self._store = store
        self._audit = audit
        self._hub = hub
        self._clock = clock
        self._config = config
        self.held_times = HeldTimes(clock)

    async def listed(
        self, subject: Subject, start: datetime, end: datetime, cursor: str | None
    ) -> tuple[Sequence[LessonRecord], str | None]:
        """The lessons that overlap [start, end) and concern the subject; all for those who may.

        A page of them, after a cursor; the second value is the next page's.

        Raises:
            Invalid: the cursor is none of this list's.
        """
        everything = allows(subject, Action.LIST_ALL_LESSONS)
        after = None if cursor is None else read_cursor(cursor)
        span = Span(start, end, self._clock.now())
        found, place = await self._store.page(span, None if everything else subject, after)
        return found, None if place is None else cursor_of(place)

    async def get(self, subject: Subject, lesson_id: str) -> LessonRecord:
        """One lesson. Raises NotFound, also where the subject may not know of it."""
        record = await self._store.lesson(lesson_id)
        if record is None or not allows(subject, Action.READ_LESSON, record.parties):
            raise NotFound("没有这节课")
        return record

    async def seat(self, subject: Subject, lesson_id: str) -> tuple[LessonRecord, Seat]:
        """A lesson and the subject's seat in it. Raises NotFound, Forbidden."""
        record = await self.get(subject, lesson_id)
        seat = seat_of(subject, record.parties)
        if seat is None:
            raise Forbidden("不是这节课的参加者")
        return record, seat

    async def enter(
        self, subject: Subject, lesson_id: str, remote: str = ""
    ) -> tuple[Seat, LiveRoom]:
        """The subject's seat and the open room. Who is unseen there is seen in the audit log.

        Raises:
            NotFound, Forbidden, WrongLessonState, Busy: it cannot be entered.
        """
        _, seat = await self.seat(subject, lesson_id)
        room = await self._hub.enter(lesson_id)
        if not seat.visible:
            await self._audit.note(Actor.of(subject, remote), OBSERVE, lesson_id, "channel")
        return seat, room

    async def demand(self, subject: Subject, action: Action, lesson_id: str) -> LessonRecord:
        """A lesson to which the subject may do this. Raises NotFound, Forbidden."""
        record = await self.get(subject, lesson_id)
        if not allows(subject, action, record.parties):
            raise Forbidden()
        return record

    async def create(self, subject: Subject, wish: LessonCreate, remote: str = "") -> LessonRecord:
        """Create a lesson.

        Raises:
            Forbidden: not for this teacher.
            Invalid: a field cannot be.
            Clash: teacher or room taken; names the field.
        """
        if not allows(subject, Action.CREATE_LESSON, led_by(wish.lead_teacher_id)):
            raise Forbidden("只能为本人排课")
        wish = self._checked(wish)
        actor = Actor.of(subject, remote)
        async with self._audit.work(actor, "lesson_create", detail=wish.title) as work:
            work.target = lesson_id = await self._store.create(work, wish)
        return await self._existing(lesson_id)

    async def start(self, subject: Subject, lesson_id: str, remote: str = "") -> LessonRecord:
        """开始上课."""
        change = LessonChange(LessonState.LIVE)
        return await self._do(subject, lesson_id, LessonDeed.START, change, remote)

    async def end(self, subject: Subject, lesson_id: str, remote: str = "") -> LessonRecord:
        """下课."""
        record = await self.demand(subject, Action.END_LESSON, lesson_id)
        change = LessonChange(LessonState.ENDED)
        return await self._carry_out(Actor.of(subject, remote), record, LessonDeed.END, change)

    async def cancel(
        self, subject: Subject, lesson_id: str, reason: str, remote: str = ""
    ) -> LessonRecord:
        """停课, with the reason."""
        change = LessonChange(LessonState.CANCELLED, cancel_reason=reason)
        return await self._do(subject, lesson_id, LessonDeed.CANCEL, change, remote)

    async def end_forgotten(self) -> None:
        """End live lessons that are long past their time and empty."""
        now = self._clock.now()
        for record in await self._store.live():
            room = self._hub.room(record.lesson_id)
            since = None if room is None else room.empty_since
            overdue = now > record.ends_at + timedelta(seconds=self._config.auto_end_grace_s)
            if room is None or since is None or not overdue or room.state.sources:
                continue
            if self._clock.monotonic() - since > self._config.auto_end_empty_s:
                log.info("forgotten_lesson_ended", lesson_id=record.lesson_id)
                change = LessonChange(LessonState.ENDED)
                await self._carry_out(SYSTEM, record, LessonDeed.END, change)

    async def reconcile(self) -> None:
        """Make the rooms agree with the database, where a failure came between the two."""
        live = {record.lesson_id: record for record in await self._store.live()}
        thought_live = {room.lesson_id for room in self._hub.rooms if room.state.is_live}
        for record in live.values():
            await self._hub.follow(record)
        for lesson_id in thought_live - live.keys():
            await self._hub.follow(await self._existing(lesson_id))

    def resource(self, subject: Subject, record: LessonRecord) -> Lesson:
        """A lesson as the API shows it to a subject."""
        parties = record.parties
        sees_code = allows(subject, Action.SEE_JOIN_CODE, parties)
        return Lesson(
            lesson_id=record.lesson_id,
            title=record.title,
            class_kind=record.class_kind,
            subject=record.subject,
            grade=record.grade,
            state=record.state,
            starts_at=record.starts_at,
            ends_at=record.ends_at,
            held_from=record.held_from,
            held_to=record.held_to,
            cancel_reason=record.cancel_reason,
            lead_teacher=record.lead_teacher,
            lead_room=None if record.lead_room is None else record.lead_room.ref,
            receive_rooms=tuple(room.ref for room in record.receive_rooms),
            attended_rooms=tuple(room.ref for room in record.attended_rooms),
            join_code=record.join_code if sees_code else None,
            recording_id=record.recording_id,
            may=lesson_actions(subject, parties),
            seat=seat_role(subject, parties),
        )

    # --- inside ----------------------------------------------------------------------------------

    async def _do(
        self, subject: Subject, lesson_id: str, deed: LessonDeed, change: LessonChange, remote: str
    ) -> LessonRecord:
        record = await self.demand(subject, _DEED_ACTION[deed], lesson_id)
        return await self._carry_out(Actor.of(subject, remote), record, deed, change)

    async def _carry_out(
        self, actor: Actor, record: LessonRecord, deed: LessonDeed, change: LessonChange
    ) -> LessonRecord:
        try:
            done_before = after(record.state, deed) is record.state
        except WrongState as error:
            raise WrongLessonState(str(error)) from None
        if done_before:
            await self._hub.follow(record)
            return record
        moment = self.held_times.now()
        if deed is LessonDeed.START:
            change = replace(change, held_from=moment.at)
        elif deed is LessonDeed.END:
            held_from, held_to = self.held_times.end(record.lesson_id, record.held_from)
            change = replace(change, held_from=held_from, held_to=held_to)
        reason = change.cancel_reason or ""
        async with self._audit.work(actor, f"lesson_{deed}", record.lesson_id, reason) as work:
            written = await self._store.change(work, record.lesson_id, record.state, change)
            if not written:
                work.nothing_to_do()
        changed = await self._existing(record.lesson_id)
        if not written:  # somebody was faster: judge again by what is now
            return await self._carry_out(actor, changed, deed, change)
        if deed is LessonDeed.START:
            self.held_times.begin(record.lesson_id, moment)
        else:
            self.held_times.forget(record.lesson_id)
        await self._hub.follow(changed)
        return await self._existing(record.lesson_id)

    async def _existing(self, lesson_id: str) -> LessonRecord:
        record = await self._store.lesson(lesson_id)
        if record is None:
            raise NotFound("没有这节课")
        return record

    def _checked(self, wish: LessonCreate) -> LessonCreate:
        for field in ("starts_at", "ends_at"):
            if getattr(wish, field).tzinfo is None:
                raise Invalid("时间须带时区", field=field)
        longest = timedelta(hours=self._config.max_lesson_hours)
        try:
            starts_at, ends_at = wish.starts_at.astimezone(UTC), wish.ends_at.astimezone(UTC)
        except OverflowError:
            raise Invalid("时间超出范围", field="starts_at") from None
        if not MIN_LENGTH <= ends_at - starts_at <= longest:
            raise Invalid("下课时间须晚于上课时间,且课时长度合理", field="ends_at")
        if len(set(wish.receive_room_ids)) < len(wish.receive_room_ids):
            raise Invalid("教室重复", field="receive_room_ids")
        if wish.lead_room_id is not None and wish.lead_room_id in wish.receive_room_ids:
            raise Invalid("主讲教室不能同时是听课教室", field="lead_room_id")
        return msgspec.structs.replace(wish, starts_at=starts_at, ends_at=ends_at)


def cursor_of(place: LessonPlace) -> str:
    """A place in the list as a cursor: microseconds since 1970 and the id."""
    return f"{(place.starts_at - _EPOCH) // timedelta(microseconds=1)}.{place.lesson_id}"


def read_cursor(cursor: str) -> LessonPlace:
    """The reverse. Raises Invalid."""
    microseconds, _, lesson_id = cursor.partition(".")
    sound = microseconds.isascii() and microseconds.isdigit() and len(microseconds) <= 17
    if not sound or not lesson_id or len(cursor) > _MAX_CURSOR_CHARS:
        raise Invalid("翻页游标有误", field="after")
    try:
        return LessonPlace(_EPOCH + timedelta(microseconds=int(microseconds)), lesson_id)
    except OverflowError:
        raise Invalid("翻页游标有误", field="after") from None
