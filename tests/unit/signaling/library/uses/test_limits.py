"""A page may tell what it wants; what counts is bounded."""

from hypothesis import given
from hypothesis import strategies as st

from signaling.library.uses import limits
from signaling.library.uses.limits import HOUR_S, TOKENS_PER_HOUR, Counted, UseLimits


def _told(
    at: UseLimits, now: float, seconds: int = 0, *, began: bool = False, downloaded: bool = False
) -> Counted:
    return at.counted("viewer", "r", now, seconds=seconds, began=began, downloaded=downloaded)


def test_a_viewer_counts_once_an_hour() -> None:
    at = UseLimits()
    assert _told(at, 0, began=True, downloaded=True) == Counted(1, 0, 1)
    assert _told(at, 1, began=True, downloaded=True) == Counted()
    assert _told(at, HOUR_S - 1, began=True).plays == 0
    assert _told(at, HOUR_S, began=True, downloaded=True) == Counted(1, 0, 1)


@given(st.lists(st.tuples(st.floats(0, 200), st.integers(0, 120)), max_size=60))
def test_no_more_seconds_count_than_have_passed(reports: list[tuple[float, int]]) -> None:
    at, now, counted = UseLimits(), 0.0, 0
    _told(at, now, began=True)
    for passed, seconds in reports:
        now += passed
        counted += _told(at, now, seconds).seconds
    assert counted <= now + 1e-6


def test_one_address_gets_so_many_viewers_an_hour() -> None:
    at = UseLimits()
    assert sum(at.may_begin("a", 0.0) for _ in range(TOKENS_PER_HOUR + 50)) == TOKENS_PER_HOUR
    assert at.may_begin("b", 1.0)
    assert not at.may_begin("a", HOUR_S - 1)
    assert at.may_begin("a", HOUR_S)


def test_what_is_remembered_is_bounded() -> None:
    at = UseLimits()
    for number in range(limits.MAX_VIEWS + 10):
        at.counted(f"v{number}", "r", 0.0, seconds=0, began=True, downloaded=False)
        at.may_begin(f"a{number}", 0.0)
    assert len(at._views) == limits.MAX_VIEWS
    assert len(at._tokens) == limits.MAX_ADDRESSES
