"""审计日志, as far as the one who asks may read it."""

from __future__ import annotations

from collections.abc import Sequence

from signaling.access.actions import Action
from signaling.access.grants import branches_granted, demand_somewhere
from signaling.access.roles import Actor
from signaling.audit.store import AuditSearch, AuditStore
from signaling.audit.wire import AuditLine
from signaling.base.cursors import cursor_of


class AuditReader:
    """The audit log of a branch."""

    def __init__(self, store: AuditStore) -> None:
        self._store = store

    async def page(
        self, actor: Actor, search: AuditSearch
    ) -> tuple[Sequence[AuditLine], str | None]:
        """Return a page of the lines that concern the actor's branches, newest first.

        Raises:
            Forbidden: the actor reads the log of no branch.
        """
        demand_somewhere(actor, Action.READ_AUDIT)
        lines, following = await self._store.page(
            branches_granted(actor, Action.READ_AUDIT), search
        )
        return lines, None if following is None else cursor_of(following)
