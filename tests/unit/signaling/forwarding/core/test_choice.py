"""The cell of a lesson in a fixed table."""

from collections import Counter

from signaling.forwarding.core.choice import chosen

CELLS = ["cell-1", "cell-2", "cell-3", "cell-4"]
LESSONS = [f"lesson-{number}" for number in range(2000)]


def test_lessons_are_spread_evenly_whatever_the_order_of_the_table() -> None:
    counts = Counter(chosen(lesson, CELLS) for lesson in LESSONS)
    assert set(counts) == set(CELLS)
    assert all(400 <= count <= 600 for count in counts.values())
    assert all(chosen(one, CELLS) == chosen(one, CELLS[::-1]) for one in LESSONS[:100])


def test_a_cell_less_moves_only_its_own_lessons() -> None:
    for lesson in LESSONS:
        before = chosen(lesson, CELLS)
        if before != "cell-4":
            assert chosen(lesson, CELLS[:3]) == before


def test_no_cell_has_no_lessons() -> None:
    assert chosen("lesson", []) is None
