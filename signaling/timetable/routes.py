"""Routes: plans, lessons of the timetable and its pages."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement

from signaling.access.actions import Action
from signaling.access.grants import demand_somewhere
from signaling.audit.actions import AuditAction
from signaling.base.errors import Invalid
from signaling.base.problem_codes import ProblemCode
from signaling.timetable import plan_wire as p
from signaling.timetable import wire as w
from signaling.timetable.changes import LessonChanges
from signaling.timetable.news import ChangeBoard
from signaling.timetable.plans import Plans, in_room, mentions
from signaling.timetable.queries import day, moment, number
from signaling.timetable.tables import PlanRow
from signaling.timetable.weeks import WeekPages, WeekQuestion
from signaling.timetable.wire import ListKind
from signaling.web.routes import Call, Query, Route

_OWN_DAYS = 7


@dataclass(frozen=True, slots=True)
class TimetableHandlers:
    """Plans, lessons and pages of the timetable."""

    plans: Plans
    changes: LessonChanges
    weeks: WeekPages
    board: ChangeBoard

    async def may_manage(self, call: Call) -> None:
        """Raise Forbidden unless the caller plans for some county."""
        demand_somewhere(call.actor, Action.MANAGE_TIMETABLE)

    async def list_plans(self, call: Call) -> p.PlanList:
        """The plans of a county, newest first."""
        query = call.query
        columns = {"term": PlanRow.term_id, "teacher": PlanRow.lead_teacher_id}
        filters: list[ColumnElement[bool]] = [
            column == query[name] for name, column in columns.items() if query.get(name)
        ]
        if query.get("room"):
            filters.append(in_room(query["room"]))
        filters += [mentions(words) for words in query.get("q", "").split()]
        county, after = query.get("county"), query.get("after") or None
        return await self.plans.listed(call.actor, county, filters=filters, after=after)

    async def create_plan(self, call: Call) -> p.PlanOutcome:
        """新建排课."""
        return await self.plans.create(call.actor, call.body)

    async def get_plan(self, call: Call) -> p.Plan:
        """One plan."""
        return await self.plans.get(call.actor, call.path("plan_id"))

    async def change_plan(self, call: Call) -> p.PlanOutcome:
        """Change a plan, from a date on or as a whole."""
        return await self.plans.change(call.actor, call.path("plan_id"), call.body)

    async def end_plan(self, call: Call) -> p.PlanOutcome:
        """删除以后的课."""
        return await self.plans.end(call.actor, call.path("plan_id"), call.body)

    async def settle_plans(self, call: Call) -> w.PlansLeft:
        """Bring some plans of a county to changed terms, bells and days."""
        left = await self.plans.settle(call.actor, call.path("county_id"))
        return w.PlansLeft(left)

    async def check(self, call: Call) -> w.CheckResult:
        """Tell what a plan or a change would clash with; nothing is written."""
        wish: w.TimetableCheck = call.body
        if (wish.plan is None) == (wish.lesson is None):
            raise Invalid("either a plan or a lesson", field="plan")
        if wish.lesson is not None:
            return await self.changes.check(call.actor, wish.lesson)
        assert wish.plan is not None
        return await self.plans.check(call.actor, wish.plan, wish.plan_id, wish.begins)

    async def get_lesson(self, call: Call) -> w.LessonDetail:
        """A lesson with its changes."""
        return await self.changes.get(call.actor, _lesson(call))

    async def move_lesson(self, call: Call) -> w.LessonsChanged:
        """调课."""
        return await self.changes.move(call.actor, _lesson(call), call.body)

    async def substitute_lesson(self, call: Call) -> w.LessonsChanged:
        """代课."""
        return await self.changes.substitute(call.actor, _lesson(call), call.body)

    async def cancel_lesson(self, call: Call) -> w.LessonsChanged:
        """停课."""
        return await self.changes.cancel(call.actor, _lesson(call), call.body)

    async def make_up_lesson(self, call: Call) -> w.LessonsChanged:
        """补课."""
        return await self.changes.make_up(call.actor, _lesson(call), call.body)

    async def week(self, call: Call) -> w.WeekPage:
        """A week of a teacher, school, room, subject or class."""
        query = call.query
        try:
            by = ListKind(query.get("by", ""))
        except ValueError:
            raise Invalid(" | ".join(ListKind), field="by") from None
        if not query.get("id"):
            raise Invalid(code=ProblemCode.MISSING, field="id")
        question = WeekQuestion(
            by,
            query["id"],
            query.get("term") or None,
            number(query, "week"),
            day(query, "date"),
            moment(query, "changed_since"),
        )
        return await self.weeks.page(call.actor, question)

    async def my_days(self, call: Call) -> w.MyDays:
        """我的课表: one's own next days."""
        query = call.query
        count = number(query, "days", _OWN_DAYS)
        assert count is not None
        since = moment(query, "changed_since")
        return await self.weeks.mine(call.actor, day(query, "from"), count, since)

    async def news(self, call: Call) -> w.TimetableNews:
        """Wait until lessons that concern the caller change, for 25 s at most."""
        return await self.board.news(call.actor, call.query.get("since") or None)


