"""Clash rules: each alone, and all of them as a brute-force count over every minute finds them."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signaling.timetable.core.bookings import Agenda, Booking, Limits, Unwanted
from signaling.timetable.core.clashes import (
    RULES,
    Clash,
    Who,
    find_clashes,
)
from signaling.timetable.core.codes import ClashLevel, ClashRule, UnwantedLevel, WhoKind
from signaling.timetable.core.expansion import PlanShape, Seat, Surroundings, Weekly, expand
from signaling.timetable.core.slots import Bell
from signaling.timetable.core.weeks import parse_weeks
from tests.unit.signaling.timetable.core.test_expansion import AUTUMN, LONG_AGO, around

DAY = date(2026, 9, 15)
EIGHT = datetime(2026, 9, 15, 0, tzinfo=UTC)
MINUTES = 12  # length of the random day


def booking(name: str, start: int, end: int, **more: object) -> Booking:
    starts_at, ends_at = EIGHT + timedelta(minutes=start), EIGHT + timedelta(minutes=end)
    return Booking(name, DAY, starts_at, ends_at, **more)  # type: ignore[arg-type]


def lesson(name: str, start: int = 0, end: int = 40, **more: object) -> Booking:
    """A lesson that shares nothing with others, but for what is given."""
    own = {
        "teacher_id": f"{name}-teacher",
        "lead_room_id": f"{name}-lead",
        "lead_school_id": f"{name}-centre",
        "seats": (Seat(f"{name}-room", f"{name}-point", f"{name}-class"),),
    }
    return booking(name, start, end, **own | more)


TAKEN = Limits(
    uplink_kbps={"s": 4_000},
    max_lessons={"s": 1},
    relay_kbps=9_000,
    unwanted=frozenset({Unwanted(1, subject_id="pe"), Unwanted(2, 2, teacher_id="wang")}),
)


@pytest.mark.parametrize(
    ("shared", "other", "rule", "who", "needed"),
    [
        ({"teacher_id": "t"}, {}, ClashRule.TEACHER, Who(WhoKind.PERSON, "t"), None),
        ({"lead_room_id": "r"}, {}, ClashRule.LEAD_ROOM, Who(WhoKind.ROOM, "r"), None),
        (
            {"lead_room_id": "r"},
            {"lead_room_id": None, "seats": (Seat("r", "x"),)},
            ClashRule.LEAD_ROOM,
            Who(WhoKind.ROOM, "r"),
            None,
        ),
        (
            {"seats": (Seat("r", "x"),)},
            {"lead_room_id": "r", "seats": ()},
            ClashRule.RECEIVE_ROOM,
            Who(WhoKind.ROOM, "r"),
            None,
        ),
        (
            {"seats": (Seat("r", "x", "c"),)},
            {"seats": (Seat("r2", "x", "c"),)},
            ClashRule.CLASS,
            Who(WhoKind.CLASS, "c"),
            None,
        ),
        (
            {"lead_class_id": "c"},
            {"lead_class_id": None, "seats": (Seat("r2", "x", "c"),)},
            ClashRule.CLASS,
            Who(WhoKind.CLASS, "c"),
            None,
        ),
        (
            {"seats": (Seat("r", "s"), Seat("q", "s"))},
            {"lead_school_id": "s", "seats": ()},
            ClashRule.UPLINK,
            Who(WhoKind.SCHOOL, "s"),
            4_800,
        ),
        (
            {"seats": (Seat("r", "x"), Seat("q", "x"))},
            {"seats": (Seat("p", "x"),)},
            ClashRule.RELAY,
            Who(WhoKind.SERVER),
            10_800,
        ),
        (
            {"lead_school_id": "s", "seats": ()},
            {},
            ClashRule.HOST,
            Who(WhoKind.SCHOOL, "s"),
            2,
        ),
    ],
)
def test_each_hard_rule_alone(
    shared: dict[str, object],
    other: dict[str, object],
    rule: ClashRule,
    who: Who,
    needed: int | None,
) -> None:
    limits = Limits(
        uplink_kbps=TAKEN.uplink_kbps if rule is ClashRule.UPLINK else {},
        max_lessons=TAKEN.max_lessons,
        relay_kbps=TAKEN.relay_kbps,
    )
    wish, taken = lesson("a", **shared), lesson("b", 39, 80, **shared | other)
    found = find_clashes(wish, [wish, taken], limits)
    assert [(c.rule, c.level, c.who, c.lesson_id, c.others, c.needed) for c in found] == [
        (rule, ClashLevel.HARD, who, "a", ("b",), needed)
    ]
    touching = lesson("b", 40, 80, **shared | other)
    assert find_clashes(wish, [touching], limits) == []


def test_a_lesson_that_alone_needs_more_than_there_is_clashes_with_nobody() -> None:
    wish = lesson("a", seats=tuple(Seat(f"r{n}", "s") for n in range(4)))
    found = find_clashes(wish, [], Limits(uplink_kbps={"s": 4_000}))
    assert [(c.rule, c.others, c.needed, c.available) for c in found] == [
        (ClashRule.UPLINK, (), 4_800, 4_000)
    ]


def test_a_pushed_resource_takes_rooms_and_classes_and_no_bandwidth() -> None:
    nobody = {"teacher_id": None, "lead_school_id": None, "lead_room_id": None}
    seat = Seat("r", "s", "c")
    wish, other = (lesson(name, **nobody, seats=(seat,)) for name in "ab")
    found = find_clashes(wish, [other], Limits({"s": 0}, {"s": 0}, 0))
    assert [c.rule for c in found] == [ClashRule.RECEIVE_ROOM, ClashRule.CLASS]


@pytest.mark.parametrize(
    ("starts", "periods", "found"),
    [
        ((50, 100), (1, 1), []),
        ((50, 100, 150), (1, 1, 1), ["l50", "l100", "l150"]),
        ((50, 100), (1, 2), ["l50", "l100"]),
        ((61, 121, 181), (1, 1, 1), []),  # breaks of 21 minutes
        ((-50, 50, 100), (1, 1, 1), ["l-50", "l50", "l100"]),
    ],
)
def test_many_periods_in_a_row_are_told(
    starts: tuple[int, ...], periods: tuple[int, ...], found: list[str]
) -> None:
    wish = booking("wish", 0, 40, teacher_id="wang", periods=(1,))
    others = [
        booking(f"l{start}", start, start + 40, teacher_id="wang", periods=tuple(range(count)))
        for start, count in zip(starts, periods, strict=True)
    ]
    clashes = find_clashes(wish, [*others, lesson("x", 40, 80)], Limits())
    assert [c.others for c in clashes] == ([tuple(found)] if found else [])
    assert all((c.rule, c.level) == (ClashRule.CONSECUTIVE, ClashLevel.SOFT) for c in clashes)


@pytest.mark.parametrize(
    ("subject", "teacher", "periods", "who"),
    [
        ("pe", "li", (1,), [Who(WhoKind.SUBJECT, "pe")]),
        ("pe", "li", (2, 3), []),
        ("maths", "wang", (1, 2), [Who(WhoKind.PERSON, "wang")]),  # a Tuesday
        ("pe", "wang", (1, 2), [Who(WhoKind.SUBJECT, "pe"), Who(WhoKind.PERSON, "wang")]),
        (None, None, (1, 2), []),
    ],
)
def test_wishes_about_periods_are_told(
    subject: str | None, teacher: str | None, periods: tuple[int, ...], who: list[Who]
) -> None:
    wish = booking("a", 0, 40, subject_id=subject, teacher_id=teacher, periods=periods)
    found = find_clashes(wish, [], TAKEN)
    assert [c.who for c in found] == who
    assert {(c.rule, c.level, c.others) for c in found} <= {
        (ClashRule.UNWANTED_PERIOD, ClashLevel.SOFT, ())
    }


@pytest.mark.parametrize(
    ("owner", "level", "expected"),
    [
        ({"school_id": "a-centre"}, UnwantedLevel.AVOID, (ClashRule.UNWANTED_PERIOD, "a-centre")),
        ({"school_id": "a-point"}, UnwantedLevel.FORBID, (ClashRule.FORBIDDEN_PERIOD, "a-point")),
        (
            {"teacher_id": "a-teacher"},
            UnwantedLevel.FORBID,
            (ClashRule.FORBIDDEN_PERIOD, "a-teacher"),
        ),
        ({"school_id": "b-point"}, UnwantedLevel.FORBID, None),
    ],
)
def test_a_forbidden_period_is_hard_for_whoever_forbids_it(
    owner: dict[str, str], level: UnwantedLevel, expected: tuple[ClashRule, str] | None
) -> None:
    wish = lesson("a", periods=(2,))
    limits = Limits(unwanted=frozenset({Unwanted(2, 2, level=level, **owner)}))
    found = find_clashes(wish, [], limits)
    assert [(c.rule, c.who.id) for c in found] == ([] if expected is None else [expected])
    hard = level is UnwantedLevel.FORBID
    assert {c.level for c in found} <= {ClashLevel.HARD if hard else ClashLevel.SOFT}


def test_every_rule_stands_in_the_table_once() -> None:
    assert [rule.name for rule in RULES] == list(ClashRule)


# --- weeks ---------------------------------------------------------------------------------------


def _lessons(name: str, weeks: str, surroundings: Surroundings) -> list[Booking]:
    shape = PlanShape(Weekly(3, parse_weeks(weeks, AUTUMN.weeks)), Bell(2), "town", ())
    return [
        Booking(f"{name}-{one.source}", one.slot.on, one.slot.starts_at, one.slot.ends_at, "wang")
        for one in expand(shape, surroundings, LONG_AGO).occurrences
    ]


def _clashes(wishes: Iterable[Booking], agenda: Agenda) -> list[Clash]:
    return [c for wish in wishes for c in find_clashes(wish, agenda.near(wish), Limits())]


def test_odd_and_even_weeks_share_a_slot_and_moved_by_a_week_they_clash() -> None:
    odd, even = _lessons("odd", "单周", around()), _lessons("even", "双周", around())
    agenda = Agenda([*odd, *even])
    assert len(odd) == len(even) == 10
    assert _clashes([*odd, *even], agenda) == []
    moved = _lessons("even", "3周", around())[0]
    (clash,) = _clashes([moved], agenda)
    assert (clash.rule, clash.who) == (ClashRule.TEACHER, Who(WhoKind.PERSON, "wang"))
    assert (clash.lesson_id, clash.others) == ("even-2026-09-16", ("odd-2026-09-16",))


# --- brute force ---------------------------------------------------------------------------------

ROOMS = ("r1", "r2", "r3")
SCHOOLS = ("s1", "s2")
SCHOOL_OF = {"r1": "s1", "r2": "s1", "r3": "s2"}
ids = st.sampled_from


@st.composite
def bookings(draw: st.DrawFn, name: str) -> Booking:
    start = draw(st.integers(0, MINUTES - 1))
    rooms = draw(st.lists(ids(ROOMS), max_size=3, unique=True))
    seats = tuple(Seat(r, SCHOOL_OF[r], draw(ids((None, "c1", "c2")))) for r in rooms)
    return booking(
        name,
        start,
        draw(st.integers(start + 1, MINUTES)),
        teacher_id=draw(ids((None, "t1", "t2"))),
        lead_room_id=draw(ids((None, *ROOMS))),
        lead_school_id=draw(ids((None, *SCHOOLS))),
        lead_class_id=draw(ids((None, "c1", "c2"))),
        seats=seats,
    )


days = st.integers(1, 7).flatmap(lambda n: st.tuples(*(bookings(f"l{k}") for k in range(n))))
limits_ = st.builds(
    Limits,
    st.dictionaries(ids(SCHOOLS), st.integers(0, 12_000)),
    st.dictionaries(ids(SCHOOLS), st.integers(0, 3)),
    st.none() | st.integers(0, 30_000),
)


def _brute_force(
    wish: Booking, others: list[Booking], limits: Limits
) -> set[tuple[ClashRule, str, frozenset[str] | None, int | None]]:
    """Walk through the minutes: pairs by what is wanted twice, sums by their highest value."""
    pairs: dict[tuple[ClashRule, str], set[str]] = {}
    sums: dict[tuple[ClashRule, str], int] = {}
    for minute in range(MINUTES):
        moment = EIGHT + timedelta(minutes=minute)
        if not wish.starts_at <= moment < wish.ends_at:
            continue
        now = [one for one in others if one.starts_at <= moment < one.ends_at]
        for other in now:
            taken = {s.room_id for s in other.seats} | {other.lead_room_id}
            attend = {s.class_id for s in other.seats} | {other.lead_class_id}
            wanted = [
                (ClashRule.TEACHER, wish.teacher_id, {other.teacher_id}),
                (ClashRule.LEAD_ROOM, wish.lead_room_id, taken),
                (ClashRule.CLASS, wish.lead_class_id, attend),
                *((ClashRule.RECEIVE_ROOM, s.room_id, taken) for s in wish.seats),
                *((ClashRule.CLASS, s.class_id, attend) for s in wish.seats),
            ]
            for rule, what, by in wanted:
                if what is not None and what in by:
                    pairs.setdefault((rule, what), set()).add(other.lesson_id)
        for rule, what, limit, load in _loads(wish, limits):
            total = sum(load(one) for one in (wish, *now))
            if load(wish) and total > limit:
                sums[rule, what] = max(total, sums.get((rule, what), 0))
    found: set[tuple[ClashRule, str, frozenset[str] | None, int | None]] = set()
    found |= {(rule, what, frozenset(by), None) for (rule, what), by in pairs.items()}
    return found | {(rule, what, None, total) for (rule, what), total in sums.items()}


def _loads(wish: Booking, limits: Limits):  # type: ignore[no-untyped-def]
    for school, limit in limits.uplink_kbps.items():
        yield (
            ClashRule.UPLINK,
            school,
            limit,
            lambda b, s=school: (
                0
                if b.lead_school_id is None
                else 1_200 * (sum(x.school_id == s for x in b.seats) + 2 * (b.lead_school_id == s))
            ),
        )
    if limits.relay_kbps is not None:
        yield (
            ClashRule.RELAY,
            "",
            limits.relay_kbps,
            lambda b: 3_600 * len(b.seats) if b.lead_school_id else 0,
        )
    host = wish.lead_school_id
    if host in limits.max_lessons:
        yield ClashRule.HOST, host, limits.max_lessons[host], lambda b: b.lead_school_id == host


@settings(deadline=None)
@given(days, limits_)
def test_the_check_finds_what_a_count_over_every_minute_finds(
    day: tuple[Booking, ...], limits: Limits
) -> None:
    wish, *others = day
    found = [
        c for c in find_clashes(wish, Agenda(day).near(wish), limits) if c.level is ClashLevel.HARD
    ]
    assert {
        (c.rule, c.who.id, None if c.needed else frozenset(c.others), c.needed) for c in found
    } == _brute_force(wish, others, limits)
    assert len({(c.rule, c.who) for c in found}) == len(found)


@settings(deadline=None)
@given(days, limits_)
def test_sums_name_the_lessons_that_make_them(day: tuple[Booking, ...], limits: Limits) -> None:
    wish = day[0]
    by_id = {one.lesson_id: one for one in day}
    for clash in find_clashes(wish, day, limits):
        if clash.rule is ClashRule.UPLINK:
            members = [wish, *(by_id[other] for other in clash.others)]
            assert clash.needed == sum(one.uplink_kbps(clash.who.id) for one in members)


@settings(deadline=None)
@given(days)
def test_pairs_are_found_from_both_sides(day: tuple[Booking, ...]) -> None:
    pairs = set()
    for wish in day:
        for clash in find_clashes(wish, day, Limits()):
            whose = "room" if "room" in clash.rule else clash.rule
            pairs |= {(whose, clash.who, wish.lesson_id, other) for other in clash.others}
    assert pairs == {(rule, who, other, wish) for rule, who, wish, other in pairs}
