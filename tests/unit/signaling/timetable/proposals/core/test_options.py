"""Options of a weekly lesson, and the rules that forbid them."""

import pytest
from msgspec.structs import replace

from signaling.timetable.proposals.core.named_rules import NamedRule, RuleKind
from signaling.timetable.proposals.core.options import Options
from signaling.timetable.proposals.core.problem import (
    Need,
    Position,
    Problem,
    ProblemTooLarge,
    Resource,
    ResourceKind,
    Taken,
    TakenBy,
    WeekSlot,
    Wish,
)

ODD, EVEN = 0b1010, 0b10100
WEEK = tuple(WeekSlot(day, period) for day in (1, 2) for period in (1, 2, 3, 4))
NEED = Need(need_id="music", lengths=(1,), week_choices=(ODD,), teacher_ids=("wang",))


def problem(need: Need = NEED, *taken: Taken) -> Problem:
    return Problem(slots=WEEK, breaks=(2,), needs=(need,), taken=taken)


def test_a_double_lesson_goes_over_no_break_and_no_end_of_day() -> None:
    options = Options.of(problem(replace(NEED, lengths=(2,))))
    assert [option.slots for option in options.all] == [
        (WeekSlot(day, first), WeekSlot(day, first + 1)) for day in (1, 2) for first in (1, 3)
    ]


def test_a_slot_is_forbidden_only_in_the_weeks_in_which_somebody_is_taken() -> None:
    wang = Resource(ResourceKind.TEACHER, "wang")
    taken = (
        Taken(wang, WeekSlot(1, 1), EVEN, TakenBy.LESSON),
        Taken(wang, WeekSlot(1, 2), ODD, TakenBy.LESSON),
        Taken(wang, WeekSlot(1, 3), ODD, TakenBy.ABSENCE),
    )
    found = {
        option.slots[0]: option.forbidden_by for option in Options.of(problem(NEED, *taken)).all
    }
    assert found[WeekSlot(1, 1)] == frozenset()
    assert found[WeekSlot(1, 2)] == {NamedRule(RuleKind.TEACHER_TAKEN, "wang")}
    assert found[WeekSlot(1, 3)] == {NamedRule(RuleKind.TEACHER_ABSENT, "wang")}


def test_slots_outside_of_the_allowed_ones_name_the_need() -> None:
    options = Options.of(problem(replace(NEED, slots=(WeekSlot(1, 1), WeekSlot(1, 2)))))
    forbidden = {one.slots[0] for one in options.all if one.forbidden_by}
    assert forbidden == set(WEEK) - {WeekSlot(1, 1), WeekSlot(1, 2)}
    assert {rule for one in options.all for rule in one.forbidden_by} == {
        NamedRule(RuleKind.ALLOWED_SLOTS, "music")
    }


def test_another_time_is_more_of_a_move_than_another_teacher() -> None:
    present = Position(WeekSlot(1, 1), ODD, "wang", None)
    need = replace(NEED, teacher_ids=("wang", "li"), present=(present,))
    moves = {one.position: one.moves for one in Options.of(problem(need)).all}
    assert moves[present] == 0
    assert (
        0
        < moves[replace(present, teacher_id="li")]
        < moves[replace(present, slot=WeekSlot(1, 2))]
        < moves[replace(present, teacher_id="li", slot=WeekSlot(1, 2))]
    )


def test_a_wish_costs_for_each_slot_that_it_names() -> None:
    late = Wish((WeekSlot(1, 4), WeekSlot(2, 4)), 5)
    need = replace(NEED, lengths=(2,), wishes=(late,))
    costs = {one.slots[0]: one.cost for one in Options.of(problem(need)).all}
    assert costs == {slot: 5 if slot.period == 3 else 0 for slot in costs}


def test_a_problem_that_is_too_large_is_refused() -> None:
    many = replace(NEED, lengths=(1,) * 2_001)
    with pytest.raises(ProblemTooLarge):
        Options.of(problem(many))
