"""School years."""

from datetime import date

from signaling.library.nominations.rules import may_nominate_for, school_year


def test_a_school_year_begins_on_the_first_of_september() -> None:
    assert school_year(date(2026, 8, 31)) == 2025
    assert school_year(date(2026, 9, 1)) == 2026


def test_nominations_are_for_this_year_and_those_beside_it() -> None:
    today = date(2026, 11, 30)
    assert [year for year in range(2020, 2030) if may_nominate_for(year, today)] == [
        2025,
        2026,
        2027,
    ]
