"""The table of recordings in SQLite and PostgreSQL, and what its migrations make of old rows."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.ext.asyncio import create_async_engine

import recorder.migrations
from load_tests.postgres import Postgres
from recorder.api import BadCursor, RecordingFailure, RecordingState
from recorder.recordings.store import RecordingStore
from tests.support.recording import FACTS, START


@pytest.fixture
async def store(url: str) -> AsyncIterator[RecordingStore]:
    opened = RecordingStore(url)
    await opened.open()
    await opened.open()  # migrating again changes nothing
    yield opened
    await opened.close()


async def test_the_store_gives_entries_in_pages(store: RecordingStore) -> None:
    facts = [replace(FACTS, lesson_id=f"lesson-{n}") for n in range(8)]
    for number, fact in enumerate(facts):
        await store.add(f"r{number}", fact, START + number // 2)  # equal times too
    seen: list[str] = []
    cursor = None
    while True:
        page, cursor = await store.page(limit=3, before=cursor)
        seen += [entry.recording_id for entry in page]
        if cursor is None:
            break
    assert seen == [f"r{n}" for n in (7, 6, 5, 4, 3, 2, 1, 0)]

    for bad in ("x", "12", "12.", "a.b", "-1.r1", "9" * 40 + ".r1", "1٣.r"):
        with pytest.raises(BadCursor):
            await store.page(limit=3, before=bad)


async def test_a_restart_of_postgresql_fails_nothing_that_comes_after(cluster: Postgres) -> None:
    store = RecordingStore(cluster.create("restarted"))
    await store.open()
    await store.add("r1", FACTS, START)
    cluster.stop("immediate")
    cluster.start()
    assert await store.unended_recording_of(FACTS.lesson_id) == "r1"
    await store.close()


async def test_the_store_keeps_to_the_transition_table(store: RecordingStore) -> None:
    entry = await store.add("x1", replace(FACTS, lesson_id="x"), START)
    assert entry.state is RecordingState.RECORDING
    with pytest.raises(ValueError, match="cannot become"):
        await store.set_state("x1", RecordingState.READY)
    await store.set_state("x1", RecordingState.FINISHING)
    entry = await store.set_progress("x1", 0.25)
    assert (entry.state, entry.progress) == (RecordingState.FINISHING, 0.25)
    assert ("x1", False) in [(e.recording_id, e.sealed) for e in await store.unfinished()]
    assert await store.unended_recording_of("x") == "x1"
    await store.set_ended("x1")
    assert await store.unended_recording_of("x") is None
    assert await store.known(["x1", "x2"]) == {"x1"}


# Version 0.1 stored sentences: (what its row held, the code, whether it is tried again).
OF_VERSION_0_1 = [
    (None, None, False),
    ("没有收到任何画面和声音", RecordingFailure.NOTHING_RECORDED, False),
    ("磁盘空间不足,尚未整理,原始录像已保留", RecordingFailure.DISK_FULL, False),
    ("磁盘空间不足,尚未整理,原始录像已保留,将自动重试", RecordingFailure.DISK_FULL, True),
    ("整理失败,原始录像已保留", RecordingFailure.FINISHING_FAILED, False),
    ("整理失败,原始录像已保留,将自动重试", RecordingFailure.FINISHING_FAILED, True),
    ("what an operator wrote by hand", RecordingFailure.FINISHING_FAILED, False),
]
COLUMNS = (
    "recording_id, lesson_id, lead_teacher_id, title, subject, grade, class_kind, lead_teacher, "
    "started_at_ms, duration_s, state, progress, failure, has_thumbnail, ended"
)


def migrate(connection: sa.Connection, step: str, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(recorder.migrations.__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    getattr(command, step)(config, revision)


async def test_sentences_of_version_0_1_become_codes_and_can_go_back(url: str) -> None:
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(migrate, "upgrade", "r0001")
        for number, (text, _, _) in enumerate(OF_VERSION_0_1):
            state = "ready" if text is None else "failed"
            values = sa.text(
                f"INSERT INTO recorder_recordings ({COLUMNS}) VALUES (:id, 'l', 'p', '课', '语文',"
                " '四年级', 'dedicated', '王老师', 1, 2.0, :state, 0.0, :text, :no, :no)"
            ).bindparams(id=f"r{number}", state=state, text=text, no=False)
            await connection.execute(values)

    store = RecordingStore(url)
    await store.open()
    entries = [await store.entry(f"r{number}") for number in range(len(OF_VERSION_0_1))]
    assert [(entry.failure, entry.retrying) for entry in entries] == [
        (failure, retrying) for _, failure, retrying in OF_VERSION_0_1
    ]
    assert {(entry.title, entry.duration_s) for entry in entries} == {("课", 2.0)}
    await store.close()

    async with engine.begin() as connection:
        await connection.run_sync(migrate, "downgrade", "r0001")
        rows = await connection.execute(
            sa.text("SELECT failure FROM recorder_recordings ORDER BY recording_id")
        )
        assert list(rows.scalars())[:6] == [text for text, _, _ in OF_VERSION_0_1][:6]
    await engine.dispose()
