"""What a claim of playing counts: never more than there is to watch, nor than time has passed."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from signaling.resource_push.rules import (
    EARLY,
    LATE,
    Claim,
    Kept,
    ShelfFacts,
    credited,
    in_time,
    trouble_of,
    window_of,
)
from signaling.resource_push.wire import PushTrouble

START = datetime(2026, 9, 16, 1, 0, tzinfo=UTC)
END = START + timedelta(minutes=40)
WINDOW = window_of(START, END)
LENGTHS = {"a": 600.0, "b": 1200.0}


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def test_a_claim_counts_up_to_the_length() -> None:
    counts = credited([Claim("a", 4000, at(30))], {}, LENGTHS, WINDOW, at(30))
    assert counts == {"a": Kept(600, at(30))}


def test_the_same_claim_again_changes_nothing() -> None:
    kept = {"a": Kept(300, at(5))}
    assert credited([Claim("a", 300, at(5))], kept, LENGTHS, WINDOW, at(9)) == {}
    assert credited([Claim("a", 120, at(2))], kept, LENGTHS, WINDOW, at(9)) == {}


def test_nobody_watches_faster_than_time_passes() -> None:
    kept = {"a": Kept(60, at(1))}
    counts = credited([Claim("a", 600, at(2))], kept, LENGTHS, WINDOW, at(2))
    assert counts == {"a": Kept(120, at(2))}


def test_two_resources_share_the_time() -> None:
    kept = {"a": Kept(540, at(9))}
    claims = [Claim("a", 600, at(11)), Claim("b", 1200, at(11))]
    counts = credited(claims, kept, LENGTHS, WINDOW, at(11))
    assert counts == {"a": Kept(600, at(11)), "b": Kept(60, at(11))}


def test_what_an_outage_held_back_counts_in_full_afterwards() -> None:
    counts = credited([Claim("b", 1200, at(25))], {"b": Kept(60, at(1))}, LENGTHS, WINDOW, at(500))
    assert counts == {"b": Kept(1200, at(25))}


def test_only_the_time_of_the_lesson_counts() -> None:
    now = END + timedelta(days=3)
    assert in_time(Claim("a", 1, START - EARLY), WINDOW, now)
    assert in_time(Claim("a", 1, END + LATE), WINDOW, now)
    assert not in_time(Claim("a", 1, START - EARLY - timedelta(seconds=1)), WINDOW, now)
    assert not in_time(Claim("a", 1, END + LATE + timedelta(seconds=1)), WINDOW, now)
    assert not in_time(Claim("a", 1, at(20)), WINDOW, at(10))  # a moment that is still to come


@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "b"]), st.floats(0, 5000), st.floats(-30, 200)),
        max_size=12,
    )
)
def test_nothing_ever_counts_less_or_more_than_the_clock(
    claims: list[tuple[str, float, float]],
) -> None:
    kept: dict[str, Kept] = {}
    for name, watched, minutes in claims:
        now = at(minutes)
        before = {one: had.watched_s for one, had in kept.items()}
        kept |= credited([Claim(name, watched, now)], kept, LENGTHS, WINDOW, now)
        for one, had in kept.items():
            assert before.get(one, 0) <= had.watched_s <= LENGTHS[one]
    latest = max((one.at for one in kept.values()), default=WINDOW.opens_at)
    passed = (latest - WINDOW.opens_at).total_seconds()
    assert sum(one.watched_s for one in kept.values()) <= passed + 1e-3


def facts(**more: object) -> ShelfFacts:
    usual: dict[str, object] = {
        "served": True,
        "expired": False,
        "expires_at": None,
        "locked": False,
        "unseen": (),
    }
    return ShelfFacts(**(usual | more))  # type: ignore[arg-type]


def test_why_a_room_cannot_play() -> None:
    assert trouble_of(facts(), END) is None
    assert trouble_of(None, END) is PushTrouble.WITHDRAWN
    assert trouble_of(facts(served=False), END) is PushTrouble.WITHDRAWN
    assert trouble_of(facts(served=False, expired=True), END) is PushTrouble.EXPIRED
    assert trouble_of(facts(locked=True), END) is PushTrouble.NEEDS_PASSWORD
    assert trouble_of(facts(unseen=("一年级教室",)), END) is PushTrouble.NOT_FOR_ROOM
    assert trouble_of(facts(expires_at=at(39)), END) is PushTrouble.ENDS_EARLY
    assert trouble_of(facts(expires_at=END), END) is None
