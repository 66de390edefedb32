"""节假日 and 调休: the days of a county and its schools that differ from the plain week."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.actions import Action
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.facts import detail_of
from signaling.audit.log import AuditLog
from signaling.base.database import Database
from signaling.base.errors import ChangedMeanwhile, Invalid
from signaling.base.ids import new_id
from signaling.base.problem_codes import ProblemCode
from signaling.directory.branches import concerns_node
from signaling.timetable import setting_wire as w
from signaling.timetable.core.calendar import SpecialDay
from signaling.timetable.core.codes import DayKind
from signaling.timetable.core.holiday_file import HolidayYear
from signaling.timetable.core.holidays import BadYear, YearProblem, checked_year, special_days
from signaling.timetable.events import TeachingDaysChanged
from signaling.timetable.holidays import shipped_years
from signaling.timetable.scopes import demand_county, may_manage, own_county
from signaling.timetable.setting_wire import DayLayer, HolidaySource
from signaling.timetable.tables import CalendarDayRow
from signaling.timetable.terms import SETTINGS_LOCK, in_range, mark_stale

_CODES = {
    YearProblem.EMPTY: ProblemCode.YEAR_EMPTY,
    YearProblem.DAY_TWICE: ProblemCode.DAY_TWICE,
    YearProblem.DAY_OUTSIDE: ProblemCode.DAY_OUTSIDE_YEAR,
}


class DayBook:
    """The days of a county and some of its schools, in layers: notice, county, school."""

    def __init__(self, county_id: str, years: Collection[int], rows: Iterable[CalendarDayRow]):
        self._county_id = county_id
        rows = list(rows)
        notice = [row for row in rows if row.layer == DayLayer.NOTICE]
        self.sources = _sources(years, notice)
        self._rows = rows
        self._notice = [
            day
            for year, source in self.sources.items()
            if source is HolidaySource.SHIPPED
            for day in special_days(shipped_years()[year])
        ] + [special_of(row) for row in notice]

    def layers(self, school_id: str | None = None) -> tuple[list[SpecialDay], ...]:
        """Return the days of a county or a school, for a `Calendar`."""
        owners = [self._county_id, *([school_id] if school_id is not None else [])]
        own = [
            [
                special_of(row)
                for row in self._rows
                if row.owner_id == owner and row.layer != DayLayer.NOTICE
            ]
            for owner in owners
        ]
        return (self._notice, *own)

    @property
    def schools(self) -> frozenset[str]:
        """The schools that have days of their own."""
        return frozenset(row.owner_id for row in self._rows if row.layer == DayLayer.SCHOOL)

    def shown(self, year: int, school_id: str | None) -> tuple[w.CalendarDay, ...]:
        """Return the days of a year as they hold, each with who has set it."""
        shown = {day.on: _shown(day, DayLayer.NOTICE, 0) for day in self._notice}
        layers = [(self._county_id, DayLayer.COUNTY), (school_id, DayLayer.SCHOOL)]
        for owner, layer in layers:
            for row in self._rows:
                if row.owner_id == owner and row.layer == layer:
                    shown[row.on_date] = _shown(special_of(row), layer, row.version)
        return tuple(day for on, day in sorted(shown.items()) if on.year == year)


def _sources(
    years: Collection[int], notice: Iterable[CalendarDayRow]
) -> Mapping[int, HolidaySource]:
    imported = {row.notice_year for row in notice}
    shipped = shipped_years()
    return {
        year: HolidaySource.IMPORTED
        if year in imported
        else HolidaySource.SHIPPED
        if year in shipped
        else HolidaySource.NONE
        for year in sorted(years)
    }


def special_of(row: CalendarDayRow) -> SpecialDay:
    """Return a day as pure rules take it."""
    teaches = row.teaches if row.teaches is not None else row.teaches_weekday
    return SpecialDay(row.on_date, DayKind(row.kind), row.name, teaches)


def _shown(day: SpecialDay, layer: DayLayer, version: int) -> w.CalendarDay:
    return w.CalendarDay(
        date=day.on,
        kind=day.kind,
        name=day.name,
        teaches=day.teaches if isinstance(day.teaches, date) else None,
        teaches_weekday=day.teaches if isinstance(day.teaches, int) else None,
        layer=layer,
        version=version,
    )


async def load_days(
    session: AsyncSession,
    county_id: str,
    years: Collection[int],
    school_ids: Iterable[str | None] = (),
) -> DayBook:
    """Return the days of a county and some schools in some years."""
    owners = {county_id, *(one for one in school_ids if one is not None)}
    first, last = min(years), max(years)
    rows = await session.scalars(
        select(CalendarDayRow).where(
            CalendarDayRow.owner_id.in_(owners),
            CalendarDayRow.on_date.between(date(first - 1, 12, 1), date(last, 12, 31)),
        )
    )
    return DayBook(county_id, years, rows)


class CalendarDays:
    """The actions on days off and make-up days."""

    def __init__(self, database: Database, audit: AuditLog) -> None:
        self._database = database
        self._audit = audit

    async def year(
        self, actor: Actor, year: int, county_id: str | None, school_id: str | None
    ) -> w.CalendarYear:
        """Return a year as it holds. Raises NotFound, Forbidden, Invalid."""
        async with self._database.read() as session:
            county = await own_county(session, actor, county_id)
            await demand_county(session, actor, Action.READ_TERMS, county, school_id)
            return await _year(session, actor, year, county, school_id)

    async def set_day(self, actor: Actor, wish: w.DayWish) -> w.CalendarOutcome:
        """Set a day of a county or school.

        Raises:
            NotFound: there is no such county or school for the actor.
            Forbidden: the actor may only read.
            Invalid: a make-up day teaches what is no day off.
            ChangedMeanwhile: somebody has set it since.
        """
        detail = detail_of(date=wish.date, day=wish.kind)
        action = AuditAction.CALENDAR_DAY_SET
        owner = wish.school_id or wish.county_id
        async with self._audit.work(actor, action, owner, detail) as work:
            session = work.session
            await demand_county(
                session, actor, Action.MANAGE_TIMETABLE, wish.county_id, wish.school_id
            )
            await self._database.serialize(session, SETTINGS_LOCK)
            await concerns_node(work, owner)
            await _demand_taught(session, wish)
            row = await _own_row(session, wish.date, wish, wish.version)
            if row is None:
                row = CalendarDayRow(
                    day_id=new_id(),
                    county_id=wish.county_id,
                    owner_id=owner,
                    layer=_layer(wish.school_id),
                    on_date=wish.date,
                    version=0,
                )
                session.add(row)
            row.kind, row.name, row.version = wish.kind, wish.name, row.version + 1
            row.teaches, row.teaches_weekday = wish.teaches, wish.teaches_weekday
            await session.flush()
            if wish.school_id is None:
                work.tell(TeachingDaysChanged(wish.county_id, wish.date))
            return await _outcome(session, actor, wish.date.year, wish.county_id, wish.school_id)

    async def reset_day(self, actor: Actor, wish: w.DayReset) -> w.CalendarOutcome:
        """Take back what a county or school made of a day. Raises as `set_day`."""
        owner = wish.school_id or wish.county_id
        action = AuditAction.CALENDAR_DAY_RESET
        async with self._audit.work(actor, action, owner, str(wish.date)) as work:
            session = work.session
            await demand_county(
                session, actor, Action.MANAGE_TIMETABLE, wish.county_id, wish.school_id
            )
            await self._database.serialize(session, SETTINGS_LOCK)
            await concerns_node(work, owner)
            if not in_range(wish.date):
                raise Invalid(code=ProblemCode.TIME_OUT_OF_RANGE, field="date")
            row = await _own_row(session, wish.date, wish, wish.version)
            if row is not None:
                await session.delete(row)
                await session.flush()
                if wish.school_id is None:
                    work.tell(TeachingDaysChanged(wish.county_id, wish.date))
            return await _outcome(session, actor, wish.date.year, wish.county_id, wish.school_id)

    async def import_year(self, actor: Actor, wish: w.YearImport) -> w.CalendarOutcome:
        """Take in a year of the holiday notice in place of the one that holds.

        Days that the county or a school has set by itself stay.

        Raises:
            NotFound: there is no such county for the actor.
            Forbidden: the actor may only read.
            Invalid: the file is no year; names the day.
        """
        year = _checked(wish.year)
        action = AuditAction.CALENDAR_IMPORT
        async with self._audit.work(actor, action, wish.county_id, str(year.year)) as work:
            session = work.session
            await demand_county(session, actor, Action.MANAGE_TIMETABLE, wish.county_id)
            await self._database.serialize(session, SETTINGS_LOCK)
            await concerns_node(work, wish.county_id)
            await session.execute(
                delete(CalendarDayRow).where(
                    CalendarDayRow.owner_id == wish.county_id,
                    CalendarDayRow.layer == DayLayer.NOTICE,
                    CalendarDayRow.on_date.in_([day.date for day in year.days])
                    | (CalendarDayRow.notice_year == year.year),
                )
            )
            session.add_all(_notice_rows(wish.county_id, year))
            await session.flush()
            work.tell(TeachingDaysChanged(wish.county_id, date(year.year - 1, 12, 1)))
            return await _outcome(session, actor, year.year, wish.county_id, None)


def _checked(year: HolidayYear) -> HolidayYear:
    try:
        return checked_year(year)
    except BadYear as error:
        field = f"year.days[{error.index}].date"
        raise Invalid(code=_CODES[error.problem], field=field) from None


def _notice_rows(county_id: str, year: HolidayYear) -> Iterator[CalendarDayRow]:
    for day in special_days(year):
        yield CalendarDayRow(
            day_id=new_id(),
            county_id=county_id,
            owner_id=county_id,
            layer=DayLayer.NOTICE,
            on_date=day.on,
            kind=day.kind,
            name=day.name,
            teaches=day.teaches if isinstance(day.teaches, date) else None,
            notice_year=year.year,
            version=1,
        )


def _layer(school_id: str | None) -> DayLayer:
    return DayLayer.COUNTY if school_id is None else DayLayer.SCHOOL


async def _own_row(
    session: AsyncSession, on: date, wish: w.DayWish | w.DayReset, version: int
) -> CalendarDayRow | None:
    """Return the row of the wish's own layer. Raises ChangedMeanwhile."""
    row = await session.scalar(
        select(CalendarDayRow).where(
            CalendarDayRow.owner_id == (wish.school_id or wish.county_id),
            CalendarDayRow.layer == _layer(wish.school_id),
            CalendarDayRow.on_date == on,
        )
    )
    present = 0 if row is None else row.version
    if present != version:
        raise ChangedMeanwhile(facts={"version": present})
    return row


