"""Tickets for shared resources: what a cookie opens, for how long, and how much it may hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.access.signing import MAX_TOKEN_CHARS, Keyring, Purpose, sign
from signaling.base.errors import TooManyRequests
from signaling.base.ids import new_id
from signaling.base.limits import OwnLimits
from signaling.library.publishing.tickets import (
    MAX_TICKETS,
    PER_ADDRESS,
    PER_RESOURCE,
    VALID,
    GuessLimits,
    Tickets,
)
from tests.support.services import ManualClock

RING = Keyring(b"k" * 32)
HASH, OTHER_HASH = "$argon2id$one", "$argon2id$another"


def test_a_ticket_opens_its_resource_with_its_password_for_its_time() -> None:
    clock = ManualClock()
    tickets = Tickets(RING, clock)
    cookie = tickets.with_one(None, "a", HASH)
    assert tickets.opens(cookie, "a", HASH)
    assert not tickets.opens(cookie, "b", HASH)
    assert not tickets.opens(cookie, "a", OTHER_HASH)
    assert not tickets.opens(cookie, "a", None)
    assert not Tickets(Keyring(b"x" * 32), clock).opens(cookie, "a", HASH)
    clock.advance(seconds=VALID.total_seconds() - 1)
    assert tickets.opens(cookie, "a", HASH)
    clock.advance(seconds=1)
    assert not tickets.opens(cookie, "a", HASH)


def test_a_cookie_holds_the_latest_and_stays_readable() -> None:
    tickets = Tickets(RING, ManualClock())
    ids = [new_id() for _ in range(MAX_TICKETS + 5)]
    cookie = None
    for one in ids:
        cookie = tickets.with_one(cookie, one, HASH)
        cookie = tickets.with_one(cookie, one, HASH)  # twice takes no more room
    assert cookie is not None
    assert len(cookie) <= MAX_TOKEN_CHARS
    opened = [one for one in ids if tickets.opens(cookie, one, HASH)]
    assert opened == ids[-MAX_TICKETS:]


@given(st.text(max_size=50) | st.binary(max_size=80).map(lambda b: sign(RING, Purpose.SHARE, b)))
def test_a_cookie_of_nonsense_opens_nothing(cookie: str) -> None:
    tickets = Tickets(RING, ManualClock())
    assert not tickets.opens(cookie, "a", HASH)
    assert tickets.opens(tickets.with_one(cookie, "a", HASH), "a", HASH)


def test_a_token_of_another_purpose_is_no_ticket() -> None:
    tickets = Tickets(RING, ManualClock())
    body = b'[["a","%s",99999999999]]'
    for purpose in set(Purpose) - {Purpose.SHARE}:
        assert not tickets.opens(sign(RING, purpose, body), "a", HASH)


async def test_guesses_are_counted_by_resource_and_address() -> None:
    clock = ManualClock()
    limits = GuessLimits(OwnLimits(clock))
    for _ in range(PER_RESOURCE.max_failures):
        await limits.demand("a", "here")
        await limits.failed("a", "here")
    with pytest.raises(TooManyRequests):
        await limits.demand("a", "here")
    await limits.demand("a", "elsewhere")
    await limits.demand("b", "here")
    clock.advance(seconds=PER_RESOURCE.window_s)
    await limits.demand("a", "here")
    for number in range(PER_ADDRESS.max_failures):
        await limits.failed(f"r{number}", "here")
    with pytest.raises(TooManyRequests):
        await limits.demand("new", "here")
