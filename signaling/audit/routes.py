"""Route: the audit log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from signaling.audit.service import AuditReader
from signaling.audit.store import AuditSearch
from signaling.audit.wire import AuditPage
from signaling.base.calendar import days, parse_day
from signaling.base.clock import Clock
from signaling.base.config import Config
from signaling.base.cursors import BadPlace, Place, read_cursor
from signaling.base.errors import Invalid
from signaling.base.problem_codes import ProblemCode
from signaling.web.routes import Call, Query, Route

DEFAULT_DAYS = 30
MAX_DAYS = 366
DEFAULT_LINES, MAX_LINES = 100, 500


@dataclass(frozen=True, slots=True)
class AuditHandlers:
    """The audit log."""

    reader: AuditReader
    clock: Clock
    config: Config

    async def page(self, call: Call) -> AuditPage:
        """A page of the lines that concern the caller's branches, newest first."""
        lines, following = await self.reader.page(call.actor, self._search(call))
        return AuditPage(tuple(lines), following)

    def _search(self, call: Call) -> AuditSearch:
        zone = self.config.zone
        last = _day(call, "to", self.clock.now().astimezone(zone).date())
        try:
            first = _day(call, "from", last - timedelta(days=DEFAULT_DAYS - 1))
            if not 0 <= (last - first).days < MAX_DAYS:
                raise Invalid(f"not before `from`, and at most {MAX_DAYS} days", field="to")
            start, end = days(first, (last - first).days + 1, zone)
        except OverflowError as error:
            raise Invalid(str(error), field="from") from None
        return AuditSearch(
            start,
            end,
            call.query.get("actor", ""),
            call.query.get("action", ""),
            call.query.get("target", ""),
            _limit(call),
            _after(call),
        )


def _day(call: Call, name: str, default: date) -> date:
    text = call.query.get(name)
    if text is None:
        return default
    try:
        return parse_day(text)
    except ValueError as error:
        raise Invalid(str(error), field=name) from None


def _limit(call: Call) -> int:
    text = call.query.get("limit", str(DEFAULT_LINES))
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MAX_LINES):
        raise Invalid(f"1…{MAX_LINES}", field="limit")
    return int(text)


def _after(call: Call) -> Place | None:
    try:
        return None if "after" not in call.query else read_cursor(call.query["after"])
    except BadPlace:
        raise Invalid(code=ProblemCode.BAD_CURSOR, field="after") from None


ROUTES = (
    Route(
        "GET",
        "/api/audit",
        AuditHandlers.page,
        "审计日志,新的在前",
        AuditPage,
        query=(
            Query("from", f"YYYY-MM-DD, in the county's time zone; {DEFAULT_DAYS} days without"),
            Query("to", f"the last day, at most {MAX_DAYS} in all; today without"),
            Query("actor", "an actor's id, or words of the name"),
            Query("action", "an action"),
            Query("target", "a target's id, or words of its name or of the detail"),
            Query("limit", f"1…{MAX_LINES}, default {DEFAULT_LINES}"),
            Query("after", "the `next` of the page before"),
        ),
    ),
)
