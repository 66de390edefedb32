"""The check of a proposal finds each rule that a proposal breaks, and names it."""

from msgspec.structs import replace

from signaling.timetable.proposals.core.checking import HardClash, clashes
from signaling.timetable.proposals.core.named_rules import NamedRule, RuleKind
from signaling.timetable.proposals.core.problem import (
    BaseLoad,
    Capacity,
    CapacityKind,
    Load,
    Need,
    Position,
    Problem,
    Resource,
    ResourceKind,
    Taken,
    TakenBy,
    WeekSlot,
)
from signaling.timetable.proposals.core.proposal import Placed, Proposal

ALL, ODD, EVEN = 0b111110, 0b101010, 0b010100
SLOTS = tuple(WeekSlot(1, period) for period in range(1, 5))
A = Need(need_id="a", lengths=(1,), week_choices=(ALL,), teacher_ids=("wang",))
B = replace(A, need_id="b", teacher_ids=("li",))
PROBLEM = Problem(slots=SLOTS, needs=(A, B), breaks=(2,))


def proposal(*placed: tuple[str, int, int, str]) -> Proposal:
    """Lessons by need, period, weeks and teacher."""
    return Proposal(
        placed=tuple(
            Placed(need_id, 0, Position(WeekSlot(1, period), weeks, teacher, None), moved=False)
            for need_id, period, weeks, teacher in placed
        ),
        unplaced=(),
        conflicts=(),
        optimal=True,
        moves=0,
        cost=0,
    )


def broken(problem: Problem, *placed: tuple[str, int, int, str]) -> set[tuple[RuleKind, str]]:
    found = clashes(problem, proposal(*placed))
    return {(one.rule.kind, one.rule.subject_id) for one in found}


def test_one_teacher_is_in_one_lesson_at_a_time() -> None:
    both = (("a", 1, ALL, "wang"), ("b", 1, ALL, "wang"))
    found = clashes(PROBLEM, proposal(*both))
    assert found == (HardClash(NamedRule(RuleKind.TEACHER_ONCE, "wang"), ("a", "b")),)


def test_lessons_of_different_weeks_or_slots_or_people_do_not_meet() -> None:
    assert not broken(PROBLEM, ("a", 1, ODD, "wang"), ("b", 1, EVEN, "wang"))
    assert not broken(PROBLEM, ("a", 1, ALL, "wang"), ("b", 2, ALL, "wang"))
    assert not broken(PROBLEM, ("a", 1, ALL, "wang"), ("b", 1, ALL, "li"))


def test_a_pushed_resource_takes_no_teachers_time() -> None:
    pushed = replace(PROBLEM, needs=(A, replace(B, live=False)))
    assert not broken(pushed, ("a", 1, ALL, "wang"), ("b", 1, ALL, "wang"))


def test_rooms_and_classes_meet_too() -> None:
    shared = {"receive_room_ids": ("room",), "class_ids": ("class",)}
    needs = (replace(A, **shared), replace(B, **shared))
    problem = replace(PROBLEM, needs=needs)
    assert broken(problem, ("a", 1, ALL, "wang"), ("b", 1, ODD, "li")) == {
        (RuleKind.ROOM_ONCE, "room"),
        (RuleKind.CLASS_ONCE, "class"),
    }


def test_lessons_that_stay_are_not_planned_over() -> None:
    wang = Resource(ResourceKind.TEACHER, "wang")
    problem = replace(PROBLEM, taken=(Taken(wang, SLOTS[0], ODD, TakenBy.LESSON),))
    assert broken(problem, ("a", 1, ALL, "wang")) == {(RuleKind.TEACHER_TAKEN, "wang")}
    assert not broken(problem, ("a", 1, EVEN, "wang"))


def test_loads_add_up_with_those_of_lessons_that_stay() -> None:
    loads = (Load("up", 4),)
    problem = replace(
        PROBLEM,
        needs=(replace(A, loads=loads), replace(B, loads=loads)),
        capacities=(Capacity("up", CapacityKind.UPLINK, "centre", 8),),
        base_loads=(BaseLoad("up", SLOTS[0], ODD, 1),),
    )
    both = (("a", 1, ALL, "wang"), ("b", 1, ALL, "li"))
    assert broken(problem, *both) == {(RuleKind.UPLINK, "centre")}
    assert not broken(replace(problem, base_loads=()), *both)


def test_a_lesson_lies_in_its_slots_and_goes_over_no_break() -> None:
    narrow = replace(PROBLEM, needs=(replace(A, slots=SLOTS[:1]), B))
    assert broken(narrow, ("a", 2, ALL, "wang")) == {(RuleKind.ALLOWED_SLOTS, "a")}
    double = replace(PROBLEM, needs=(replace(A, lengths=(2,)), B))
    assert broken(double, ("a", 2, ALL, "wang")) == {(RuleKind.ALLOWED_SLOTS, "a")}
    assert broken(double, ("a", 4, ALL, "wang")) == {(RuleKind.ALLOWED_SLOTS, "a")}
    assert not broken(double, ("a", 1, ALL, "wang"))
