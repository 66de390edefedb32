"""The small pure rules: lesson states, tokens, limits, the calendar."""

import itertools
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from signaling.core.calendar import days, parse_day, parse_week
from signaling.core.lesson_state import TRANSITIONS, LessonDeed, WrongState, after
from signaling.core.rate_limit import (
    BucketRule,
    Buckets,
    FailureLimiter,
    LimiterRule,
    TokenBucket,
)
from signaling.core.resources import LessonState
from signaling.core.tokens import (
    InvalidToken,
    Keyring,
    MediaAction,
    MediaGrant,
    Purpose,
    SessionClaim,
    csrf_token,
    is_csrf_token,
    open_media,
    open_session,
    seal_media,
    seal_session,
    sign,
    unsign,
)

SECRET = Keyring(b"s" * 32)
GRANT = MediaGrant("l1", "lead", MediaAction.PUBLISH, "lead.camera", False, 100, "n")


# --- lesson states -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "deed"), list(itertools.product(LessonState, LessonDeed)), ids=str
)
def test_every_pair_of_state_and_deed_is_decided(state: LessonState, deed: LessonDeed) -> None:
    done = {
        LessonDeed.START: LessonState.LIVE,
        LessonDeed.END: LessonState.ENDED,
        LessonDeed.CANCEL: LessonState.CANCELLED,
    }[deed]
    if (state, deed) in TRANSITIONS or state is done:
        assert after(state, deed) is done
    else:
        with pytest.raises(WrongState):
            after(state, deed)


# --- tokens --------------------------------------------------------------------------------------


def test_a_token_opens_only_with_its_secret_and_purpose() -> None:
    token = seal_media(SECRET, GRANT)
    assert open_media(SECRET, token) == GRANT
    with pytest.raises(InvalidToken):
        open_media(Keyring(b"t" * 32), token)
    with pytest.raises(InvalidToken):
        unsign(SECRET, Purpose.SESSION, token)


def test_no_changed_character_goes_unnoticed() -> None:
    token = seal_media(SECRET, GRANT)
    for index, character in enumerate(token):
        changed = token[:index] + ("A" if character != "A" else "B") + token[index + 1 :]
        try:
            opened = open_media(SECRET, changed)
        except InvalidToken:
            continue
        assert opened == GRANT  # the last base64 character may carry unused bits


@pytest.mark.parametrize(
    "token", ["", ".", "v1..", "v1.e30", "汉.字.串", "v1.e30.e30", "=" * 9, "a" * 5000]
)
def test_nonsense_is_no_token(token: str) -> None:
    with pytest.raises(InvalidToken):
        open_media(SECRET, token)


def test_a_signed_payload_of_another_shape_is_refused() -> None:
    with pytest.raises(InvalidToken):
        open_media(SECRET, sign(SECRET, Purpose.MEDIA, b'{"lesson_id": 7}'))
    with pytest.raises(InvalidToken):
        open_media(SECRET, sign(SECRET, Purpose.MEDIA, b"\xff"))


def test_a_session_ends_at_its_time() -> None:
    cookie = seal_session(SECRET, SessionClaim("s1", 100))
    assert open_session(SECRET, cookie, 99.9).session_id == "s1"
    with pytest.raises(InvalidToken):
        open_session(SECRET, cookie, 100)


def test_a_csrf_token_belongs_to_one_session() -> None:
    token = csrf_token(SECRET, "s1")
    assert is_csrf_token(SECRET, "s1", token)
    for session_id, text in (("s2", token), ("s1", ""), ("s1", "汉"), ("s1", token + "A")):
        assert not is_csrf_token(SECRET, session_id, text)


def test_the_same_right_ignores_only_time_and_nonce() -> None:
    import msgspec

    assert GRANT.same_right(msgspec.structs.replace(GRANT, expires_at=7, nonce="m"))
    for change in (
        {"lesson_id": "l2"},
        {"participant_id": "room-a"},
        {"action": MediaAction.WATCH},
        {"source_id": "lead.courseware"},
        {"programme": True},
    ):
        assert not GRANT.same_right(msgspec.structs.replace(GRANT, **change))


# --- limits --------------------------------------------------------------------------------------


def test_a_limiter_counts_by_key_and_forgives_after_the_window() -> None:
    limiter = FailureLimiter(LimiterRule(3, 60))
    for _ in range(3):
        assert limiter.retry_after("a", 10) is None
        limiter.note_failure("a", 10)
    assert limiter.retry_after("a", 30) == 40
    assert limiter.retry_after("b", 30) is None
    assert limiter.retry_after("a", 70) is None
    limiter.note_failure("a", 70)
    assert limiter.retry_after("a", 70) is None


def test_a_limiter_is_bounded_and_remembers_the_busiest() -> None:
    limiter = FailureLimiter(LimiterRule(3, 60, capacity=10))
    for index in range(1000):
        limiter.note_failure("guesser", index / 1000)
        limiter.note_failure(f"other {index}", index / 1000)
    assert len(limiter) == 10
    assert limiter.retry_after("guesser", 1) is not None


def test_a_bucket_allows_a_burst_and_then_the_rate() -> None:
    bucket = TokenBucket(rate=10, burst=5, now=0)
    assert [bucket.take(0) for _ in range(6)] == [True] * 5 + [False]
    assert bucket.take(0.1)
    assert not bucket.take(0.1)
    assert sum(bucket.take(100) for _ in range(20)) == 5


# --- the calendar --------------------------------------------------------------------------------


def test_a_day_is_the_countys_day() -> None:
    start, end = days(parse_day("2026-11-22"), 1, ZoneInfo("Asia/Shanghai"))
    assert start == datetime(2026, 11, 21, 16, tzinfo=UTC)
    assert end == datetime(2026, 11, 22, 16, tzinfo=UTC)


def test_a_week_begins_on_monday_also_around_new_year() -> None:
    assert parse_week("2026-W47") == date(2026, 11, 16)
    assert parse_week("2026-W53") == date(2026, 12, 28)
    for bad in ("2026-W54", "2026-47", "2026-W1", "W47"):
        with pytest.raises(ValueError):
            parse_week(bad)
    for bad in ("2026-02-30", "20261122", "", "2026-11-22T00:00"):
        with pytest.raises(ValueError):
            parse_day(bad)


def test_a_bucket_says_how_long_to_wait() -> None:
    buckets = Buckets(BucketRule(rate=0.5, burst=3))
    assert [buckets.take("a", 10.0) for _ in range(3)] == [None, None, None]
    assert buckets.take("a", 10.0) == pytest.approx(2.0)
    assert buckets.take("a", 11.0) == pytest.approx(1.0)
    assert buckets.take("b", 11.0) is None
    assert buckets.take("a", 12.0) is None


def test_buckets_are_few_whoever_comes() -> None:
    buckets = Buckets(BucketRule(rate=1, burst=1, capacity=10))
    for number in range(1000):
        buckets.take(str(number), 0.0)
        buckets.take("busy", 0.0)
    assert len(buckets) == 10
    assert buckets.take("busy", 0.0) is not None
