"""A file against the timetable: the same file again changes nothing."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from signaling.lessons.wire import ClassKind, DeliveryMode
from signaling.timetable.core.expansion import Seat
from signaling.timetable.core.weeks import Parity, WeekSet
from signaling.timetable.imports.core.comparing import Planned, compare
from signaling.timetable.imports.core.drafts import Source
from signaling.timetable.imports.core.wishes import Wanted, Wish, gathered

ALL = WeekSet.span(1, 18)
WISH = Wish(
    weekday=1,
    period=1,
    period_count=1,
    weeks=ALL,
    subject_id="music",
    subject="音乐",
    teacher_id="t1",
    grade="三年级",
    lead_school_id="center",
    lead_room_id="r1",
    lead_class_id="k1",
    seats=(Seat("e1", "east"), Seat("w1", "west")),
    class_kind=ClassKind.DEDICATED,
    delivery_mode=DeliveryMode.LEAD_WITH_PUPILS,
)


def wanted(*wishes: Wish) -> list[Wanted]:
    return [Wanted(wish, [Source("表", f"A{n}")]) for n, wish in enumerate(wishes)]


def planned(*wishes: Wish) -> list[Planned]:
    return [Planned(f"p{n}", 1, wish) for n, wish in enumerate(wishes)]


def test_what_is_new_changed_and_missing() -> None:
    other = replace(WISH, weekday=2)
    gone = replace(WISH, weekday=3)
    elsewhere = replace(WISH, lead_class_id="k9", lead_room_id="r9")
    found = compare(wanted(replace(WISH, teacher_id="t2"), other), planned(WISH, gone, elsewhere))
    assert [one.wish for one in found.added] == [other]
    ((change,), missing) = (found.changed, found.missing)
    assert (change.planned.plan_id, change.fields) == ("p0", ("teacher_id",))
    # Of classes and rooms that the file does not mention, nothing is missing.
    assert [plan.plan_id for plan in missing] == ["p1"]


def test_what_a_cell_does_not_say_is_no_change() -> None:
    full = replace(WISH, title="大鱼", textbook_volume="五下", seats=WISH.seats[::-1])
    assert len(compare(wanted(WISH), planned(full)).unchanged) == 1
    found = compare(wanted(replace(WISH, title="小鱼")), planned(full))
    assert found.changed[0].fields == ("title",)


def test_plans_of_one_slot_are_told_apart_by_their_weeks() -> None:
    odd = replace(WISH, weeks=ALL.only(Parity.ODD))
    even = replace(WISH, weeks=ALL.only(Parity.EVEN), seats=(Seat("e1", "east"),))
    again = compare(wanted(even, odd), planned(odd, even))
    assert len(again.unchanged) == 2
    moved = compare(wanted(replace(even, teacher_id="t2"), odd), planned(odd, even))
    assert [one.planned.plan_id for one in moved.changed] == ["p1"]


wishes = st.builds(
    lambda day, period, subject, place, odd, rooms: replace(
        WISH,
        weekday=day,
        period=period,
        subject_id=subject,
        lead_class_id=place,
        weeks=ALL.only(Parity.ODD) if odd else ALL.only(Parity.EVEN),
        seats=tuple(Seat(room, "s") for room in sorted(rooms)),
    ),
    st.integers(1, 3),
    st.integers(1, 2),
    st.sampled_from(("a", "b")),
    st.sampled_from(("k1", "k2", None)),
    st.booleans(),
    st.sets(st.sampled_from(("x", "y")), min_size=1),
)


@given(st.lists(wishes, max_size=12), st.randoms())
def test_the_same_file_again_changes_nothing(rows: list[Wish], order: object) -> None:
    file, _ = gathered([(wish, Source("表", f"A{n}")) for n, wish in enumerate(rows)])
    plans = planned(*(one.wish for one in file))
    order.shuffle(plans)  # type: ignore[attr-defined]
    found = compare(file, plans)
    assert (found.added, found.changed, found.missing) == ([], [], [])
    assert len(found.unchanged) == len(file)


@given(st.lists(wishes, max_size=10), st.lists(wishes, max_size=10))
def test_each_wish_and_each_plan_has_one_fate(rows: list[Wish], old: list[Wish]) -> None:
    file, _ = gathered([(wish, Source("表", f"A{n}")) for n, wish in enumerate(rows)])
    plans = planned(*old)
    found = compare(file, plans)
    assert len(found.added) + len(found.changed) + len(found.unchanged) == len(file)
    used = [one.planned.plan_id for one in found.changed]
    used += [plan.plan_id for plan, _ in found.unchanged]
    used += [plan.plan_id for plan in found.missing]
    assert len(used) == len(set(used))
