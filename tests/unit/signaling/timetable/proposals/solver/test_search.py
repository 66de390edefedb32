"""Proposals: what is kept, what is named where nothing fits, and how little is moved."""

import threading
import time
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from load_tests.proposal_county import Size, county
from signaling.timetable.proposals.core.checking import clashes
from signaling.timetable.proposals.core.named_rules import NamedRule, RuleKind
from signaling.timetable.proposals.core.problem import (
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
from signaling.timetable.proposals.core.proposal import Proposal
from signaling.timetable.proposals.solver.search import Progress, Search

ALL, ODD, EVEN = 0b111110, 0b101010, 0b010100
WEEK = tuple(WeekSlot(day, period) for day in range(1, 6) for period in range(1, 7))
FAR_S = 600.0  # a search that ends before was stopped, on the slowest machine, too
LIMIT_S = 20.0  # never reached; a search ends when nothing better can be


def search(problem: Problem) -> Proposal:
    return Search(problem, LIMIT_S, workers=1).run()


def need(need_id: str, teacher: str = "wang", lessons: int = 1, **more: object) -> Need:
    found = Need(
        need_id=need_id, lengths=(1,) * lessons, week_choices=(ALL,), teacher_ids=(teacher,)
    )
    return replace(found, **more)


def absent(teacher: str, slots: Sequence[WeekSlot], weeks: int = ALL) -> list[Taken]:
    who = Resource(ResourceKind.TEACHER, teacher)
    return [Taken(who, slot, weeks, TakenBy.ABSENCE) for slot in slots]


def test_a_small_county_is_placed_whole_and_without_a_clash() -> None:
    problem = county(Size(points=9, rooms=3))
    found = search(problem)
    assert (len(found.placed), found.unplaced, found.conflicts) == (40, (), ())
    assert found.optimal
    assert clashes(problem, found) == ()


def test_odd_and_even_weeks_share_a_slot() -> None:
    slot = WEEK[:1]
    halves = tuple(need(name, week_choices=(ODD, EVEN)) for name in ("science", "writing"))
    found = search(Problem(slots=slot, needs=halves))
    assert not found.unplaced
    assert {one.position.weeks for one in found.placed} == {ODD, EVEN}


def test_a_third_lesson_in_two_slots_names_the_absence_and_the_one_teacher() -> None:
    """Among thirty needs that fit, three of one teacher, who is there for two periods, do not."""
    teachers = [f"teacher-{number}" for number in range(10)]
    fitting = [need(f"fits-{number}", teachers[number % 10]) for number in range(30)]
    planted = need("planted", lessons=3)
    problem = Problem(slots=WEEK, needs=(*fitting, planted), taken=tuple(absent("wang", WEEK[2:])))
    found = search(problem)
    assert [(one.need_id, len(found.placed)) for one in found.unplaced] == [("planted", 32)]
    (conflict,) = found.conflicts
    assert set(conflict.rules) == {
        NamedRule(RuleKind.TEACHER_ABSENT, "wang"),
        NamedRule(RuleKind.TEACHER_ONCE, "wang"),
    }
    assert (conflict.need_ids, conflict.proved) == (("planted",), True)
    assert clashes(problem, found) == ()


def test_an_uplink_that_carries_one_lesson_is_named_with_the_needs_that_want_two() -> None:
    needs = tuple(need(name, name, loads=(Load("uplink", 4),)) for name in ("a", "b"))
    uplink = Capacity("uplink", CapacityKind.UPLINK, "centre", 7)
    found = search(Problem(slots=WEEK[:1], needs=needs, capacities=(uplink,)))
    (conflict,) = found.conflicts
    assert conflict.rules == (NamedRule(RuleKind.UPLINK, "centre"),)
    assert set(conflict.need_ids) == {"a", "b"}
    assert [one.blocked_by[0].rule for one in found.unplaced] == list(conflict.rules)


def test_two_conflicts_that_have_nothing_in_common_are_both_named() -> None:
    needs = (need("a", "wang", 2), need("b", "li", 2), need("c", "zhao", 1))
    taken = (*absent("wang", WEEK[1:]), *absent("li", WEEK[1:]))
    found = search(Problem(slots=WEEK, needs=needs, taken=taken))
    assert {conflict.need_ids for conflict in found.conflicts} == {("a",), ("b",)}


def placed(problem: Problem, found: Proposal) -> Problem:
    """The problem with a proposal as its present timetable."""
    by_lesson = {(one.need_id, one.number): one.position for one in found.placed}
    return replace(
        problem,
        needs=tuple(
            replace(
                one,
                present=tuple(by_lesson[one.need_id, n] for n in range(len(one.lengths))),
            )
            for one in problem.needs
        ),
    )


def test_an_ill_teacher_moves_nobody_elses_lesson() -> None:
    problem = county(Size(points=9, rooms=3))
    today = placed(problem, search(problem))
    ill, healthy = "teacher-0-0", "teacher-0-1"
    needs = tuple(
        replace(one, teacher_ids=(ill, healthy)) if ill in one.teacher_ids else one
        for one in today.needs
    )
    days_in_bed = [slot for slot in today.slots if slot.day <= 2]
    wanted = replace(today, needs=needs, taken=(*today.taken, *absent(ill, days_in_bed)))
    before = {(need.need_id, n): at for need in needs for n, at in enumerate(need.present)}
    concerned = {
        key
        for key, at in before.items()
        if at is not None and at.teacher_id == ill and at.slot.day <= 2
    }
    found = search(wanted)
    assert concerned
    assert not found.unplaced
    assert {(one.need_id, one.number) for one in found.placed if one.moved} == concerned
    assert clashes(wanted, found) == ()


def test_nothing_moves_where_nothing_has_changed() -> None:
    problem = county(Size(points=6, rooms=2, teachers=3))
    today = placed(problem, search(problem))
    found = search(today)
    assert found.moves == 0
    assert not any(one.moved for one in found.placed)


def test_a_second_teacher_takes_over_before_a_time_is_changed() -> None:
    present = Position(WEEK[0], ALL, "wang", None)
    one = need("music", present=(present,), teacher_ids=("wang", "li"))
    found = search(Problem(slots=WEEK, needs=(one,), taken=tuple(absent("wang", WEEK[:1]))))
    assert found.placed[0].position == replace(present, teacher_id="li")


def test_two_lessons_of_a_need_lie_on_two_days() -> None:
    found = search(Problem(slots=WEEK, needs=(need("music", lessons=2),)))
    assert len({one.position.slot.day for one in found.placed}) == 2


def test_a_teacher_gets_no_long_run_where_there_is_room() -> None:
    morning = tuple(slot for slot in WEEK if slot.day == 1)
    needs = tuple(need(f"n{number}") for number in range(5))
    found = search(Problem(slots=morning, needs=needs, max_in_a_row=3))
    periods = sorted(one.position.slot.period for one in found.placed)
    assert set(range(1, 7)) - set(periods) <= {3, 4}  # the free one parts the others best


def test_a_search_tells_of_its_progress_and_ends_when_it_is_stopped() -> None:
    problem = county(Size(points=40, rooms=8, own_periods=12))  # nobody finds the best one soon
    told: list[Progress] = []
    first = threading.Event()

    def tell(progress: Progress) -> None:
        told.append(progress)
        first.set()

    running = Search(problem, FAR_S, tell, workers=2)
    threading.Thread(target=lambda: (first.wait(30), running.stop())).start()
    began = time.monotonic()
    found = running.run()
    assert time.monotonic() - began < FAR_S / 2
    assert told[-1].placed == len(found.placed)
    assert not found.optimal


@st.composite
def small_problems(draw: st.DrawFn) -> Problem:
    slots = WEEK[: draw(st.integers(1, 3))]
    needs = tuple(
        Need(
            need_id=f"n{number}",
            lengths=draw(st.sampled_from([(1,), (1, 1), (2,)])),
            week_choices=draw(st.sampled_from([(ALL,), (ODD,), (ODD, EVEN)])),
            teacher_ids=draw(st.sampled_from([("wang",), ("li",), ("wang", "li")])),
            class_ids=draw(st.sampled_from([(), ("c1",), ("c1", "c2")])),
            loads=(Load("hosted", 1),),
        )
        for number in range(draw(st.integers(1, 4)))
    )
    taken = tuple(
        Taken(who, slot, weeks, TakenBy.LESSON)
        for who, slot, weeks in draw(
            st.lists(
                st.tuples(
                    st.sampled_from(
                        [
                            Resource(ResourceKind.TEACHER, "wang"),
                            Resource(ResourceKind.CLASS, "c1"),
                        ]
                    ),
                    st.sampled_from(slots),
                    st.sampled_from([ODD, EVEN]),
                ),
                max_size=3,
            )
        )
    )
    limit = draw(st.integers(1, 3))
    hosted = Capacity("hosted", CapacityKind.HOSTED_LESSONS, "centre", limit)
    return Problem(slots=slots, needs=needs, taken=taken, capacities=(hosted,))


@settings(max_examples=settings.default.max_examples * 2 // 5)
@given(small_problems())
def test_no_proposal_has_a_clash_and_none_leaves_out_what_fits(problem: Problem) -> None:
    found = search(problem)
    assert clashes(problem, found) == ()
    assert found.optimal
    if found.unplaced:
        assert found.conflicts
        assert all(conflict.proved for conflict in found.conflicts)


@pytest.mark.parametrize("left_out", ["rule", "need"])
def test_a_conflict_is_gone_without_any_one_of_its_rules(left_out: str) -> None:
    """Taking away one rule or one need of a conflict lets the rest be placed."""
    taken = tuple(absent("wang", WEEK[2:]))
    problem = Problem(slots=WEEK, needs=(need("a", lessons=2), need("b")), taken=taken)
    (conflict,) = search(problem).conflicts
    assert set(conflict.need_ids) == {"a", "b"}
    if left_out == "rule":
        assert not search(replace(problem, taken=())).unplaced
    else:
        assert not search(replace(problem, needs=problem.needs[:1])).unplaced
