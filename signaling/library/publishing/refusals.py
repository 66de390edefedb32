"""Audit rows of those, guests too, who try a password or a link in vain."""

from __future__ import annotations

from dataclasses import dataclass, field

from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.facts import detail_of
from signaling.audit.log import AuditLog
from signaling.base.clock import Clock
from signaling.base.rate_limit import FailureLimiter, LimiterRule
from signaling.library.publishing.reading import Viewer

# Rows of one address about one resource: an old link costs whoever has it no guess.
NOTED = LimiterRule(max_failures=20, window_s=300)
_GUEST = Actor("", "")


@dataclass(frozen=True, slots=True)
class GuestRefusals:
    """Notes refusals, and bounds how many of them one address leaves."""

    audit: AuditLog
    clock: Clock
    _noted: FailureLimiter = field(default_factory=lambda: FailureLimiter(NOTED))

    async def note(
        self,
        viewer: Viewer,
        resource_id: str,
        about: tuple[str, str],
        *,
        deed: str,
        problem: str,
    ) -> None:
        """Audit one refusal.

        Args:
            viewer: the one who tried.
            resource_id: the resource.
            about: its path and title.
            deed: what was tried.
            problem: the code of the refusal.
        """
        key, now = f"{resource_id}\0{viewer.origin}", self.clock.monotonic()
        if self._noted.retry_after(key, now) is not None:
            return
        self._noted.note_failure(key, now)
        path, name = about
        await self.audit.note(
            viewer.actor or _GUEST.at(viewer.remote),
            AuditAction.RESOURCE_REFUSED,
            resource_id,
            detail_of(deed=deed, problem=problem),
            path=path,
            name=name,
        )
