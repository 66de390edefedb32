"""Lessons: create, list, start, end, cancel.

Every action goes the same way: permission, rule, one transaction with rows and audit row, and
events after the commit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from signaling.access.actions import Action
from signaling.access.grants import demand_somewhere, granted
from signaling.access.lists import permitted
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.log import SYSTEM, AuditLog
from signaling.base.clock import Clock
from signaling.base.config import Config
from signaling.base.cursors import BadPlace, cursor_of, read_cursor
from signaling.base.errors import Forbidden, Invalid, NotFound, Refused, WrongLessonState
from signaling.base.events import Events
from signaling.base.problem_codes import ProblemCode
from signaling.directory.visibility import SCHOOL_PREDICATES, schools_in
from signaling.lessons.events import LessonChanged
from signaling.lessons.form import checked
from signaling.lessons.held_times import HeldTimes, Moment
from signaling.lessons.pages import Span
from signaling.lessons.parties import led_by, standing_in
from signaling.lessons.records import LessonRecord
from signaling.lessons.rules import LessonAction, WrongState, after
from signaling.lessons.seats import Seat, seat_of
from signaling.lessons.store import LessonChange, LessonStore
from signaling.lessons.visibility import PREDICATES, lessons_in
from signaling.lessons.wire import DeliveryMode, LessonCreate, LessonState

_PERMISSION: Mapping[LessonAction, Action] = MappingProxyType(
    {
        LessonAction.START: Action.START_LESSON,
        LessonAction.END: Action.END_LESSON,
        LessonAction.CANCEL: Action.CANCEL_LESSON,
    }
)
_AUDITED: Mapping[LessonAction, AuditAction] = MappingProxyType(
    {
        LessonAction.START: AuditAction.LESSON_START,
        LessonAction.END: AuditAction.LESSON_END,
        LessonAction.CANCEL: AuditAction.LESSON_CANCEL,
    }
)


class LessonService:
    """The actions on lessons."""

    def __init__(
        self, store: LessonStore, audit: AuditLog, events: Events, clock: Clock, config: Config
    ) -> None:
        self._store = store
        self._audit = audit
        self._events = events
        self._clock = clock
        self._config = config
        self.held_times = HeldTimes(clock)

    # --- reading ---------------------------------------------------------------------------------

    async def listed(
        self, actor: Actor, start: datetime, end: datetime, cursor: str | None
    ) -> tuple[Sequence[LessonRecord], str | None]:
        """Return the lessons that overlap [start, end) and that the actor may read, in pages.

        The second value is the cursor of the next page.

        Raises:
            Invalid: the cursor is none of this list's.
        """
        try:
            place = None if cursor is None else read_cursor(cursor)
        except BadPlace:
            raise Invalid(code=ProblemCode.BAD_CURSOR, field="after") from None
        span = Span(start, end, self._clock.now())
        visible = permitted(actor, Action.READ_LESSON, PREDICATES, lessons_in)
        found, following = await self._store.page(span, visible, place)
        return found, None if following is None else cursor_of(following)

    async def get(self, actor: Actor, lesson_id: str) -> LessonRecord:
        """Return one lesson. Raises NotFound, also where the actor may not know of it."""
        record = await self._existing(lesson_id)
        if not granted(Action.READ_LESSON, standing_in(actor, record.parties)):
            raise NotFound(code=ProblemCode.LESSON_NOT_FOUND)
        return record

    async def seat(self, actor: Actor, lesson_id: str) -> tuple[LessonRecord, Seat]:
        """Return a lesson and the actor's seat in it. Raises NotFound, Forbidden."""
        record = await self.get(actor, lesson_id)
        seat = seat_of(actor, record.parties)
        if seat is None:
            raise Forbidden(code=ProblemCode.NOT_IN_LESSON)
        return record, seat

    async def demand(self, actor: Actor, action: Action, lesson_id: str) -> LessonRecord:
        """Return a lesson to which the actor may do this. Raises NotFound, Forbidden."""
        record = await self.get(actor, lesson_id)
        if not granted(action, standing_in(actor, record.parties)):
            raise Forbidden()
        return record

    @staticmethod
    def demand_may_create(actor: Actor) -> None:
        """Raise Forbidden unless the actor may create somebody's lessons."""
        demand_somewhere(actor, Action.CREATE_LESSON)

    # --- actions ---------------------------------------------------------------------------------

    async def create(self, actor: Actor, wish: LessonCreate) -> LessonRecord:
        """Create a lesson.

        Raises:
            Forbidden: not for this teacher.
            Invalid: a field cannot be.
            Clash: teacher or room taken; names the field.
        """
        path = await self._store.branch_of_teacher(wish.lead_teacher_id)
        stands = standing_in(actor, led_by(wish.lead_teacher_id, path))
        if not granted(Action.CREATE_LESSON, stands):
            raise Forbidden(code=ProblemCode.OWN_LESSONS_ONLY)
        wish = checked(wish, self._config.max_lesson_hours)
        await self._store.demand_rooms(
            wish, permitted(actor, Action.READ_DIRECTORY, SCHOOL_PREDICATES, schools_in)
        )
        async with self._audit.work(actor, AuditAction.LESSON_CREATE, detail=wish.title) as work:
            work.target = lesson_id = await self._store.create(work, wish)
            work.concerns(path, wish.title)
        return await self._existing(lesson_id)

    async def start(self, actor: Actor, lesson_id: str) -> LessonRecord:
        """开始上课. Raises NotFound, Forbidden, WrongLessonState, Refused, LeaseLost.

        A lesson of 资源推送 has no live room: each point plays by itself.
        """
        record = await self.demand(actor, _PERMISSION[LessonAction.START], lesson_id)
        if record.delivery_mode is DeliveryMode.RESOURCE_PUSH:
            raise Refused(code=ProblemCode.PUSH_HAS_NO_ROOM)
        return await self._carry_out(actor, record, LessonAction.START)

    async def end(self, actor: Actor, lesson_id: str) -> LessonRecord:
        """下课. Raises NotFound, Forbidden, WrongLessonState, LeaseLost."""
        return await self._do(actor, lesson_id, LessonAction.END)

    async def cancel(self, actor: Actor, lesson_id: str, reason: str) -> LessonRecord:
        """停课, with the reason. Raises NotFound, Forbidden, WrongLessonState, LeaseLost."""
        return await self._do(actor, lesson_id, LessonAction.CANCEL, reason)

    async def end_by_itself(self, lesson_id: str) -> LessonRecord:
        """End a lesson that its people forgot. The server is the actor. Raises LeaseLost."""
        return await self._carry_out(SYSTEM, await self._existing(lesson_id), LessonAction.END)

    # --- inside ----------------------------------------------------------------------------------

    async def _do(
        self, actor: Actor, lesson_id: str, action: LessonAction, reason: str | None = None
    ) -> LessonRecord:
        record = await self.demand(actor, _PERMISSION[action], lesson_id)
        return await self._carry_out(actor, record, action, reason)

    async def _carry_out(
        self, actor: Actor, record: LessonRecord, action: LessonAction, reason: str | None = None
    ) -> LessonRecord:
        try:
            state = after(record.state, action)
        except WrongState as error:
            facts = {"state": error.state, "action": error.action}
            raise WrongLessonState(str(error), facts=facts) from None
        if state is record.state:  # done before: the room may have missed it
            await self._events.publish((LessonChanged(record.lesson_id),))
            return record
        lesson_id, moment = record.lesson_id, self.held_times.now()
        change = self._change(record, state, moment, reason)
        async with self._audit.work(actor, _AUDITED[action], lesson_id, reason or "") as work:
            work.concerns(record.lead_path, record.title)
            written = await self._store.change(work, lesson_id, record.state, change)
            if written:
                if action is LessonAction.START:
                    self.held_times.begin(lesson_id, moment)
                work.tell(LessonChanged(lesson_id))
            else:
                work.nothing_to_do()
        changed = await self._existing(lesson_id)
        if not written:  # somebody was faster: judge again by what is now
            return await self._carry_out(actor, changed, action, reason)
        if action is not LessonAction.START:
            self.held_times.forget(lesson_id)
        return changed

    def _change(
        self, record: LessonRecord, state: LessonState, moment: Moment, reason: str | None
    ) -> LessonChange:
        change = LessonChange(state, cancel_reason=reason, at=moment.at)
        if state is LessonState.LIVE:
            return replace(change, held_from=moment.at)
        if state is LessonState.ENDED:
            held_from, held_to = self.held_times.end(record.lesson_id, record.held_from)
            return replace(change, held_from=held_from, held_to=held_to)
        return change

    async def _existing(self, lesson_id: str) -> LessonRecord:
        record = await self._store.lesson(lesson_id)
        if record is None:
            raise NotFound(code=ProblemCode.LESSON_NOT_FOUND)
        return record
