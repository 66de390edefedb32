"""Bounds of guessing: per account and origin, per address, and in all.

A browser that signed in before is no stranger. It is counted by itself, so that nobody can lock a
teacher or a classroom out by failing elsewhere. The limits over many origins stop strangers only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from signaling.access.signing import InvalidToken, Keyring, fingerprint
from signaling.base.clock import Clock
from signaling.base.errors import TooManyRequests
from signaling.base.ids import new_id
from signaling.base.rate_limit import BucketRule, Buckets, FailureLimiter, LimiterRule
from signaling.identity.tokens import KnownBrowser, open_known, seal_known

# Assessors of 等保 2.0 ask for a lock of at least 300 s after 5 failures; it doubles up to an hour.
PER_ACCOUNT = LimiterRule(max_failures=5, window_s=300, longest_s=3600)
# A school behind one address mistypes more often than one person.
PER_ADDRESS = LimiterRule(max_failures=50, window_s=300, longest_s=3600)
# Guesses at one account from everywhere: a botnet gets 100 an hour, known browsers are not counted.
ACCOUNT_EVERYWHERE = LimiterRule(max_failures=100, window_s=3600)
# 10^8 codes, a handful open: 20 wrong guesses in 5 minutes from an address need centuries.
PER_ADDRESS_CODES = LimiterRule(max_failures=20, window_s=300, longest_s=3600)
ALL_CODES = LimiterRule(max_failures=600, window_s=300, capacity=1)  # a botnet has many addresses
# Terminals that ask for a code to show: twice as many as may wait from one address, in the ten
# minutes of a code. Whoever has a whole IPv6 network has one bucket, and no write for each try.
ASKS = BucketRule(rate=64 / 600, burst=64)
KNOWN_FOR = timedelta(days=365)  # a browser is known for so long after its last login
MAX_KNOWN = 8  # accounts and rooms of one browser; the one longest ago goes

Limits = Sequence[tuple[FailureLimiter, str]]


@dataclass(frozen=True, slots=True)
class Caller:
    """Origin of an attempt to sign in.

    Attributes:
        remote: the address, as it is audited.
        origin: what limits count by: the address, or its network (`web.origin.limiter_key`).
        known: the cookie by which the browser is known, if any.
        device: the cookie with a device token, if any.
    """

    remote: str
    origin: str = ""
    known: str | None = None
    device: str | None = None

    @property
    def counted(self) -> str:
        """The key by which limits count."""
        return self.origin or self.remote


class LoginThrottle:
    """The limits on guessing, and the cookie of those who need not be counted with strangers."""

    def __init__(self, clock: Clock, keyring: Keyring) -> None:
        self._clock = clock
        self._keyring = keyring
        self._accounts = FailureLimiter(PER_ACCOUNT)
        self._addresses = FailureLimiter(PER_ADDRESS)
        self._everywhere = FailureLimiter(ACCOUNT_EVERYWHERE)
        self._known_codes = FailureLimiter(PER_ADDRESS_CODES)
        self._code_addresses = FailureLimiter(PER_ADDRESS_CODES)
        self._codes = FailureLimiter(ALL_CODES)
        self._slip_addresses = FailureLimiter(PER_ADDRESS)
        self._slips = FailureLimiter(ALL_CODES)
        self._asks = Buckets(ASKS)

    # --- limits ----------------------------------------------------------------------------------

    def account_limits(self, login: str, caller: Caller) -> Limits:
        """Limits of a login by password; the first belongs to this account and origin."""
        account = login.casefold()
        browser = self._browser(caller)
        if browser is not None and account_mark(login) in browser.accounts:
            return ((self._accounts, f"{account}\0browser {browser.browser_id}"),)
        return (
            (self._accounts, f"{account}\0{caller.counted}"),
            (self._addresses, caller.counted),
            (self._everywhere, account),
        )

    def code_limits(self, caller: Caller, room_id: str | None) -> Limits:
        """Limits of a 课程码, from a room's own terminal (`room_id`) or from a stranger."""
        browser = self._browser(caller)
        marks = () if browser is None else browser.accounts
        if room_id is not None or any(mark.startswith(_ROOM) for mark in marks):
            # Counted by room: who may make such browsers has a code of that room already.
            own = (mark for mark in marks if mark.startswith(_ROOM))
            room = next(own, "") if room_id is None else room_mark(room_id)
            return ((self._known_codes, room),)
        return ((self._code_addresses, caller.counted), (self._codes, ""))

    def activation_limits(self, caller: Caller) -> Limits:
        """Limits of codes for a first password."""
        return ((self._slip_addresses, caller.counted), (self._slips, ""))

    def token_limits(self, caller: Caller) -> Limits:
        """Limits of device tokens that are none."""
        return ((self._code_addresses, caller.counted),)

    def demand_may_ask(self, caller: Caller) -> None:
        """Raise TooManyRequests for terminals of one origin that ask for too many codes."""
        wait = self._asks.take(caller.counted, self._clock.monotonic())
        if wait is not None:
            raise TooManyRequests(wait)

    def demand(self, limits: Limits) -> None:
        """Raises TooManyRequests while one of them says to wait."""
        now = self._clock.monotonic()
        waits = [limiter.retry_after(key, now) for limiter, key in limits]
        longest = max((wait for wait in waits if wait is not None), default=None)
        if longest is not None:
            raise TooManyRequests(longest)

    def note_failure(self, limits: Limits) -> None:
        """Count a failure."""
        now = self._clock.monotonic()
        for limiter, key in limits:
            limiter.note_failure(key, now)

    @staticmethod
    def note_success(limits: Limits) -> None:
        """Forget the failures of this account and origin; those of others stay counted."""
        limiter, key = limits[0]
        limiter.forget(key)

    # --- known browsers --------------------------------------------------------------------------

    def know(self, caller: Caller, mark: str) -> str:
        """The cookie of a browser from which this account or room has just signed in."""
        browser = self._browser(caller)
        before = () if browser is None else browser.accounts
        accounts = (mark, *(other for other in before if other != mark))[:MAX_KNOWN]
        browser_id = new_id() if browser is None else browser.browser_id
        issued_at = int(self._clock.now().timestamp())
        return seal_known(self._keyring, KnownBrowser(browser_id, accounts, issued_at))

    def _browser(self, caller: Caller) -> KnownBrowser | None:
        oldest = (self._clock.now() - KNOWN_FOR).timestamp()
        try:
            return open_known(self._keyring, caller.known or "", oldest)
        except InvalidToken:
            return None


_ROOM = "room "


def account_mark(login: str) -> str:
    """An account, as the cookie of a known browser names it."""
    return "account " + fingerprint(login.casefold())[:32]


def room_mark(room_id: str) -> str:
    """A room, as the cookie of a known browser names it."""
    return _ROOM + fingerprint(room_id)[:32]
