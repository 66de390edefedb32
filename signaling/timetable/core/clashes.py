"""Clashes: one table of rules, each with a name, a level and a judge."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from signaling.timetable.core.bookings import Booking, Limits
from signaling.timetable.core.codes import ClashLevel, ClashRule, UnwantedLevel, WhoKind


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody or something that is wanted twice; the server has no id."""

    kind: WhoKind
    id: str = ""


@dataclass(frozen=True, slots=True)
class Clash:
    """One broken rule.

    Attributes:
        rule: its name.
        level: its weight.
        who: who or what is wanted twice.
        lesson_id: the lesson that was checked.
        others: the lessons with which it clashes, by start; none where it breaks the rule alone.
        needed: for sums, what all of them need: kbit/s, lessons or periods.
        available: for sums, what there is.
    """

    rule: ClashRule
    level: ClashLevel
    who: Who
    lesson_id: str
    others: tuple[str, ...]
    needed: int | None = None
    available: int | None = None


@dataclass(frozen=True, slots=True)
class _Finding:
    """Finding of a judge."""

    who: Who
    others: tuple[Booking, ...]
    needed: int | None = None
    available: int | None = None


Judge = Callable[[Booking, Sequence[Booking], Limits], Iterable[_Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule about a lesson and the others.

    Attributes:
        name: its name.
        level: its weight.
        judge: yields what breaks it. It is given other lessons than the one judged.
        whole_day: whether it looks at lessons of the same day, not only at overlapping ones.
    """

    name: ClashRule
    level: ClashLevel
    judge: Judge
    whole_day: bool = False


def find_clashes(wish: Booking, others: Iterable[Booking], limits: Limits) -> list[Clash]:
    """Return what a lesson breaks, in the order of `RULES`.

    Args:
        wish: the lesson.
        others: lessons of its day and all that overlap it; itself and others do no harm.
        limits: what there is.
    """
    same_day = [other for other in others if other.lesson_id != wish.lesson_id]
    overlapping = [other for other in same_day if other.overlaps(wish)]
    return [
        Clash(
            rule.name,
            rule.level,
            found.who,
            wish.lesson_id,
            tuple(other.lesson_id for other in sorted(found.others, key=_by_start)),
            found.needed,
            found.available,
        )
        for rule in RULES
        for found in rule.judge(wish, same_day if rule.whole_day else overlapping, limits)
    ]


def _by_start(booking: Booking) -> tuple[object, str]:
    return booking.starts_at, booking.lesson_id


# --- judges --------------------------------------------------------------------------------------


def _teacher(wish: Booking, others: Sequence[Booking], _: Limits) -> Iterator[_Finding]:
    if wish.teacher_id is not None:
        yield from _taken(
            Who(WhoKind.PERSON, wish.teacher_id),
            [other for other in others if other.teacher_id == wish.teacher_id],
        )


def _lead_room(wish: Booking, others: Sequence[Booking], _: Limits) -> Iterator[_Finding]:
    if wish.lead_room_id is not None:
        yield from _room(wish.lead_room_id, others)


def _receive_room(wish: Booking, others: Sequence[Booking], _: Limits) -> Iterator[_Finding]:
    for seat in wish.seats:
        yield from _room(seat.room_id, others)


def _room(room_id: str, others: Sequence[Booking]) -> Iterator[_Finding]:
    yield from _taken(
        Who(WhoKind.ROOM, room_id), [other for other in others if room_id in other.rooms]
    )


def _class(wish: Booking, others: Sequence[Booking], _: Limits) -> Iterator[_Finding]:
    for class_id in sorted(wish.classes):
        yield from _taken(
            Who(WhoKind.CLASS, class_id), [other for other in others if class_id in other.classes]
        )


def _taken(who: Who, others: Sequence[Booking]) -> Iterator[_Finding]:
    if others:
        yield _Finding(who, tuple(others))


def _uplink(wish: Booking, others: Sequence[Booking], limits: Limits) -> Iterator[_Finding]:
    schools = {seat.school_id for seat in wish.seats} | {wish.lead_school_id or ""}
    for school_id in sorted(schools & limits.uplink_kbps.keys()):
        yield from _exceeded(
            Who(WhoKind.SCHOOL, school_id),
            limits.uplink_kbps[school_id],
            wish,
            [(one, one.uplink_kbps(school_id)) for one in (wish, *others)],
        )


def _relay(wish: Booking, others: Sequence[Booking], limits: Limits) -> Iterator[_Finding]:
    if limits.relay_kbps is not None:
        loads = [(one, one.relay_kbps) for one in (wish, *others)]
        yield from _exceeded(Who(WhoKind.SERVER), limits.relay_kbps, wish, loads)


def _host(wish: Booking, others: Sequence[Booking], limits: Limits) -> Iterator[_Finding]:
    school_id = wish.lead_school_id
    if school_id is not None and school_id in limits.max_lessons:
        loads = [(one, int(one.lead_school_id == school_id)) for one in (wish, *others)]
        yield from _exceeded(
            Who(WhoKind.SCHOOL, school_id), limits.max_lessons[school_id], wish, loads
        )


def _exceeded(
    who: Who, available: int, wish: Booking, loads: Sequence[tuple[Booking, int]]
) -> Iterator[_Finding]:
    """Yield a finding where the sum exceeds what there is, at the moment of the highest sum.

    The first load is the wish's; a lesson that adds nothing breaks nothing.
    """
    if loads[0][1] == 0:
        return
    needed, moment = 0, wish.starts_at
    for start in sorted({max(one.starts_at, wish.starts_at) for one, load in loads if load}):
        total = sum(load for one, load in loads if one.starts_at <= start < one.ends_at)
        if total > needed:
            needed, moment = total, start
    if needed > available:
        sharing = tuple(
            one for one, load in loads[1:] if load and one.starts_at <= moment < one.ends_at
        )
        yield _Finding(who, sharing, needed, available)


def _consecutive(wish: Booking, others: Sequence[Booking], limits: Limits) -> Iterator[_Finding]:
    if wish.teacher_id is None:
        return
    day = [other for other in others if other.teacher_id == wish.teacher_id and other.on == wish.on]
    row = sorted((wish, *day), key=_by_start)
    first = last = row.index(wish)
    while first > 0 and row[first].starts_at - row[first - 1].ends_at <= limits.longest_break:
        first -= 1
    while (
        last + 1 < len(row) and row[last + 1].starts_at - row[last].ends_at <= limits.longest_break
    ):
        last += 1
    in_a_row = row[first : last + 1]
    periods = sum(max(1, len(one.periods)) for one in in_a_row)
    if periods > limits.max_consecutive:
        rest = tuple(one for one in in_a_row if one is not wish)
        yield _Finding(Who(WhoKind.PERSON, wish.teacher_id), rest, periods, limits.max_consecutive)


def _unwanted(wish: Booking, _: Sequence[Booking], limits: Limits) -> Iterator[_Finding]:
    yield from _wished_away(wish, limits, UnwantedLevel.AVOID)


def _forbidden(wish: Booking, _: Sequence[Booking], limits: Limits) -> Iterator[_Finding]:
    yield from _wished_away(wish, limits, UnwantedLevel.FORBID)


def _wished_away(wish: Booking, limits: Limits, level: UnwantedLevel) -> Iterator[_Finding]:
    """Yield each subject, teacher and school that wants no lesson there, once."""
    owners = {
        owner
        for one in limits.unwanted
        if one.level is level and one.concerns(wish)
        for owner in (
            (WhoKind.SUBJECT, one.subject_id),
            (WhoKind.PERSON, one.teacher_id),
            (WhoKind.SCHOOL, one.school_id),
        )
        if owner[1] is not None
    }
    for kind, owner_id in sorted(owners, key=lambda one: (_OWNERS.index(one[0]), one[1] or "")):
        yield _Finding(Who(kind, owner_id or ""), ())


_OWNERS = (WhoKind.SUBJECT, WhoKind.PERSON, WhoKind.SCHOOL)  # in the order in which they are told


RULES: tuple[Rule, ...] = (
    Rule(ClashRule.TEACHER, ClashLevel.HARD, _teacher),
    Rule(ClashRule.LEAD_ROOM, ClashLevel.HARD, _lead_room),
    Rule(ClashRule.RECEIVE_ROOM, ClashLevel.HARD, _receive_room),
    Rule(ClashRule.CLASS, ClashLevel.HARD, _class),
    Rule(ClashRule.UPLINK, ClashLevel.HARD, _uplink),
    Rule(ClashRule.RELAY, ClashLevel.HARD, _relay),
    Rule(ClashRule.HOST, ClashLevel.HARD, _host),
    Rule(ClashRule.FORBIDDEN_PERIOD, ClashLevel.HARD, _forbidden, whole_day=True),
    Rule(ClashRule.CONSECUTIVE, ClashLevel.SOFT, _consecutive, whole_day=True),
    Rule(ClashRule.UNWANTED_PERIOD, ClashLevel.SOFT, _unwanted, whole_day=True),
)
