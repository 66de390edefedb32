"""Routes: what a county sets before it plans."""

from __future__ import annotations

from dataclasses import dataclass

from signaling.access.actions import Action
from signaling.access.grants import demand_somewhere
from signaling.audit.actions import AuditAction
from signaling.base.errors import NotFound
from signaling.timetable import setting_wire as w
from signaling.timetable.bells import BellSchedules
from signaling.timetable.days import CalendarDays
from signaling.timetable.terms import Terms
from signaling.timetable.unwanted import UnwantedPeriods
from signaling.web.routes import Call, Query, Route

EARLIEST_YEAR = 2000
LATEST_YEAR = 2100

_COUNTY = Query("county", "id of a county; the own one without")


@dataclass(frozen=True, slots=True)
class SettingHandlers:
    """Terms, bells, days off and wishes about periods."""

    terms: Terms
    bells: BellSchedules
    days: CalendarDays
    unwanted: UnwantedPeriods

    async def may_manage(self, call: Call) -> None:
        """Raise Forbidden unless the caller plans for some county."""
        demand_somewhere(call.actor, Action.MANAGE_TIMETABLE)

    async def list_counties(self, call: Call) -> w.CountyList:
        """The counties of the caller."""
        return await self.terms.counties(call.actor)

    async def list_terms(self, call: Call) -> w.TermList:
        """The terms of a county."""
        return await self.terms.listed(call.actor, call.query.get("county"))

    async def create_term(self, call: Call) -> w.Term:
        """新建学期."""
        return await self.terms.create(call.actor, call.body)

    async def change_term(self, call: Call) -> w.Term:
        """Change a term; its plans follow."""
        return await self.terms.change(call.actor, call.path("term_id"), call.body)

    async def remove_term(self, call: Call) -> None:
        """Remove a term without plans."""
        await self.terms.remove(call.actor, call.path("term_id"))

    async def list_bells(self, call: Call) -> w.BellsList:
        """The bell schedules of a county and its schools."""
        return await self.bells.listed(call.actor, call.query.get("county"))

    async def create_bells(self, call: Call) -> w.Bells:
        """新建作息时间."""
        return await self.bells.create(call.actor, call.body)

    async def may_change_bells(self, call: Call) -> None:
        """Raise NotFound or Forbidden unless the caller may change a bell schedule."""
        await self.bells.demand(call.actor, call.path("schedule_id"))

    async def change_bells(self, call: Call) -> w.Bells:
        """Change a bell schedule; the plans follow."""
        return await self.bells.change(call.actor, call.path("schedule_id"), call.body)

    async def remove_bells(self, call: Call) -> None:
        """Remove a bell schedule."""
        await self.bells.remove(call.actor, call.path("schedule_id"))

    async def get_year(self, call: Call) -> w.CalendarYear:
        """The days off and make-up days of a year."""
        text = call.path("year")
        digits = text.isascii() and text.isdigit()
        if not digits or not EARLIEST_YEAR <= int(text[:5]) <= LATEST_YEAR:
            raise NotFound(field="year")
        query = call.query
        return await self.days.year(call.actor, int(text), query.get("county"), query.get("school"))

    async def set_day(self, call: Call) -> w.CalendarOutcome:
        """Set a day of a county or school."""
        return await self.days.set_day(call.actor, call.body)

    async def reset_day(self, call: Call) -> w.CalendarOutcome:
        """Take back what a county or school made of a day."""
        return await self.days.reset_day(call.actor, call.body)

    async def import_year(self, call: Call) -> w.CalendarOutcome:
        """导入节假日: a year in the shape of NateScarlet/holiday-cn."""
        return await self.days.import_year(call.actor, call.body)

    async def list_unwanted(self, call: Call) -> w.UnwantedList:
        """The wishes about periods of a county."""
        return await self.unwanted.listed(call.actor, call.query.get("county"))

    async def add_unwanted(self, call: Call) -> w.UnwantedPeriod:
        """Add a wish."""
        return await self.unwanted.add(call.actor, call.body)

    async def set_unwanted(self, call: Call) -> w.UnwantedList:
        """Set the week of a subject, teacher or school."""
        return await self.unwanted.set_week(call.actor, call.body)

    async def remove_unwanted(self, call: Call) -> None:
        """Remove a wish."""
        await self.unwanted.remove(call.actor, call.path("wish_id"))


