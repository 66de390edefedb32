"""Workbooks of the timetable: the template, and a term's plans. Only the worker loads this."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.actions import Action
from signaling.access.roles import Actor
from signaling.base.errors import NotFound
from signaling.base.problem_codes import ProblemCode
from signaling.directory.tables import PersonRow, SchoolRow
from signaling.files.workbooks.sheets import Cell
from signaling.files.workbooks.writing import Column, Table, write_workbook
from signaling.jobs.kinds import JobContext
from signaling.timetable.core.weeks import format_weeks
from signaling.timetable.imports.core.catalogue import Index
from signaling.timetable.imports.core.columns import CLASS_KINDS, DELIVERY_MODES, HEADERS, Field
from signaling.timetable.imports.county_names import load_catalogue
from signaling.timetable.imports.kinds import WorkbookOrder
from signaling.timetable.imports.wire import TimetableWorkbook
from signaling.timetable.names import Names, column_by_id, names_of
from signaling.timetable.plan_rows import load_plans
from signaling.timetable.plan_wire import PlanKind
from signaling.timetable.records import PlanRecord
from signaling.timetable.scopes import demand_county
from signaling.timetable.tables import PlanRow, TermRow
from signaling.timetable.terms import term_of

_SHEET = "课表"
_WEEKDAYS = tuple(f"星期{day}" for day in "一二三四五六日")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def make_workbook(context: JobContext, order: WorkbookOrder) -> TimetableWorkbook:
    """Make the template of a county, or the long table of a term, and keep it for the actor.

    Raises:
        NotFound: there is no such county or term for the actor any more.
        Forbidden: the actor may only read.
    """
    actor = context.actor
    async with context.database.read() as session:
        await demand_county(session, actor, Action.MANAGE_TIMETABLE, order.county_id)
        if order.term_id is None:
            name, table = (
                "课表模板.xlsx",
                await _template(session, actor, order.county_id, context.clock.now()),
            )
        else:
            name, table = await _long_table(session, order.term_id)
    data = write_workbook([table], context.clock.now())
    kept = await context.files.keep(actor, name, XLSX, [data])
    return TimetableWorkbook(kept.file_id, name)


async def _template(session: AsyncSession, actor: Actor, county_id: str, now: datetime) -> Table:
    """Return the empty long table, with the county's names to choose from."""
    choices = await _choices(session, actor, county_id, now)
    columns = (Column(headers[0], choices.get(field, ())) for field, headers in HEADERS.items())
    return Table(_SHEET, tuple(columns))


async def _long_table(session: AsyncSession, term_id: str) -> tuple[str, Table]:
    """Return the weekly plans of a term, with the file's name; importing it changes nothing."""
    term = await session.get(TermRow, term_id)
    if term is None:
        raise NotFound(code=ProblemCode.UNKNOWN_TERM, field="term_id")
    plans = await load_plans(
        session,
        PlanRow.term_id == term_id,
        PlanRow.kind == PlanKind.PERIODIC,
        PlanRow.active.is_(True),
    )
    rows = await _rows(session, plans, term.weeks)
    columns = tuple(Column(headers[0]) for headers in HEADERS.values())
    return f"{term.name}课表.xlsx", Table(_SHEET, columns, rows)


async def _choices(
    session: AsyncSession, actor: Actor, county_id: str, now: datetime
) -> dict[Field, tuple[str, ...]]:
    newest = (
        select(TermRow)
        .where(TermRow.county_id == county_id)
        .order_by(TermRow.starts_on.desc())
        .limit(1)
    )
    term = await session.scalar(newest)
    if term is None:
        raise NotFound(code=ProblemCode.UNKNOWN_TERM, field="term_id")
    catalogue = await load_catalogue(session, actor, county_id, term_of(term), now)
    numbers = {period.number for periods in catalogue.schedules("") for period in periods}
    return {
        Field.SCHOOL: _names(catalogue.schools),
        Field.ROOM: _names(catalogue.rooms),
        Field.CLASS: _names(catalogue.classes),
        Field.SUBJECT: _names(catalogue.subjects),
        Field.TEACHER: _names(catalogue.teachers),
        Field.WEEKDAY: _WEEKDAYS,
        Field.PERIOD: tuple(f"第{number}节" for number in sorted(numbers)),
        Field.RECEIVE_ROOMS: tuple(f"{room.hint}/{room.name}" for room in catalogue.rooms),
        Field.CLASS_KIND: tuple(words[0] for words in CLASS_KINDS.values()),
        Field.DELIVERY_MODE: tuple(words[0] for words in DELIVERY_MODES.values()),
    }


def _names(index: Index) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.name for one in index))


async def _rows(session: AsyncSession, plans: Sequence[PlanRecord], weeks: int) -> list[list[Cell]]:
    """Return the rows of plans, by school, class and time."""
    names = await names_of(session, plans)
    given_by = {plan.lead_school_id for plan in plans}
    schools = await column_by_id(session, SchoolRow.school_id, SchoolRow.name, given_by)
    teachers = {plan.lead_teacher_id for plan in plans}
    staff = await column_by_id(session, PersonRow.person_id, PersonRow.staff_no, teachers)
    found: list[list[Cell]] = []
    for plan in plans:
        if plan.bell is not None:
            school = schools.get(plan.lead_school_id or "") or ""
            found.append(_row(plan, names, school, staff.get(plan.lead_teacher_id), weeks))
    return sorted(found, key=lambda row: [str(cell or "") for cell in row])


def _row(
    plan: PlanRecord, names: Names, school: str, staff_no: str | None, weeks: int
) -> list[Cell]:
    content, bell = plan.content, plan.bell
    assert bell is not None
    room = names.room(plan.lead_room_id)
    lead_class = names.class_(content.lead_class_id)
    last = bell.period + bell.period_count - 1
    period = f"第{bell.period}节" if bell.period_count == 1 else f"{bell.period}-{last}节"
    values: dict[Field, Cell] = {
        Field.SCHOOL: school,
        Field.ROOM: None if room is None else room.name,
        Field.CLASS: None if lead_class is None else lead_class.name,
        Field.GRADE: content.grade,
        Field.SUBJECT: content.subject,
        Field.TITLE: content.title,
        Field.TEACHER: names.person(plan.lead_teacher_id).name,
        Field.STAFF_NO: staff_no,
        Field.WEEKDAY: _WEEKDAYS[(plan.weekday or 1) - 1],
        Field.PERIOD: period,
        Field.WEEKS: format_weeks(plan.weeks, weeks),
        Field.RECEIVE_ROOMS: "\n".join(_seats(plan, names)),
        Field.CLASS_KIND: CLASS_KINDS[content.class_kind][0],
        Field.DELIVERY_MODE: DELIVERY_MODES[content.delivery_mode][0],
        Field.TEXTBOOK_VOLUME: content.textbook_volume,
        Field.TEXTBOOK_SECTION: content.textbook_section,
    }
    return [values.get(field) for field in HEADERS]


def _seats(plan: PlanRecord, names: Names) -> Iterator[str]:
    for seat in names.seats(plan.seats):
        klass = "" if seat.class_ is None else f"({seat.class_.name})"
        yield f"{seat.room.school}/{seat.room.name}{klass}"
