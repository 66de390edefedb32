"""The parameters of lists in the library."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from signaling.base.cursors import BadPlace, Place, read_cursor
from signaling.base.errors import Invalid, Malformed
from signaling.base.problem_codes import ProblemCode
from signaling.web.routes import Call, Query

_E = TypeVar("_E", bound=StrEnum)
DEFAULT_PAGE = 20
MAX_PAGE = 100
LIMIT = Query("limit", f"1…{MAX_PAGE}, default {DEFAULT_PAGE}")
BEFORE = Query("before", "the cursor `next` of the page before")


def limit_of(call: Call, default: int = DEFAULT_PAGE, most: int = MAX_PAGE) -> int:
    """Return how many entries a page has. Raises Invalid."""
    try:
        limit = int(call.query.get("limit", default))
    except ValueError:
        raise Invalid("expected a whole number", field="limit") from None
    if not 1 <= limit <= most:
        raise Invalid(f"1…{most}", field="limit")
    return limit


def place_of(call: Call) -> Place | None:
    """Return the place at which a page begins; None begins the list. Raises Malformed."""
    before = call.query.get("before")
    if not before:
        return None
    try:
        return read_cursor(before)
    except BadPlace:
        raise Malformed(code=ProblemCode.BAD_CURSOR, field="before") from None


def choice_of(call: Call, name: str, kind: type[_E]) -> _E | None:
    """Return the value of a parameter that names one of some; None without it. Raises Invalid."""
    value = call.query.get(name)
    if not value:
        return None
    try:
        return kind(value)
    except ValueError:
        raise Invalid(f"one of {', '.join(kind)}", field=name) from None