_H = SettingHandlers
_BASE = "/api/timetable"

ROUTES = (
    Route("GET", f"{_BASE}/counties", _H.list_counties, "可见的县", w.CountyList),
    Route("GET", f"{_BASE}/terms", _H.list_terms, "学期", w.TermList, query=(_COUNTY,)),
    Route(
        "POST",
        f"{_BASE}/terms",
        _H.create_term,
        "新建学期",
        w.Term,
        w.TermWish,
        status=201,
        permit=_H.may_manage,
        audited=AuditAction.TERM_CREATE,
    ),
    Route(
        "PUT",
        f"{_BASE}/terms/{{term_id}}",
        _H.change_term,
        "修改学期",
        w.Term,
        w.TermChange,
        permit=_H.may_manage,
        audited=AuditAction.TERM_CHANGE,
    ),
    Route(
        "DELETE",
        f"{_BASE}/terms/{{term_id}}",
        _H.remove_term,
        "删除没有排课的学期",
        status=204,
        permit=_H.may_manage,
        audited=AuditAction.TERM_REMOVE,
    ),
    Route("GET", f"{_BASE}/bells", _H.list_bells, "作息时间", w.BellsList, query=(_COUNTY,)),
    Route(
        "POST",
        f"{_BASE}/bells",
        _H.create_bells,
        "新建作息时间",
        w.Bells,
        w.BellsWish,
        status=201,
        permit=_H.may_manage,
        audited=AuditAction.BELLS_CREATE,
    ),
    Route(
        "PUT",
        f"{_BASE}/bells/{{schedule_id}}",
        _H.change_bells,
        "修改作息时间",
        w.Bells,
        w.BellsChange,
        permit=_H.may_change_bells,
        audited=AuditAction.BELLS_CHANGE,
    ),
    Route(
        "DELETE",
        f"{_BASE}/bells/{{schedule_id}}",
        _H.remove_bells,
        "删除作息时间",
        status=204,
        permit=_H.may_manage,
        audited=AuditAction.BELLS_REMOVE,
    ),
    Route(
        "GET",
        f"{_BASE}/calendar/{{year}}",
        _H.get_year,
        "一年的节假日和调休",
        w.CalendarYear,
        query=(_COUNTY, Query("school", "id of a school whose own days count, too")),
    ),
    Route(
        "PUT",
        f"{_BASE}/calendar/days",
        _H.set_day,
        "设置一天: 放假、调休上课或照常上课",
        w.CalendarOutcome,
        w.DayWish,
        permit=_H.may_manage,
        audited=AuditAction.CALENDAR_DAY_SET,
    ),
    Route(
        "POST",
        f"{_BASE}/calendar/days/reset",
        _H.reset_day,
        "一天恢复为上级的安排",
        w.CalendarOutcome,
        w.DayReset,
        permit=_H.may_manage,
        audited=AuditAction.CALENDAR_DAY_RESET,
    ),
    Route(
        "POST",
        f"{_BASE}/calendar/years",
        _H.import_year,
        "导入一年的节假日",
        w.CalendarOutcome,
        w.YearImport,
        permit=_H.may_manage,
        audited=AuditAction.CALENDAR_IMPORT,
    ),
    Route(
        "GET",
        f"{_BASE}/unwanted-periods",
        _H.list_unwanted,
        "不宜排课的节次",
        w.UnwantedList,
        query=(_COUNTY,),
    ),
    Route(
        "POST",
        f"{_BASE}/unwanted-periods",
        _H.add_unwanted,
        "添加不宜排课的节次",
        w.UnwantedPeriod,
        w.UnwantedWish,
        status=201,
        permit=_H.may_manage,
        audited=AuditAction.UNWANTED_ADD,
    ),
    Route(
        "PUT",
        f"{_BASE}/unwanted-periods",
        _H.set_unwanted,
        "设置一位教师、一所学校或一门学科的不宜排课节次",
        w.UnwantedList,
        w.UnwantedWeek,
        permit=_H.may_manage,
        audited=AuditAction.UNWANTED_SET,
    ),
    Route(
        "DELETE",
        f"{_BASE}/unwanted-periods/{{wish_id}}",
        _H.remove_unwanted,
        "删除不宜排课的节次",
        status=204,
        permit=_H.may_manage,
        audited=AuditAction.UNWANTED_REMOVE,
    ),
)
