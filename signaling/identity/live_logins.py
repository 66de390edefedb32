"""The seam to the live rooms: which logins are in use there."""

from __future__ import annotations

from typing import Protocol

import structlog

from signaling.base.errors import LiveStateUnknown

log = structlog.get_logger(__name__)


class LiveLogins(Protocol):
    """The logins that are in use. Wiring hands in the live rooms."""

    async def logins_in_use(self) -> frozenset[str]:
        """Return the hashes of the sessions of open channels and media sessions.

        Raises:
            LiveStateUnknown: the rooms do not answer in time.
        """


async def in_use(live: LiveLogins) -> frozenset[str] | None:
    """Return the hashes of the sessions in use; None where any may be. Ask outside transactions."""
    try:
        return await live.logins_in_use()
    except LiveStateUnknown:
        log.warning("logins_in_use_unknown")
        return None
