"""Fences that a test opens and shuts, and the statements of each transaction, in their order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, event, text
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.base.database import Database
from signaling.base.fences import LeaseLost

_ASKED = "SELECT 'the fence was asked'"
_WRITING = ("INSERT", "UPDATE", "DELETE", "REPLACE")


@dataclass
class FakeFences:
    """Fences of a process that has all lessons but those `lost`; a question shows as a SELECT."""

    lost: set[str] = field(default_factory=set)

    async def check(self, session: AsyncSession, lesson_id: str) -> None:
        """Refuse a lesson that is lost."""
        await session.execute(text(_ASKED))
        if lesson_id in self.lost:
            raise LeaseLost(lesson_id)


@dataclass
class Transaction:
    """The statements of one transaction, without its BEGIN."""

    statements: list[str] = field(default_factory=list)

    @property
    def writes(self) -> bool:
        """Whether it changes rows."""
        return any(one.lstrip().upper().startswith(_WRITING) for one in self.statements)

    @property
    def asked_first(self) -> bool:
        """Whether the fence was asked before anything else."""
        return self.statements[:1] == [_ASKED]


@contextmanager
def transactions_of(database: Database) -> Iterator[Sequence[Transaction]]:
    """Yield a list that grows with each transaction of a database in SQLite."""
    assert database.is_sqlite  # PostgreSQL's driver says BEGIN by itself
    found: list[Transaction] = []
    present: dict[Connection, Transaction] = {}

    def note(connection: Connection, _: Any, statement: str, *__: Any) -> None:
        if statement.startswith("BEGIN"):
            present[connection] = Transaction()
            found.append(present[connection])
        elif connection in present:
            present[connection].statements.append(statement)

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)
