"""Pairings beside each other, judged by days and subjects."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.directory.pairings.rules import (
    Agreement,
    Conflict,
    conflict,
    first_conflict,
    overlap,
)

FIRST = date(2026, 9, 1)
BASE = Agreement("c", "p", frozenset({"语文", "美术"}), FIRST, date(2027, 1, 15), "人教版")

days = st.dates(date(2026, 1, 1), date(2026, 3, 1))
agreements = st.builds(
    Agreement,
    st.sampled_from("cd"),
    st.sampled_from("pq"),
    st.frozensets(st.sampled_from("语数美"), min_size=1),
    days,
    st.none() | days,
    st.sampled_from([None, "人教版", "北师大版"]),
).filter(lambda one: one.last is None or one.first <= one.last)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, Conflict.OVERLAP),
        ({"subjects": frozenset({"音乐"})}, None),
        ({"first": date(2027, 1, 15), "last": None}, Conflict.OVERLAP),  # the last day counts
        ({"first": date(2027, 1, 16), "last": None}, None),
        ({"point": "q"}, None),
        ({"point": "q", "textbook": "北师大版"}, Conflict.TEXTBOOK),
        ({"point": "q", "textbook": None}, None),
        ({"center": "d", "textbook": "北师大版"}, Conflict.TEXTBOOK),
        ({"center": "d", "point": "q", "textbook": "北师大版"}, None),
        (
            {"point": "q", "textbook": "北师大版", "subjects": frozenset({"音乐"})},
            None,
        ),
    ],
)
def test_which_two_cannot_hold_together(
    change: dict[str, object], expected: Conflict | None
) -> None:
    other = replace(BASE, **change)
    assert conflict(other, BASE) is conflict(BASE, other) is expected


def test_the_first_that_stands_in_the_way_is_named() -> None:
    apart = replace(BASE, point="q")
    assert first_conflict(BASE, [apart, BASE]) == (Conflict.OVERLAP, BASE)
    assert first_conflict(BASE, [apart]) is None


@given(agreements, agreements)
def test_two_overlap_where_some_day_belongs_to_both(one: Agreement, other: Agreement) -> None:
    span = [date(2026, 1, 1) + timedelta(days=number) for number in range(61)]

    def holds(agreement: Agreement, day: date) -> bool:
        return agreement.first <= day and (agreement.last is None or day <= agreement.last)

    assert overlap(one, other) == any(holds(one, day) and holds(other, day) for day in span)
    assert conflict(one, other) is conflict(other, one)
