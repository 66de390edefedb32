"""Tickets for resources whose password was given: one cookie, and bounds of guessing.

A ticket names the password by a trace of its hash, so that a new password makes it void. The ticket
of a share link names the link, which is asked each time whether it still opens. One cookie
holds a few tickets, so that it never outgrows a request's headers.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from signaling.access.signing import (
    InvalidToken,
    Keyring,
    Purpose,
    fingerprint,
    sign,
    typed,
    unsign,
)
from signaling.base.clock import Clock
from signaling.base.limits import Counted, Limit, LimitStore, Outcome, demand
from signaling.base.rate_limit import LimiterRule

COOKIE = "tongke_shared"
VALID = timedelta(hours=3)  # two lessons; the page asks again then
MAX_TICKETS = 16  # of one browser; the oldest goes
_LINK = "link:"  # before the id of a link, in place of a trace
_MARK_CHARS = 16  # of the hash's trace: 64 bits

# As for accounts (等保 2.0): a lock of 300 s after 5 failures of one address at one resource.
PER_RESOURCE = LimiterRule(max_failures=5, window_s=300, longest_s=3600)
# A school behind one address mistypes more often than one person.
PER_ADDRESS = LimiterRule(max_failures=50, window_s=300, longest_s=3600)
# Guesses at one resource from everywhere: 10^6 passwords of six digits take a botnet 100 days.
EVERYWHERE = LimiterRule(max_failures=100, window_s=900)
_RESOURCES = Limit("resources", PER_RESOURCE)
_ADDRESSES = Limit("resource-addresses", PER_ADDRESS)
_EVERYWHERE = Limit("resources-everywhere", EVERYWHERE)


class _Ticket(msgspec.Struct, frozen=True, array_like=True):
    """One resource that may be opened until a time, in Unix seconds."""

    resource_id: str
    mark: str
    until: int


class Tickets:
    """Seals and reads the cookie."""

    def __init__(self, keyring: Keyring, clock: Clock) -> None:
        self._keyring = keyring
        self._clock = clock

    def opens(self, cookie: str | None, resource_id: str, password_hash: str | None) -> bool:
        """Return whether a cookie opens a resource with this password."""
        if not cookie or password_hash is None:
            return False
        mark = _mark(password_hash)
        return any(
            one.resource_id == resource_id and one.mark == mark for one in self._read(cookie)
        )

    def with_one(self, cookie: str | None, resource_id: str, password_hash: str) -> str:
        """Return the cookie with one more ticket."""
        return self._with(cookie, resource_id, _mark(password_hash))

    def link_of(self, cookie: str | None, resource_id: str) -> str | None:
        """Return the link by which somebody came to a resource; None if by none."""
        if not cookie:
            return None
        marks = (one.mark for one in self._read(cookie) if one.resource_id == resource_id)
        found = next((mark for mark in marks if mark.startswith(_LINK)), None)
        return None if found is None else found.removeprefix(_LINK)

    def with_link(self, cookie: str | None, resource_id: str, link_id: str) -> str:
        """Return the cookie with the ticket of a link."""
        return self._with(cookie, resource_id, f"{_LINK}{link_id}")

    def _with(self, cookie: str | None, resource_id: str, mark: str) -> str:
        until = int((self._clock.now() + VALID).timestamp())
        others = [one for one in self._read(cookie or "") if one.resource_id != resource_id]
        kept = [_Ticket(resource_id, mark, until), *others][:MAX_TICKETS]
        return sign(self._keyring, Purpose.SHARE, msgspec.json.encode(kept))

    def _read(self, cookie: str) -> list[_Ticket]:
        """Return the tickets that are still valid; none of a cookie that is not ours."""
        now = self._clock.now().timestamp()
        try:
            found = typed(unsign(self._keyring, Purpose.SHARE, cookie), list[_Ticket])
        except InvalidToken:
            return []
        return [one for one in found if one.until > now]


def _mark(password_hash: str) -> str:
    return fingerprint(password_hash)[:_MARK_CHARS]


class GuessLimits:
    """Bounds the guesses of passwords of shared resources."""

    def __init__(self, store: LimitStore) -> None:
        self._store = store

    async def demand(self, resource_id: str, origin: str) -> None:
        """Raise TooManyRequests while a bound is reached."""
        await demand(self._store, _limits(resource_id, origin))

    async def failed(self, resource_id: str, origin: str) -> None:
        """Count a wrong password. Raises as `demand`: then others failed meanwhile."""
        await demand(self._store, _limits(resource_id, origin), Outcome.FAILED)

    async def succeeded(self, resource_id: str, origin: str) -> None:
        """Forget the failures of this origin at this resource. Raises as `demand`."""
        await demand(self._store, _limits(resource_id, origin), Outcome.SUCCEEDED)


def _limits(resource_id: str, origin: str) -> Counted:
    return (
        (_RESOURCES, _key(resource_id, origin)),
        (_ADDRESSES, origin),
        (_EVERYWHERE, resource_id),
    )


def _key(resource_id: str, origin: str) -> str:
    return f"{resource_id}\0{origin}"
