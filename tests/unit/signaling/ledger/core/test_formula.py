"""What one unit counts, case by case."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.ledger.core.formula import (
    FormulaSettings,
    UnitFacts,
    judge,
    measures_of,
    seconds_of,
)
from signaling.ledger.core.measures import Measures, combined, figures
from signaling.ledger.wire import MissedCause, UnitOrigin, UnitOutcome
from signaling.lessons.reasons import MissedReason
from signaling.lessons.wire import LessonState

START = datetime(2026, 9, 21, 1, 0, tzinfo=UTC)
END = START + timedelta(minutes=40)
LATER = END + timedelta(hours=1)
SETTINGS = FormulaSettings()


def minutes(count: float) -> datetime:
    return START + timedelta(minutes=count)


def facts(state: LessonState = LessonState.ENDED, **more: object) -> UnitFacts:
    held = {"held_from": START, "held_to": END} if state is LessonState.ENDED else {}
    return UnitFacts(state, START, END, **{**held, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("unit", "now", "outcome"),
    [
        (facts(LessonState.SCHEDULED), START, UnitOutcome.UPCOMING),
        (facts(LessonState.SCHEDULED), END, UnitOutcome.UPCOMING),
        (facts(LessonState.SCHEDULED), LATER, UnitOutcome.MISSED),
        (facts(LessonState.LIVE, held_from=START), LATER, UnitOutcome.LIVE),
        (facts(LessonState.CANCELLED), START, UnitOutcome.MISSED),
        (facts(LessonState.CANCELLED, withdrawn=True), LATER, UnitOutcome.WITHDRAWN),
        (facts(presence=((START, minutes(1)),)), LATER, UnitOutcome.HELD),
        (facts(), LATER, UnitOutcome.MISSED),
    ],
)
def test_what_became_of_a_unit(unit: UnitFacts, now: datetime, outcome: UnitOutcome) -> None:
    assert judge(unit, SETTINGS, now).outcome is outcome


def test_three_rooms_of_which_one_is_offline_are_two_held_and_one_missed() -> None:
    rooms = [facts(presence=((START, END),)), facts(presence=((START, END),)), facts()]
    total = combined(
        measures_of(judge(room, SETTINGS, LATER), room.origin, None, by_plan=True) for room in rooms
    )
    assert (total.planned, total.held, total.awaiting) == (3, 2, 1)
    assert figures(total).delivery_rate == pytest.approx(2 / 3)


@pytest.mark.parametrize(("present", "valid"), [(29.5, False), (30, True)])
def test_a_unit_is_valid_from_the_configured_minutes_on(present: float, valid: bool) -> None:
    unit = facts(presence=((START, minutes(present)),), seen_s=99999.0)
    judged = judge(unit, SETTINGS, LATER)
    assert judged.valid is valid
    assert (judged.present_s, judged.seen_s) == (present * 60, present * 60)
    assert judge(unit, FormulaSettings(valid_minutes=20), LATER).valid


def test_only_the_time_in_which_the_lesson_was_held_counts_and_none_twice() -> None:
    stretches = (
        (minutes(-5), minutes(10)),
        (minutes(8), minutes(20)),
        (minutes(30), minutes(50)),
    )
    assert seconds_of(stretches, START, END) == (20 + 10) * 60
    assert seconds_of(stretches, START, None) == 0


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        (None, MissedCause.AWAITING),
        (MissedReason.LEAD_ABSENT, MissedCause.UNEXCUSED),
        *(
            (one, MissedCause.EXCUSED)
            for one in MissedReason
            if one is not MissedReason.LEAD_ABSENT
        ),
    ],
)
def test_a_missed_unit_has_a_cause(reason: MissedReason | None, cause: MissedCause) -> None:
    assert judge(facts(reason=reason), SETTINGS, LATER).cause is cause


def test_a_made_up_lesson_is_held_and_not_planned_and_a_holiday_lesson_counts_apart() -> None:
    held = judge(facts(presence=((START, END),)), SETTINGS, LATER)
    assert measures_of(held, UnitOrigin.MAKE_UP, None, by_plan=True) == Measures(
        held=1, valid=1, present_s=2400
    )
    assert measures_of(held, UnitOrigin.HOLIDAY, 12, by_plan=True) == Measures(extra=1)


def test_pupils_are_counted_where_the_lesson_was_held() -> None:
    held = judge(facts(presence=((START, END),)), SETTINGS, LATER)
    counted = measures_of(held, UnitOrigin.PERIODIC, 12, by_plan=False)
    assert (counted.counted, counted.pupils, counted.free_due) == (1, 12, 0)
    missed = measures_of(judge(facts(), SETTINGS, LATER), UnitOrigin.PERIODIC, 12, by_plan=False)
    assert (missed.counted, missed.pupils) == (0, 0)


_moments = st.floats(-10, 60).map(minutes)


@given(st.lists(st.tuples(_moments, _moments), max_size=8))
def test_presence_is_counted_as_second_by_second(pairs: list[tuple[datetime, datetime]]) -> None:
    stretches = [(min(pair), max(pair)) for pair in pairs]
    step = timedelta(seconds=15)
    by_hand = sum(
        15
        for number in range(160)
        if any(start <= START + number * step + step / 2 < end for start, end in stretches)
    )
    edges = 2 * len(stretches) + 1
    assert abs(seconds_of(stretches, START, END) - by_hand) <= 15 * edges


@given(
    st.builds(
        UnitFacts,
        state=st.sampled_from(LessonState),
        starts_at=st.just(START),
        ends_at=st.just(END),
        held_from=st.just(START),
        held_to=st.just(END),
        origin=st.sampled_from(UnitOrigin),
        withdrawn=st.booleans(),
        presence=st.lists(st.tuples(st.just(START), _moments), max_size=2).map(tuple),
        seen_s=st.floats(0, 9999),
        headcount=st.none() | st.integers(0, 60),
        reason=st.none() | st.sampled_from(MissedReason),
    ),
    st.sampled_from([START, LATER]),
    st.booleans(),
)
def test_what_was_due_was_held_or_missed_for_one_cause(
    unit: UnitFacts, now: datetime, by_plan: bool
) -> None:
    judged = judge(unit, SETTINGS, now)
    counted = measures_of(judged, unit.origin, unit.headcount, by_plan=by_plan)
    if unit.origin in {UnitOrigin.PERIODIC, UnitOrigin.SINGLE}:
        missed = counted.excused + counted.unexcused + counted.awaiting
        assert counted.due == counted.held + missed
        assert counted.free_due == (counted.due if by_plan else 0)
    assert counted.seen_s <= counted.present_s
    assert counted.valid <= counted.held
