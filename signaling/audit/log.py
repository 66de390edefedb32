"""The audit log, and the unit of work: one transaction for rows and audit row, then the events.

A store's writing method takes a `Work`, so nothing can be changed without saying who did it. The
audit row is written last in the same transaction: if either fails, neither is there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.rules import NotedDownloads
from signaling.audit.tables import AuditRow
from signaling.base.clock import Clock, SystemClock
from signaling.base.database import Database
from signaling.base.events import Events
from signaling.base.ids import new_id

PAGE_ENTRIES = 1000  # lines of one reading
_SHORT_CHARS = 200  # the width of the short columns in `tables.AuditRow`

# Actors that are nobody's account. Pages know them by the id; the name is for readers of the table.
SYSTEM = Actor("system", "系统")
COMMAND = Actor("command", "命令行")


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the audit log."""

    at: datetime
    actor_id: str | None
    actor_name: str
    action: str
    target: str
    detail: str = ""
    remote: str = ""
    path: str = ""
    target_name: str = ""


class Work:
    """One action under way: its transaction, its audit row to be, and the events that follow.

    Attributes:
        session: the writing transaction; stores put their rows into it.
        target: the id of what is acted on; may be set once it is known.
        detail: more about it, such as a reason.
        name: the target's name at that time, for readers.
        path: the branch of the org tree that the action concerns; empty where none is known.
    """

    def __init__(self, session: AsyncSession, target: str, detail: str) -> None:
        self.session = session
        self.target = target
        self.detail = detail
        self.name = ""
        self.path = ""
        self.idle = False
        self.events: list[object] = []

    def concerns(self, path: str, name: str = "") -> None:
        """Say which branch the action concerns, and the name of its target."""
        self.path, self.name = path, name

    def nothing_to_do(self) -> None:
        """Say that nothing was changed: no audit row is written."""
        self.idle = True

    def tell(self, event: object) -> None:
        """Publish an event once the work is committed; never if it fails."""
        self.events.append(event)


class AuditLog:
    """Opens units of work, and reads what they left."""

    def __init__(
        self, database: Database, clock: Clock | None = None, events: Events | None = None
    ) -> None:
        self._database = database
        self._clock = clock or SystemClock()
        self._events = events or Events()
        self._downloads, self._noting = NotedDownloads(), asyncio.Lock()

    @asynccontextmanager
    async def work(
        self, actor: Actor, action: AuditAction, target: str = "", detail: str = ""
    ) -> AsyncIterator[Work]:
        """Open a unit of work: all its rows and its audit row are committed, or none of them.

        Afterwards its events are published, outside of any transaction.
        """
        async with self._database.write() as session:
            work = Work(session, target, detail)
            yield work
            if not work.idle:
                session.add(self._row(actor, action, work))
        await self._events.publish(work.events)

    async def note(
        self,
        actor: Actor,
        action: AuditAction,
        target: str = "",
        detail: str = "",
        *,
        path: str,
        name: str = "",
    ) -> None:
        """Record an action that leaves no rows but its audit row."""
        async with self.work(actor, action, target, detail) as work:
            work.concerns(path, name)

    async def note_download(
        self,
        actor: Actor,
        action: AuditAction,
        target: str,
        detail: str,
        *,
        file: str,
        path: str,
        name: str = "",
    ) -> None:
        """Record that somebody fetches a file: once an hour, however many ranges are asked for.

        Nothing is given out before the row is there. `file` names what is fetched.
        """
        download = (action, actor.actor_id, file)
        async with self._noting:  # of ranges that are asked for at once, the first has the row
            now = self._clock.now()
            if self._downloads.wants_row(download, now):
                await self.note(actor, action, target, detail, path=path, name=name)
                self._downloads.has_row(download, now)

    async def entries(self, action: AuditAction | None = None) -> Sequence[AuditEntry]:
        """Return the newest `PAGE_ENTRIES` lines, newest first."""
        query = select(AuditRow).order_by(AuditRow.at.desc()).limit(PAGE_ENTRIES)
        if action is not None:
            query = query.where(AuditRow.action == action)
        async with self._database.read() as session:
            rows = (await session.scalars(query)).all()
        return tuple(
            AuditEntry(
                r.at,
                r.actor_id,
                r.actor_name,
                r.action,
                r.target,
                r.detail,
                r.remote,
                r.path,
                r.target_name,
            )
            for r in rows
        )

    def _row(self, actor: Actor, action: AuditAction, work: Work) -> AuditRow:
        return AuditRow(
            audit_id=new_id(),
            at=self._clock.now(),
            actor_id=actor.actor_id or None,
            actor_name=actor.name[:_SHORT_CHARS],
            action=action,
            target=work.target[:_SHORT_CHARS],
            detail=work.detail,
            remote=actor.remote[:_SHORT_CHARS],
            path=work.path,
            target_name=work.name[:_SHORT_CHARS],
        )


def own_branch(actor: Actor) -> str:
    """Return the path of the branch to which an actor belongs; empty where there is not just one.

    An actor above counties has the branch of the grants, if they all lie in one.
    """
    if actor.county:
        return actor.home or actor.county
    paths = {grant.path for grant in actor.grants}
    return paths.pop() if len(paths) == 1 else ""
