"""Placement of lessons, on a clock of the test's own."""

from dataclasses import replace as replaced

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.cells.core.nodes import Health, Node, NodeRole, SeenNode
from signaling.cells.core.placement import NoPlace, Placer
from signaling.cells.core.times import CellTimes

TIMES = CellTimes()


def _cell(node_id: str, load: int = 0, capacity: int = 60) -> SeenNode:
    node = Node(node_id, NodeRole.CELL, f"http://{node_id}", capacity, load)
    return SeenNode(node, Health.ALIVE)


def _place(placer: Placer, lesson_id: str, expected: int, *nodes: SeenNode, now: float = 0.0):
    found = placer.place(lesson_id, expected, nodes, now)
    return found if isinstance(found, NoPlace) else found.node_id


def test_the_cell_that_is_the_least_full_afterwards_gets_the_lesson() -> None:
    large, small = _cell("large", load=40, capacity=200), _cell("small", load=10, capacity=60)
    assert _place(Placer(TIMES), "x", 5, large, small) == "large"  # 23%, not 25%
    assert _place(Placer(TIMES), "x", 60, large, small) == "large"


def test_a_lesson_goes_only_where_its_expected_size_has_room() -> None:
    full, other = _cell("full", load=58), _cell("other", load=59, capacity=64)
    assert _place(Placer(TIMES), "x", 5, full, other) == "other"
    assert _place(Placer(TIMES), "x", 6, full, other) is NoPlace.FULL


@pytest.mark.parametrize("health", [Health.SUSPECT, Health.GONE])
def test_a_cell_that_may_be_dead_gets_nothing(health: Health) -> None:
    doubtful = replaced(_cell("a"), health=health)
    assert _place(Placer(TIMES), "x", 5, doubtful) is NoPlace.NO_CELLS
    assert _place(Placer(TIMES), "x", 5, doubtful, _cell("b", load=50)) == "b"


def test_a_draining_cell_and_other_roles_get_nothing() -> None:
    draining = replaced(_cell("a"), node=msgspec.structs.replace(_cell("a").node, draining=True))
    web = replaced(_cell("b"), node=msgspec.structs.replace(_cell("b").node, role=NodeRole.WEB))
    assert _place(Placer(TIMES), "x", 5, draining, web) is NoPlace.NO_CELLS


def test_lessons_of_one_moment_do_not_all_go_to_the_emptiest_cell() -> None:
    placer, cells = Placer(TIMES), (_cell("a"), _cell("b", load=1))
    placed = [_place(placer, f"lesson-{number}", 10, *cells) for number in range(6)]
    assert placed == ["a", "b", "a", "b", "a", "b"]
    assert _place(placer, "large", 30, *cells) == "a"
    assert _place(placer, "larger", 31, *cells) is NoPlace.FULL


def test_a_promise_ends_when_the_beat_tells_the_load() -> None:
    placer = Placer(TIMES)
    assert _place(placer, "x", 60, _cell("a")) == "a"
    assert _place(placer, "y", 60, _cell("a"), now=TIMES.noticed_s - 0.1) is NoPlace.FULL
    assert _place(placer, "y", 60, _cell("a"), now=TIMES.noticed_s) == "a"


def test_the_same_lesson_keeps_its_cell_while_that_can_take_it() -> None:
    placer = Placer(TIMES)
    assert _place(placer, "x", 60, _cell("a"), _cell("b")) == "a"
    assert _place(placer, "x", 60, _cell("a"), _cell("b")) == "a"
    gone = replaced(_cell("a"), health=Health.GONE)
    assert _place(placer, "x", 60, gone, _cell("b")) == "b"


@pytest.mark.parametrize("expected", [0, -1, 10_001])
def test_a_size_that_cannot_be_is_refused(expected: int) -> None:
    with pytest.raises(ValueError, match="participants"):
        _place(Placer(TIMES), "x", expected, _cell("a"))


@given(st.lists(st.integers(1, 40), max_size=30), st.lists(st.integers(0, 80), max_size=5))
def test_no_cell_is_ever_overbooked(sizes: list[int], loads: list[int]) -> None:
    placer = Placer(TIMES)
    cells = [_cell(f"cell-{number}", load) for number, load in enumerate(loads)]
    taken = {one.node.node_id: one.node.load for one in cells}
    for number, size in enumerate(sizes):
        found = placer.place(f"lesson-{number}", size, cells, 0.0)
        if isinstance(found, NoPlace):
            assert all(load + size > 60 for load in taken.values())
            continue
        taken[found.node_id] += size
        assert taken[found.node_id] <= 60
