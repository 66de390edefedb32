"""Coverage and use, as their readers see them."""

from __future__ import annotations

from datetime import date, timedelta, tzinfo

from signaling.access.actions import Action
from signaling.access.grants import allows, branches_granted, demand_somewhere
from signaling.access.roles import Actor
from signaling.base.clock import Clock
from signaling.base.database import Database
from signaling.base.errors import Invalid, NotFound
from signaling.library.figures import store
from signaling.library.figures import wire as w
from signaling.library.nominations.rules import school_year

MAX_SCHOOLS = 1000  # of one page; the workbook has all
MAX_LINES = 500
MAX_DAYS = 400  # of one question: a school year and some more
YEARS = range(2000, 2101)  # in which days may lie that are asked for
_YEARS = 5  # that a page offers


class Figures:
    """Reads sums in the branches of whoever asks."""

    def __init__(self, database: Database, clock: Clock, zone: tzinfo) -> None:
        """Make it; days and school years are those of the county's time zone."""
        self._database = database
        self._clock = clock
        self._zone = zone

    def today(self) -> date:
        """Return the county's day."""
        return self._clock.now().astimezone(self._zone).date()

    async def coverage(self, actor: Actor, year: int | None) -> w.Coverage:
        """Show the coverage of a school year, of this one without. Raises Forbidden."""
        demand_somewhere(actor, Action.READ_RESOURCE_FIGURES)
        paths = branches_granted(actor, Action.READ_RESOURCE_FIGURES)
        present = school_year(self.today())
        year = present if year is None else year
        schools: list[w.SchoolCoverage] = []
        if paths:
            async with self._database.read() as session:
                schools = await store.coverage(
                    session, paths, year, self._clock.now(), MAX_SCHOOLS + 1
                )
        shown = schools[:MAX_SCHOOLS]
        return w.Coverage(
            school_year=year,
            years=tuple(present - back for back in range(_YEARS)),
            schools=tuple(shown),
            teachers=sum(one.teachers for one in shown),
            nominated=sum(one.nominated for one in shown),
            lessons=sum(one.lessons for one in shown),
            more=len(schools) > MAX_SCHOOLS,
        )

    async def teachers(self, actor: Actor, school_id: str, year: int | None) -> w.SchoolTeachers:
        """Show the teachers of a school. Raises NotFound."""
        year = school_year(self.today()) if year is None else year
        async with self._database.read() as session:
            found = await store.school(session, school_id)
            if found is None or not allows(
                actor, Action.READ_RESOURCE_FIGURES, branches=(found[1],)
            ):
                raise NotFound()
            teachers = await store.teachers(session, school_id, year, self._clock.now())
        return w.SchoolTeachers(school_id, found[0], year, tuple(teachers))

    async def use(
        self,
        actor: Actor,
        span: tuple[date | None, date | None],
        by: w.UseGrouping,
        *,
        school_id: str | None = None,
        teacher_id: str | None = None,
    ) -> w.UseTable:
        """Show use between two days, the last 30 without. Raises Forbidden, Invalid."""
        demand_somewhere(actor, Action.READ_RESOURCE_FIGURES)
        paths = branches_granted(actor, Action.READ_RESOURCE_FIGURES)
        first, last = self.span(*span)
        lines: list[w.UseLine] = []
        sums = [0, 0, 0]
        if paths:
            async with self._database.read() as session:
                lines = await store.use(
                    *(session, paths, first, last, by),
                    limit=MAX_LINES + 1,
                    school_id=school_id,
                    teacher_id=teacher_id,
                )
                sums = list(await store.use_sums(session, paths, first, last))
        plays, seconds, downloads = sums
        return w.UseTable(
            *(first, last, tuple(lines[:MAX_LINES]), plays, seconds // 60, downloads),
            more=len(lines) > MAX_LINES,
        )

    def span(self, first: date | None, last: date | None) -> tuple[date, date]:
        """Return the days of a question. Raises Invalid."""
        for name, day in (("first", first), ("last", last)):
            if day is not None and day.year not in YEARS:
                raise Invalid(f"a day of the years {YEARS.start}…{YEARS.stop - 1}", field=name)
        last = last or self.today()
        first = first or last - timedelta(days=29)
        if first > last or (last - first).days > MAX_DAYS:
            raise Invalid(f"1…{MAX_DAYS} days", field="first")
        return first, last