async def _demand_taught(session: AsyncSession, wish: w.DayWish) -> None:
    """Raise Invalid unless a make-up day, and only one, says what it teaches."""
    for field in ("date", "teaches"):
        day = getattr(wish, field)
        if day is not None and not in_range(day):
            raise Invalid(code=ProblemCode.TIME_OUT_OF_RANGE, field=field)
    said = [one for one in (wish.teaches, wish.teaches_weekday) if one is not None]
    if len(said) > (wish.kind is DayKind.MAKE_UP):
        raise Invalid("a make-up day teaches a date or a weekday", field="teaches")
    if wish.teaches is None:
        return
    years = {wish.date.year, wish.teaches.year}
    days = await load_days(session, wish.county_id, years, [wish.school_id])
    held: dict[date, SpecialDay] = {}
    for layer in days.layers(wish.school_id):
        held |= {day.on: day for day in layer}
    taught = held.get(wish.teaches)
    if taught is None or taught.kind is not DayKind.OFF:
        raise Invalid(code=ProblemCode.DAY_NOT_OFF, field="teaches")


async def _year(
    session: AsyncSession, actor: Actor, year: int, county_id: str, school_id: str | None
) -> w.CalendarYear:
    days = await load_days(session, county_id, [year], [school_id])
    manages = await may_manage(session, actor, school_id or county_id)
    return w.CalendarYear(year, days.sources[year], days.shown(year, school_id), manages)


async def _outcome(
    session: AsyncSession, actor: Actor, year: int, county_id: str, school_id: str | None
) -> w.CalendarOutcome:
    stale = await mark_stale(session, county_id)
    calendar = await _year(session, actor, year, county_id, school_id)
    return w.CalendarOutcome(calendar, stale)
