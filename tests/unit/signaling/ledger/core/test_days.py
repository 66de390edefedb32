from datetime import date

import pytest

from signaling.ledger.core.days import days_of_month, monday_of, month_of


def test_months_have_their_days() -> None:
    assert days_of_month("2026-02") == (date(2026, 2, 1), date(2026, 2, 28))
    assert days_of_month("2028-02") == (date(2028, 2, 1), date(2028, 2, 29))
    assert days_of_month("2026-12") == (date(2026, 12, 1), date(2026, 12, 31))
    assert month_of(date(2026, 12, 31)) == "2026-12"


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "2026", "2026-01-01", "", "nothing"])
def test_other_words_are_no_months(text: str) -> None:
    with pytest.raises(ValueError):
        days_of_month(text)


def test_a_week_begins_on_monday() -> None:
    assert {monday_of(date(2026, 9, day)) for day in range(14, 21)} == {date(2026, 9, 14)}
