"""The audit log, and the change that it tells of: one transaction for both.

A store's writing method takes a `Work`, so nothing can be changed without saying who did it. The
audit row is written last in the same transaction: if either fails, neither is there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.clock import Clock, SystemClock
from signaling.core.permissions import Subject
from signaling.db.engine import Database
from signaling.db.tables import AuditRow
from signaling.ids import new_id

PAGE_ENTRIES = 1000  # lines of one reading
_SHORT_CHARS = 200  # the width of the short columns in `tables.AuditRow`


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and from which address. `actor_id` is None where nobody is known by an id."""

    actor_id: str | None
    name: str
    remote: str = ""

    @classmethod
    def of(cls, subject: Subject, remote: str = "") -> Actor:
        """A signed-in subject."""
        return cls(subject.subject_id, subject.name, remote)


SYSTEM = Actor("system", "系统")
OBSERVE = "observe"  # 观摩, 巡课: the action of watching unseen, by whichever way


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


class Work:
    """One action under way: the transaction for its rows, and what the audit log will say of it.

    Attributes:
        session: the writing transaction; stores put their rows into it.
        target: the id of what is acted on; may be set once it is known.
        detail: more about it, such as a reason.
    """

    def __init__(self, session: AsyncSession, target: str, detail: str) -> None:
        self.session = session
        self.target = target
        self.detail = detail
        self.idle = False

    def nothing_to_do(self) -> None:
        """Say that nothing was changed: no audit row is written."""
        self.idle = True


class AuditLog:
    """Opens units of work, and reads what they left."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or SystemClock()

    @asynccontextmanager
    async def work(
        self, actor: Actor, action: str, target: str = "", detail: str = ""
    ) -> AsyncIterator[Work]:
        """One action: all its rows and its audit row are committed together, or none of them."""
        async with self._database.write() as session:
            work = Work(session, target, detail)
            yield work
            if not work.idle:
                session.add(self._row(actor, action, work))

    async def note(self, actor: Actor, action: str, target: str = "", detail: str = "") -> None:
        """An action that leaves no rows but its audit row."""
        async with self.work(actor, action, target, detail):
            pass

    async def entries(self, action: str | None = None) -> Sequence[AuditEntry]:
        """The newest `PAGE_ENTRIES` lines, newest first."""
        query = select(AuditRow).order_by(AuditRow.at.desc()).limit(PAGE_ENTRIES)
        if action is not None:
            query = query.where(AuditRow.action == action)
        async with self._database.read() as session:
            rows = (await session.scalars(query)).all()
        return tuple(
            AuditEntry(r.at, r.actor_id, r.actor_name, r.action, r.target, r.detail, r.remote)
            for r in rows
        )

    def _row(self, actor: Actor, action: str, work: Work) -> AuditRow:
        return AuditRow(
            audit_id=new_id(),
            at=self._clock.now(),
            actor_id=actor.actor_id,
            actor_name=actor.name[:_SHORT_CHARS],
            action=action,
            target=work.target[:_SHORT_CHARS],
            detail=work.detail,
            remote=actor.remote[:_SHORT_CHARS],
        )
