"""A cell whose fences a test shuts, and the statements of each transaction, in their order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, text
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.base.database import Database
from signaling.base.fences import LeaseLost
from signaling.classroom.channel import Channel
from signaling.classroom.parts.headcount import SetHeadcount
from signaling.classroom.parts.mute import MuteAll
from signaling.command import seed
from signaling.lessons.events import LessonFactsKept
from signaling.lessons.facts import fact_sheets
from signaling.links.rules import Seen
from signaling.links.samples import LinkReading
from signaling.links.wire import LinkState
from signaling.wiring import Services
from tests.support.services import ManualClock, lead_teacher, running_services

WELL = LinkReading(LinkState.GOOD, seen=Seen.HIGH, hears=True)
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


@dataclass
class Cell:
    """A process with lessons, and the lessons whose facts are complete."""

    services: Services
    clock: ManualClock
    fences: FakeFences
    kept: list[str]
    made: int = 0

    async def start(self, lesson_id: str) -> None:
        """Start a lesson as its teacher."""
        await self.services.lessons.start(await lead_teacher(self.services), lesson_id)

    async def end(self, lesson_id: str) -> None:
        """End a lesson as its teacher."""
        await self.services.lessons.end(await lead_teacher(self.services), lesson_id)

    def act(self, channel: Channel) -> None:
        """Do in a lesson what leaves room state, facts and samples; 11 seconds pass."""
        self.made += 1
        (lesson_id,) = [
            room.lesson_id for room in self.services.hub.rooms if channel in room.channels
        ]
        room = self.services.hub.room(lesson_id)
        assert room is not None
        for muted in (False, True):
            room.command(channel, MuteAll(1, muted))
        room.command(channel, SetHeadcount(2, self.made, f"room-{seed.RECEIVE_ROOMS[0]}"))
        for seconds in (1, 10):
            self.services.link_history.note(lesson_id, [("room-a", WELL)])
            self.services.fact_keeper.readings(lesson_id, [("room-a", WELL)])
            self.clock.advance(seconds=seconds)

    async def counts(self, lesson_id: str) -> Any:
        """The headcounts of a lesson in the database."""
        async with self.services.database.read() as session:
            return (await fact_sheets(session, [lesson_id]))[lesson_id].headcounts


@asynccontextmanager
async def running_cell(data: Path) -> AsyncIterator[Cell]:
    """Run the services of a cell, with fences to shut."""
    fences, kept, clock = FakeFences(), list[str](), ManualClock()
    async with running_services(data, clock, fences=fences) as services:

        async def note(event: LessonFactsKept) -> None:
            kept.append(event.lesson_id)

        services.events.subscribe(LessonFactsKept, note)
        yield Cell(services, clock, fences, kept)
