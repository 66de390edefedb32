"""End of an account's logins, as the directory asks for it."""

from __future__ import annotations

from typing import Protocol

from signaling.audit.log import Work


class EndSessions(Protocol):
    """Ends the logins of an account. Wiring hands it in."""

    async def __call__(self, work: Work, person_id: str) -> None:
        """End every session of an account, as part of the work."""
