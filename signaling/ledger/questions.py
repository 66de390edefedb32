"""Questions of a request to the ledger: days, branches, filters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, tzinfo
from enum import StrEnum
from typing import TypeVar

from signaling.access.actions import Action
from signaling.access.grants import branches_granted, demand_somewhere
from signaling.base.calendar import parse_day
from signaling.base.clock import Clock
from signaling.base.cursors import BadPlace, Place, read_cursor
from signaling.base.errors import Invalid, NotFound
from signaling.base.problem_codes import ProblemCode
from signaling.ledger.areas import Areas
from signaling.ledger.core.days import days_of_month
from signaling.ledger.totals import Scope
from signaling.ledger.units import UnitFilter
from signaling.ledger.wire import UnitOutcome
from signaling.web.routes import Call, Query

MAX_DAYS = 400  # of one question: a school year and a bit

MAX_WORDS = 5  # of one search

AFTER = Query("after", "the `next` of the page before")
COUNTY = Query("county", "the id of a county; the reader's own, if any, without")
SPAN = (
    Query("from", "YYYY-MM-DD; the first day of the month of `to` without"),
    Query("to", f"the last day, at most {MAX_DAYS} in all; today without"),
)
PARTS = (
    COUNTY,
    Query("node", "the id of an org node: only what lies below it; then no county is meant"),
    Query("point", "the id of a teaching point"),
    Query("class", "the id of a class, or of a room for which none is named"),
    Query("subject", "a subject"),
)

_E = TypeVar("_E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Questions:
    """Reads the parameters of requests."""

    clock: Clock
    zone: tzinfo
    areas: Areas

    def today(self) -> date:
        """Return the county's day."""
        return self.clock.now().astimezone(self.zone).date()

    def span(self, call: Call) -> tuple[date, date]:
        """Return the days that are asked for. Raises Invalid."""
        last = day(call, "to") or self.today()
        first = day(call, "from") or last.replace(day=1)
        demand_days(first, last, "to")
        return first, last

    async def scope(self, call: Call) -> Scope:
        """Return the part of the ledger that is asked for.

        Raises:
            Forbidden: the caller sees no ledger at all.
            Invalid: a day cannot be.
            NotFound: the reader sees no such node.
        """
        demand_somewhere(call.actor, Action.READ_LEDGER)
        first, last = self.span(call)
        return Scope(
            first,
            last,
            branches_granted(call.actor, Action.READ_LEDGER),
            county_id=county(call),
            school_id=call.query.get("point"),
            class_id=call.query.get("class"),
            subject=call.query.get("subject"),
            node_path=await self.areas.path(call.actor, call.query.get("node")),
        )

    async def units(self, call: Call) -> UnitFilter:
        """Return the units that are asked for. Raises Invalid, NotFound."""
        first, last = self.span(call)
        outcome = choice(call, "outcome", UnitOutcome)
        return UnitFilter(
            first,
            last,
            county_id=call.query.get("county"),
            school_id=call.query.get("point"),
            class_id=call.query.get("class"),
            subject=call.query.get("subject"),
            node_path=await self.areas.path(call.actor, call.query.get("node")),
            outcomes=None if outcome is None else (outcome,),
        )


def words(call: Call) -> tuple[str, ...]:
    """Return the words of the query `q`."""
    return tuple(call.query.get("q", "").split()[:MAX_WORDS])


def demand_days(first: date, last: date, field: str = "last") -> None:
    """Raise Invalid where days are not in order, or too many for one question."""
    if not 0 <= (last - first).days < MAX_DAYS:
        raise Invalid(f"not before the first day, and at most {MAX_DAYS} days", field=field)


def county(call: Call) -> str | None:
    """Return the id of the county that is asked for; the caller's own without any parameter."""
    asked = call.query.get("county")
    if asked is not None or "node" in call.query:
        return asked
    own = call.actor.county.rstrip("/").rpartition("/")[2]
    return own or None


def demanded_county(call: Call) -> str:
    """Return the id of the county that is asked for. Raises Invalid where none is."""
    found = county(call)
    if found is None:
        raise Invalid("expected a county", field="county")
    return found


def day(call: Call, name: str) -> date | None:
    """Return a day of the query. Raises Invalid."""
    text = call.query.get(name)
    if text is None:
        return None
    try:
        return parse_day(text)
    except ValueError as error:
        raise Invalid(str(error), field=name) from None


def asked_month(call: Call) -> tuple[date | None, date | None]:
    """Return the days of the month of the query; nothing without one. Raises Invalid."""
    text = call.query.get("month")
    if text is None:
        return None, None
    try:
        return days_of_month(text)
    except (ValueError, OverflowError):
        raise Invalid("expected YYYY-MM", field="month") from None


def month(call: Call) -> str:
    """Return the month of the path. Raises NotFound where it is none."""
    text = call.path("month")
    try:
        days_of_month(text)
    except (ValueError, OverflowError):
        raise NotFound(code=ProblemCode.MONTH_NOT_FOUND) from None
    return text


def choice(call: Call, name: str, kind: type[_E]) -> _E | None:
    """Return a choice of the query. Raises Invalid."""
    text = call.query.get(name)
    if text is None:
        return None
    try:
        return kind(text)
    except ValueError:
        raise Invalid(f"one of {', '.join(kind)}", field=name) from None


def place(call: Call) -> Place | None:
    """Return the place of a page in a list by time. Raises Invalid."""
    cursor = call.query.get("after")
    try:
        return None if cursor is None else read_cursor(cursor)
    except BadPlace:
        raise Invalid(code=ProblemCode.BAD_CURSOR, field="after") from None
