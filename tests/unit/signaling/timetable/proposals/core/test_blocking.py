"""Rules that block the places of a lesson that found none."""

from signaling.timetable.proposals.core.blocking import unplaced
from signaling.timetable.proposals.core.cells import Cells
from signaling.timetable.proposals.core.named_rules import NamedRule, RuleKind
from signaling.timetable.proposals.core.options import Options
from signaling.timetable.proposals.core.problem import (
    Need,
    Problem,
    Resource,
    ResourceKind,
    Taken,
    TakenBy,
    WeekSlot,
)
from signaling.timetable.proposals.core.proposal import Blocking

SLOTS = tuple(WeekSlot(1, period) for period in range(1, 4))
ALL = 0b110


def test_rules_are_counted_by_the_places_that_they_block() -> None:
    needs = tuple(
        Need(need_id=name, lengths=(1,), week_choices=(ALL,), teacher_ids=("wang",))
        for name in ("a", "b")
    )
    wang = Resource(ResourceKind.TEACHER, "wang")
    away = tuple(Taken(wang, slot, ALL, TakenBy.ABSENCE) for slot in SLOTS[1:])
    problem = Problem(slots=SLOTS, needs=needs, taken=away)
    options = Options.of(problem)
    (missing,) = unplaced(options, Cells(problem, options), {0})  # a in the first slot
    assert (missing.need_id, missing.places) == ("b", 3)
    assert missing.blocked_by == (
        Blocking(NamedRule(RuleKind.TEACHER_ABSENT, "wang"), 2),
        Blocking(NamedRule(RuleKind.TEACHER_ONCE, "wang"), 1),
    )


def test_nothing_is_told_where_all_is_placed() -> None:
    need = Need(need_id="a", lengths=(1,), week_choices=(ALL,), teacher_ids=("wang",))
    problem = Problem(slots=SLOTS, needs=(need,))
    options = Options.of(problem)
    assert unplaced(options, Cells(problem, options), {0}) == ()
