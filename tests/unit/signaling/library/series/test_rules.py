"""The order of a series of which an editor sees only a part, and the scopes that may be given."""

from hypothesis import given
from hypothesis import strategies as st

from signaling.library.series.rules import OWN_SCOPES, reordered, scopes_of
from signaling.library.series.wire import SeriesScope

IDS = st.lists(st.sampled_from("abcdefgh"), unique=True)


def test_an_unseen_entry_stays_behind_the_one_that_it_followed() -> None:
    assert reordered("axby", "ab", "ba") == ("b", "y", "a", "x")


def test_unseen_ones_of_what_is_taken_out_follow_the_one_before() -> None:
    assert reordered("axbyc", "abc", "ac") == ("a", "x", "y", "c")
    assert reordered("xay", "a", "") == ("x", "y")


def test_nothing_comes_in_by_the_order() -> None:
    assert reordered("ab", "abz", "zba") == ("z", "b", "a")  # `seen` are seen entries alone
    assert reordered("ab", "ab", "zba") == ("b", "a")


@given(IDS, st.sets(st.sampled_from("abcdefgh")), IDS)
def test_no_unseen_entry_is_lost_and_none_is_twice(
    present: list[str], seen: set[str], wished: list[str]
) -> None:
    here = seen & set(present)
    ordered = reordered(present, here, wished)
    assert len(set(ordered)) == len(ordered)
    assert set(ordered) == (set(present) - here) | (set(wished) & here)
    assert [one for one in ordered if one in here] == [one for one in wished if one in here]


def test_only_who_publishes_gives_a_wider_scope_than_the_school() -> None:
    assert scopes_of(edits=True, publishes=False) == OWN_SCOPES
    assert scopes_of(edits=True, publishes=True) == tuple(SeriesScope)
    assert scopes_of(edits=False, publishes=True) == ()
