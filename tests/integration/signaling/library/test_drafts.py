"""Drafts: made by the recorder's events, and at start whatever was interrupted between the two."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from recorder.api import Entry, LessonFacts, RecordingFailure, RecordingState
from recorder.recordings.service import Recordings
from recorder.recordings.store import RecordingStore
from recorder.storage.folder import FolderStorage
from signaling.access.roles import ROOT_PATH, Actor, Role, held_in
from signaling.base.database import Database
from signaling.base.migrate import migrate
from signaling.library.drafts import Drafts
from signaling.library.records import Resource
from signaling.library.store import ResourceStore
from signaling.library.tables import ResourceRow
from tests.integration.signaling.library.entries import AT, an_entry
from tests.support.schema import take_back
from tests.support.services import ManualClock
from tests.support.waiting import PATIENCE_S

ADMIN = Actor(
    "z",
    "z",
    frozenset({Role.RESOURCE_ADMIN}),
    grants=held_in(ROOT_PATH, [Role.RESOURCE_ADMIN]),
)
FACTS = LessonFacts("lesson", "课", "语文", "一年级", "dedicated", "wang", "王老师", {}, ())


class Here:
    """A database under both chains, with the recorder's own list of recordings."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.kept = RecordingStore(database.url)
        self.recordings = Recordings(self.kept, FolderStorage(folder), AT.timestamp)
        self.resources = ResourceStore(database)

    def drafts(self) -> Drafts:
        """What a process makes when it starts."""
        recorder: Any = self.recordings
        return Drafts(recorder, self.resources, ManualClock(AT))

    async def shown(self) -> list[Resource]:
        """What somebody who sees all is shown."""
        page, _ = await self.resources.page(ADMIN, limit=1000, before=None)
        return list(page)

    async def ids(self) -> list[str]:
        return [one.recording_id for one in await self.shown()]


@pytest.fixture
async def here(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Here]:
    made = Here(database, tmp_path)
    await made.kept.open()
    monkeypatch.setattr("signaling.library.drafts.SETTLE_S", PATIENCE_S)  # the machine is busy
    yield made
    await made.kept.close()


async def _record(here: Here, *names: str) -> None:
    for minute, name in enumerate(names):
        await here.kept.add(name, FACTS, AT.timestamp() + 60 * minute)


async def test_recordings_of_a_former_version_get_their_drafts_at_the_first_start(
    here: Here,
) -> None:
    await _record(here, "going-on", "ready", "failed")
    for name in ("ready", "failed"):
        await here.kept.set_state(name, RecordingState.FINISHING)
    await here.kept.set_state(
        "failed", RecordingState.FAILED, failure=RecordingFailure.NOTHING_RECORDED
    )
    drafts = here.drafts()
    await drafts.start()
    await drafts.stop()
    shown = {one.recording_id: one for one in await here.shown()}
    assert list(shown) == ["failed", "ready", "going-on"]  # no lesson of theirs is in a table
    assert {one.state for one in shown.values()} == {"draft"}
    one = shown["ready"]
    assert (one.title, one.lead_teacher_id, one.lesson_id) == ("课", "wang", "lesson")
    assert one.started_at == AT + timedelta(minutes=1)


async def test_a_database_left_between_the_two_chains_is_completed(
    here: Here, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"r{number:03}" for number in range(250)]  # three pages of the recorder
    await _record(here, *names)

    # The former version: recordings, and a signaling chain that knows no resources.
    await take_back(database, "0004")
    await migrate(database)
    assert await here.ids() == []  # the process died before the recorder's chain

    follow, pages = here.resources.follow, 0

    async def dies(entries: Sequence[Entry], now: Any) -> None:
        nonlocal pages
        pages += 1
        if pages == 2:
            raise OSError("the power is cut")
        await follow(entries, now)

    monkeypatch.setattr(here.resources, "follow", dies)
    with pytest.raises(OSError, match="the power"):
        await here.drafts().start()
    monkeypatch.undo()
    assert await here.ids() == names[:-101:-1]

    await migrate(database)
    await here.kept.open()
    for _ in range(2):  # and a start that finds nothing to do
        drafts = here.drafts()
        await drafts.start()
        await drafts.stop()
    assert await here.ids() == names[::-1]


async def test_a_new_recording_has_its_draft_for_whoever_reads_next(here: Here) -> None:
    drafts = here.drafts()
    await drafts.start()
    here.recordings.tell(an_entry("r1", "l", state=RecordingState.RECORDING))
    await drafts.settled()
    assert await here.ids() == ["r1"]
    here.recordings.tell(an_entry("r1", "l", minutes=1))  # READY: its begin is known better
    await drafts.settled()
    assert [one.started_at for one in await here.shown()] == [AT + timedelta(minutes=1)]
    await drafts.stop()


async def test_a_draft_that_cannot_be_written_is_tried_again_and_delays_no_reader(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signaling.library.drafts.RETRY_S", 0.01)
    monkeypatch.setattr("signaling.library.drafts.SETTLE_S", 10 * PATIENCE_S)
    follow = here.resources.follow
    refused, written = asyncio.Event(), asyncio.Event()

    async def full(entries: Sequence[Entry], now: Any) -> None:
        if entries[0].recording_id == "bad" and not refused.is_set():
            refused.set()
            raise OSError("disk full")
        await follow(entries, now)
        if entries[0].recording_id == "bad":
            written.set()

    drafts = here.drafts()
    await drafts.start()
    monkeypatch.setattr(here.resources, "follow", full)
    here.recordings.tell(an_entry("bad", "l"))
    here.recordings.tell(an_entry("good", "l"))
    await asyncio.wait_for(drafts.settled(), PATIENCE_S)
    assert refused.is_set()
    assert "good" in await here.ids()
    await asyncio.wait_for(written.wait(), PATIENCE_S)
    assert set(await here.ids()) == {"bad", "good"}
    await drafts.stop()


async def test_news_at_the_very_end_is_written(here: Here) -> None:
    drafts = here.drafts()
    await drafts.start()
    here.recordings.tell(an_entry("last", "l"))
    await drafts.stop()
    assert await here.ids() == ["last"]


async def test_progress_writes_nothing(here: Here, database: Database) -> None:
    drafts = here.drafts()
    await drafts.start()
    here.recordings.tell(an_entry("r1", "l", state=RecordingState.FINISHING))
    await drafts.stop()
    async with database.read() as session:
        assert await session.scalar(sa.select(sa.func.count()).select_from(ResourceRow)) == 0


async def test_an_index_that_cannot_be_made_hinders_no_stop(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = asyncio.Event()

    async def fails(_turn: object) -> None:
        tried.set()
        raise OSError("the disk is full")

    monkeypatch.setattr(here.resources, "index_missing", fails)
    drafts = here.drafts()
    await drafts.start()
    await asyncio.wait_for(tried.wait(), PATIENCE_S)
    drafts.on_recording_changed(an_entry("late", "lesson"))
    await drafts.stop()
    assert await here.ids() == ["late"]
