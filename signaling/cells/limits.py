"""Limits of guessing that hold over all processes: counted by Redis, one script a step.

While Redis is away each process counts by itself. So nobody guesses without a bound then, and
nobody else is kept out.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import structlog

from signaling.base.clock import Clock
from signaling.base.limits import Allowance, Counted, Limit, Outcome, OwnLimits
from signaling.cells.api import Unreachable
from signaling.cells.redis_link import RedisLink
from signaling.cells.scripts import SETTLE, TAKE, limit_index, limit_key

log = structlog.get_logger(__name__)

AWAY_S = 5.0  # after Redis did not answer, it is not asked for so long: logins must not wait for it
_MARK_CHARS = 32  # 128 bits of a key's hash; logins and addresses need not stand in Redis


class SharedLimits:
    """Implements `LimitStore` over Redis, and over own memory while that is away.

    Failures are counted in own memory, too, so that a guesser does not begin anew when Redis goes.
    """

    def __init__(self, link: RedisLink, clock: Clock) -> None:
        """`link` should be of its own: a flood of logins must hold up no lease."""
        self._link = link
        self._clock = clock
        self._own = OwnLimits(clock)
        self._away_until: float | None = None

    @property
    def shared(self) -> bool:
        """Whether Redis counts; not while it is away."""
        return self._away_until is None

    async def settle(self, counted: Counted, outcome: Outcome) -> float | None:
        """See `LimitStore`."""
        keys: list[str] = []
        arguments: list[str | int] = [outcome.value]
        for limit, key in counted:
            keys += (limit_key(limit.name, _mark(key)), limit_index(limit.name))
            arguments += _numbers(limit)
        wait_ms = await self._asked(SETTLE, keys, arguments)
        own = await self._own.settle(counted, outcome)
        return own if wait_ms is None else _seconds(wait_ms)

    async def take(self, allowance: Allowance, key: str) -> float | None:
        """See `LimitStore`."""
        rule = allowance.rule
        keys = [limit_key(allowance.name, _mark(key)), limit_index(allowance.name)]
        arguments: list[str | int] = [str(rule.rate / 1000), str(rule.burst), rule.capacity]
        wait_ms = await self._asked(TAKE, keys, arguments)
        own = await self._own.take(allowance, key)
        return own if wait_ms is None else _seconds(wait_ms)

    async def close(self) -> None:
        """Close the connections."""
        await self._link.close()

    async def _asked(self, script: str, keys: list[str], arguments: list[str | int]) -> int | None:
        """Run a script; None if Redis does not answer."""
        now = self._clock.monotonic()
        if self._away_until is not None and now < self._away_until:
            return None
        try:
            answer: Any = await self._link.run(script, keys, arguments)
        except Unreachable as error:
            if self._away_until is None:
                log.warning("limits_of_this_process_only", why=str(error))
            self._away_until = now + AWAY_S
            return None
        if self._away_until is not None:
            self._away_until = None
            log.info("limits_shared_again")
        return int(answer)


def _numbers(limit: Limit) -> tuple[int, int, int, int]:
    rule = limit.rule
    longest_ms = int((rule.longest_s or 0) * 1000)
    return rule.max_failures, int(rule.window_s * 1000), longest_ms, rule.capacity


def _mark(key: str) -> str:
    return sha256(key.encode()).hexdigest()[:_MARK_CHARS]


def _seconds(wait_ms: int) -> float | None:
    return wait_ms / 1000 if wait_ms > 0 else None