def _lesson(call: Call) -> str:
    return call.path("lesson_id")


_H = TimetableHandlers
_BASE = "/api/timetable"
_SINCE = Query("changed_since", "RFC 3339; lessons that changed later are marked")

ROUTES = (
    Route(
        "GET",
        f"{_BASE}/plans",
        _H.list_plans,
        "排课列表",
        p.PlanList,
        query=(
            Query("county", "id of a county; the own one without"),
            Query("term", "id of a term"),
            Query("teacher", "id of the lead teacher"),
            Query("room", "id of a room"),
            Query("q", "words in title or grade"),
            Query("after", "the `next` of the page before"),
        ),
        permit=_H.may_manage,
    ),
    Route(
        "POST",
        f"{_BASE}/plans",
        _H.create_plan,
        "新建排课",
        p.PlanOutcome,
        p.PlanWish,
        status=201,
        permit=_H.may_manage,
        audited=AuditAction.PLAN_CREATE,
    ),
    Route("GET", f"{_BASE}/plans/{{plan_id}}", _H.get_plan, "一个排课", p.Plan),
    Route(
        "PUT",
        f"{_BASE}/plans/{{plan_id}}",
        _H.change_plan,
        "修改排课",
        p.PlanOutcome,
        p.PlanChange,
        permit=_H.may_manage,
        audited=AuditAction.PLAN_CHANGE,
    ),
    Route(
        "POST",
        f"{_BASE}/plans/{{plan_id}}/end",
        _H.end_plan,
        "删除以后的课",
        p.PlanOutcome,
        p.PlanEnd,
        permit=_H.may_manage,
        audited=AuditAction.PLAN_END,
    ),
    Route(
        "POST",
        f"{_BASE}/counties/{{county_id}}/settle",
        _H.settle_plans,
        "让一些排课跟上学期、作息和节假日的变化",
        w.PlansLeft,
        permit=_H.may_manage,
        audited=AuditAction.PLANS_SETTLE,
    ),
    Route(
        "POST",
        f"{_BASE}/check",
        _H.check,
        "检查时间冲突,不写入",
        w.CheckResult,
        w.TimetableCheck,
        permit=_H.may_manage,
    ),
    Route("GET", f"{_BASE}/lessons/{{lesson_id}}", _H.get_lesson, "一节课及其变动", w.LessonDetail),
    Route(
        "POST",
        f"{_BASE}/lessons/{{lesson_id}}/move",
        _H.move_lesson,
        "调课",
        w.LessonsChanged,
        w.LessonMove,
        permit=_H.may_manage,
        audited=AuditAction.LESSON_MOVE,
    ),
    Route(
        "POST",
        f"{_BASE}/lessons/{{lesson_id}}/substitute",
        _H.substitute_lesson,
        "代课",
        w.LessonsChanged,
        w.LessonSubstitute,
        permit=_H.may_manage,
        audited=AuditAction.LESSON_SUBSTITUTE,
    ),
    Route(
        "POST",
        f"{_BASE}/lessons/{{lesson_id}}/cancel",
        _H.cancel_lesson,
        "停课",
        w.LessonsChanged,
        w.LessonStop,
        permit=_H.may_manage,
        audited=AuditAction.LESSON_STOP,
    ),
    Route(
        "POST",
        f"{_BASE}/lessons/{{lesson_id}}/make-up",
        _H.make_up_lesson,
        "补课",
        w.LessonsChanged,
        w.LessonMakeUp,
        status=201,
        permit=_H.may_manage,
        audited=AuditAction.LESSON_MAKE_UP,
    ),
    Route(
        "GET",
        f"{_BASE}/weeks",
        _H.week,
        "一周的课表",
        w.WeekPage,
        query=(
            Query("by", " | ".join(ListKind)),
            Query("id", "of the teacher, school, room, subject or class"),
            Query("term", "id of a term, with `week`"),
            Query("week", "teaching week, from 1"),
            Query("date", "YYYY-MM-DD, a day of the week, in place of term and week"),
            _SINCE,
        ),
    ),
    Route(
        "GET",
        f"{_BASE}/my",
        _H.my_days,
        "我的课表",
        w.MyDays,
        query=(
            Query("from", "YYYY-MM-DD; today without"),
            Query("days", f"1…14, default {_OWN_DAYS}"),
            _SINCE,
        ),
    ),
    Route(
        "GET",
        f"{_BASE}/changes",
        _H.news,
        "等待课表的变动,最长 25 秒",
        w.TimetableNews,
        query=(Query("since", "the place that the last answer told"),),
    ),
)
