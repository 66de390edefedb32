"""A new lesson as it was filled in: the checks that need no database."""

from __future__ import annotations

from datetime import UTC, timedelta

import msgspec

from signaling.base.errors import Invalid
from signaling.base.problem_codes import ProblemCode
from signaling.lessons.wire import LessonCreate

MIN_LENGTH = timedelta(minutes=1)


def checked(wish: LessonCreate, longest_hours: int) -> LessonCreate:
    """Return the wish with its times in UTC. Raises Invalid, which names the field."""
    for field in ("starts_at", "ends_at"):
        if getattr(wish, field).tzinfo is None:
            raise Invalid("the time has no time zone", field=field)
    try:
        starts_at, ends_at = wish.starts_at.astimezone(UTC), wish.ends_at.astimezone(UTC)
    except OverflowError:
        raise Invalid(code=ProblemCode.TIME_OUT_OF_RANGE, field="starts_at") from None
    if not MIN_LENGTH <= ends_at - starts_at <= timedelta(hours=longest_hours):
        raise Invalid(code=ProblemCode.BAD_LENGTH, field="ends_at", facts={"hours": longest_hours})
    if len(set(wish.receive_room_ids)) < len(wish.receive_room_ids):
        raise Invalid(code=ProblemCode.ROOM_TWICE, field="receive_room_ids")
    if wish.lead_room_id is not None and wish.lead_room_id in wish.receive_room_ids:
        raise Invalid(code=ProblemCode.LEAD_ROOM_INVITED, field="lead_room_id")
    return msgspec.structs.replace(wish, starts_at=starts_at, ends_at=ends_at)
