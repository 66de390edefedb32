from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.ledger.core.duties import RequirementRule, in_force, overlapping, share

FIRST = date(2026, 9, 1)


def rule(name: str, **more: object) -> RequirementRule:
    base = {
        "depth": 1,
        "grade": "三年级",
        "subject": "音乐",
        "periods": 2,
        "first": FIRST,
        "last": None,
    }
    return RequirementRule(name, **{**base, **more})  # type: ignore[arg-type]


@given(st.integers(1, 20), st.integers(0, 200))
def test_any_five_teaching_days_owe_the_periods_of_a_week(periods: int, begin: int) -> None:
    shares = [share(periods, begin + number) for number in range(5)]
    assert sum(shares) == periods
    assert max(shares) - min(shares) <= 1


def test_the_nearest_requirement_counts() -> None:
    rules = [rule("province"), rule("county", depth=3, periods=3), rule("art", subject="美术")]
    found = in_force(rules, "三年级", FIRST)
    assert {subject: one.requirement_id for subject, one in found.items()} == {
        "音乐": "county",
        "美术": "art",
    }
    assert in_force(rules, "四年级", FIRST) == {}


def test_a_requirement_counts_from_its_first_to_its_last_day() -> None:
    rules = [rule("old", last=date(2027, 1, 31)), rule("new", first=date(2027, 2, 1), periods=1)]
    for day, name in ((date(2027, 1, 31), "old"), (date(2027, 2, 1), "new")):
        assert in_force(rules, "三年级", day)["音乐"].requirement_id == name
    assert in_force(rules, "三年级", date(2026, 8, 31)) == {}


@pytest.mark.parametrize(
    ("first", "last", "clashes"),
    [
        (date(2026, 8, 1), date(2026, 8, 31), False),
        (date(2026, 8, 1), FIRST, True),
        (date(2026, 12, 1), None, True),
        (date(2027, 2, 1), None, False),
    ],
)
def test_two_requirements_for_the_same_have_no_day_in_common(
    first: date, last: date | None, clashes: bool
) -> None:
    known = [rule("known", last=date(2027, 1, 31)), rule("other", subject="美术")]
    found = overlapping(known, rule("new", first=first, last=last))
    assert (found is not None) is clashes
    assert overlapping(known, known[0]) is None
