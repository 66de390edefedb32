"""Two cells over one database: what the one writes of a lesson that the other has taken over."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from signaling.audit.log import AuditLog
from signaling.base.clock import SystemClock
from signaling.base.config import Config
from signaling.base.database import Database
from signaling.base.events import Events
from signaling.base.fences import LeaseLost
from signaling.cells.core.leasing import Lease, Refused, Renewal
from signaling.cells.core.times import CellTimes
from signaling.cells.fence import LeaseFences
from signaling.cells.service import CellLeases
from signaling.cells.store import LeaseStore
from signaling.classroom.parts.mute import MutePiece
from signaling.classroom.parts.part import SavedRoom
from signaling.classroom.store import RoomStore
from signaling.lessons.fact_records import FactBatch, Spell
from signaling.lessons.facts import FactStore, fact_sheets
from signaling.lessons.service import LessonService
from signaling.lessons.store import LessonChange, LessonStore
from signaling.lessons.wire import LessonState
from signaling.links.samples import LinkReading
from signaling.links.service import LinkHistory
from signaling.links.store import LinkStore
from signaling.links.wire import LinkState
from tests.integration.signaling.stores import AT, a_lesson, changed, created
from tests.support.services import ManualClock


class ForgetfulBoard:
    """A Redis that has lost its memory and is over with settling: everybody gets every key."""

    async def claim(self, _lease: Lease, *, was_held: bool) -> Refused | None:
        """Grant it."""
        return None

    async def renew(self, leases: Sequence[Lease]) -> Sequence[Renewal]:
        """Put the keys back."""
        return [Renewal.RESTORED] * len(leases)

    async def release(self, leases: Sequence[Lease]) -> None:
        """Forget."""


@dataclass
class Cell:
    """The writers of one cell, and the lessons whose end it has told."""

    cell_id: str
    database: Database
    ended: list[object] = field(default_factory=list)

    def __post_init__(self) -> None:
        clock, database, events = SystemClock(), self.database, Events()
        book = LeaseStore(database, clock)
        self.leases = CellLeases(self.cell_id, ForgetfulBoard(), book, clock, CellTimes())
        fences = LeaseFences(self.leases)
        self.rooms = RoomStore(database, fences)
        self.facts = FactStore(database, fences)
        self.lesson_store = LessonStore(database, fences)
        self.audit = AuditLog(database, clock, events)
        self.lessons = LessonService(self.lesson_store, self.audit, events, clock, Config())
        self.links = LinkHistory(LinkStore(database, fences), ManualClock(), 90)

    async def claim(self, lesson_id: str) -> Lease:
        """Take a lesson."""
        lease = await self.leases.claim(lesson_id)
        assert isinstance(lease, Lease)
        return lease

    def writes(self, lesson_id: str) -> dict[str, Callable[[], Awaitable[object]]]:
        """What a cell writes of a lesson until it is over; each row says which cell it was."""
        room = SavedRoom((MutePiece(muted_all=self.cell_id == "b"),))
        spell = Spell(f"room-{self.cell_id}", AT, None, AT)
        return {
            "room": lambda: self.rooms.save(lesson_id, room),
            "facts": lambda: self.facts.write(lesson_id, FactBatch((spell,))),
            "recording": lambda: self.lesson_store.set_recording(lesson_id, f"by-{self.cell_id}"),
            "end": lambda: self.lessons.end_by_itself(lesson_id),
            "last facts": lambda: self.facts.conclude(lesson_id, FactBatch(), AT, timedelta()),
        }


@pytest.fixture
async def live_lesson(lessons: LessonStore) -> str:
    lesson_id = await created(lessons, a_lesson())
    live = LessonChange(LessonState.LIVE, held_from=AT)
    assert await changed(lessons, lesson_id, LessonState.SCHEDULED, live)
    return lesson_id


async def test_what_the_former_cell_writes_is_refused_and_the_new_ones_lands(
    database: Database, live_lesson: str
) -> None:
    a, b = Cell("a", database), Cell("b", database)
    assert (await a.claim(live_lesson)).epoch == 1
    await a.writes(live_lesson)["room"]()  # it writes while it has the lesson
    assert (await b.claim(live_lesson)).epoch == 2
    for name, write in a.writes(live_lesson).items():
        with pytest.raises(LeaseLost):
            await write()
        assert not await a.audit.entries("lesson_end"), name
    for write in b.writes(live_lesson).values():
        await write()
    record = await b.lesson_store.lesson(live_lesson)
    assert record is not None
    assert (record.state, record.recording_id) == (LessonState.ENDED, "by-b")
    assert (await b.rooms.saved(live_lesson)).of(MutePiece).muted_all is True
    async with database.read() as session:
        sheet = (await fact_sheets(session, [live_lesson]))[live_lesson]
    assert [spell.participant_id for spell in sheet.spells] == ["room-b"]
    assert len(await b.audit.entries("lesson_end")) == 1


async def test_a_cell_that_gave_a_lesson_back_writes_no_more_of_it(
    database: Database, live_lesson: str
) -> None:
    cell = Cell("a", database)
    await cell.claim(live_lesson)
    await cell.leases.release(live_lesson)
    for write in cell.writes(live_lesson).values():
        with pytest.raises(LeaseLost):
            await write()


async def test_a_batch_over_several_lessons_leaves_out_those_that_are_lost(
    database: Database, lessons: LessonStore
) -> None:
    a, b = Cell("a", database), Cell("b", database)
    ids = [await created(lessons, a_lesson(60 * number)) for number in range(3)]
    for lesson_id in ids:
        await a.claim(lesson_id)
        a.links.note(lesson_id, [("room-a", LinkReading(LinkState.GOOD))])
    await b.claim(ids[1])
    a.links.close_all()
    await a.links.write()
    assert (a.links.written, a.links.dropped) == (2, 1)
    written = [one for one in ids if await LinkStore(database).recorded(one) is not None]
    assert written == [ids[0], ids[2]]
