"""Bounds of guessing: per account and origin, per address, and in all.

A browser that signed in before is no stranger. It is counted by itself, so that nobody can lock a
teacher or a classroom out by failing elsewhere. The limits over many origins stop strangers only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from signaling.access.signing import InvalidToken, Keyring, fingerprint
from signaling.base.clock import Clock
from signaling.base.errors import TooManyRequests
from signaling.base.ids import new_id
from signaling.base.limits import Allowance, Counted, Limit, LimitStore, Outcome, demand
from signaling.base.rate_limit import BucketRule, LimiterRule
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

ACCOUNTS = Limit("accounts", PER_ACCOUNT)
ADDRESSES = Limit("addresses", PER_ADDRESS)
EVERYWHERE = Limit("everywhere", ACCOUNT_EVERYWHERE)
KNOWN_CODES = Limit("known-codes", PER_ADDRESS_CODES)
CODE_ADDRESSES = Limit("code-addresses", PER_ADDRESS_CODES)
CODES = Limit("codes", ALL_CODES)
SLIP_ADDRESSES = Limit("slip-addresses", PER_ADDRESS)
SLIPS = Limit("slips", ALL_CODES)
ASKED_CODES = Allowance("asked-codes", ASKS)


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

    def __init__(self, clock: Clock, keyring: Keyring, store: LimitStore) -> None:
        self._clock = clock
        self._keyring = keyring
        self._store = store

    # --- limits ----------------------------------------------------------------------------------

    def account_limits(self, login: str, caller: Caller) -> Counted:
        """Limits of a login by password; the first belongs to this account and origin."""
        account = login.casefold()
        browser = self._browser(caller)
        if browser is not None and account_mark(login) in browser.accounts:
            return ((ACCOUNTS, f"{account}\0browser {browser.browser_id}"),)
        return (
            (ACCOUNTS, f"{account}\0{caller.counted}"),
            (ADDRESSES, caller.counted),
            (EVERYWHERE, account),
        )

    def code_limits(self, caller: Caller, room_id: str | None) -> Counted:
        """Limits of a 课程码, from a room's own terminal (`room_id`) or from a stranger."""
        browser = self._browser(caller)
        marks = () if browser is None else browser.accounts
        if room_id is not None or any(mark.startswith(_ROOM) for mark in marks):
            # Counted by room: who may make such browsers has a code of that room already.
            own = (mark for mark in marks if mark.startswith(_ROOM))
            room = next(own, "") if room_id is None else room_mark(room_id)
            return ((KNOWN_CODES, room),)
        return ((CODE_ADDRESSES, caller.counted), (CODES, ""))

    def activation_limits(self, caller: Caller) -> Counted:
        """Limits of codes for a first password."""
        return ((SLIP_ADDRESSES, caller.counted), (SLIPS, ""))

    def token_limits(self, caller: Caller) -> Counted:
        """Limits of device tokens that are none."""
        return ((CODE_ADDRESSES, caller.counted),)

    async def demand_may_ask(self, caller: Caller) -> None:
        """Raise TooManyRequests for terminals of one origin that ask for too many codes."""
        wait = await self._store.take(ASKED_CODES, caller.counted)
        if wait is not None:
            raise TooManyRequests(wait)

    async def demand(self, limits: Counted) -> None:
        """Raise TooManyRequests while one of them says to wait."""
        await demand(self._store, limits)

    async def failed(self, limits: Counted) -> None:
        """Count a failure. Raises as `demand`: then others failed meanwhile, and it is not told."""
        await demand(self._store, limits, Outcome.FAILED)

    async def succeeded(self, limits: Counted) -> None:
        """Forget the failures of this account and origin; those of others stay counted.

        Raises as `demand`: then others failed meanwhile, and nobody may know that this was right.
        """
        await demand(self._store, limits, Outcome.SUCCEEDED)

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
