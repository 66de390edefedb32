"""Exports: files that jobs make for an owner."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from signaling.access.roles import Actor, Role
from signaling.audit.actions import AuditAction
from signaling.audit.log import AuditLog
from signaling.base.database import Database
from signaling.base.errors import NotFound, StorageFull
from signaling.files import disk, keeping, rules
from signaling.files.errors import FileTooLarge
from signaling.files.keeping import Files
from signaling.files.rules import PURPOSES
from signaling.files.storage import FolderFiles
from signaling.files.store import FileStore
from signaling.files.wire import FilePurpose
from tests.support.made_once import put_schema, sqlite_url
from tests.support.services import ManualClock

WANG = Actor("wang", "王老师", frozenset({Role.LEAD_TEACHER}))
RULE = PURPOSES[FilePurpose.EXPORT]


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    file = tmp_path / "tongke.db"
    await put_schema(file)
    made = Database(sqlite_url(file))
    yield made
    await made.close()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def files(database: Database, clock: ManualClock, tmp_path: Path) -> Files:
    storage = FolderFiles(tmp_path / "files")
    return Files(FileStore(database), storage, AuditLog(database, clock), clock)


async def _pieces() -> AsyncIterator[bytes]:
    yield b"a,b\n"
    yield b"1,2\n"


async def test_an_export_is_kept_from_pieces_as_they_come(
    files: Files, database: Database, clock: ManualClock
) -> None:
    kept = await files.keep(WANG, "报表/11月.csv", "text/csv", _pieces())
    assert (kept.name, kept.size, kept.media_type) == ("11月.csv", 8, "text/csv")
    assert kept.expires_at == clock.now() + RULE.life
    assert await files.read("wang", kept.file_id) == b"a,b\n1,2\n"
    (entry,) = await AuditLog(database).entries(AuditAction.FILE_EXPORT)
    assert (entry.actor_id, entry.target) == ("wang", kept.file_id)


async def test_only_its_owner_finds_it_for_its_purpose_and_in_its_time(
    files: Files, clock: ManualClock
) -> None:
    kept = await files.keep(WANG, "a.csv", "text/csv", [b"1"])
    assert await files.ready("wang", kept.file_id, FilePurpose.EXPORT) == kept
    for owner, file_id, purpose in (
        ("li", kept.file_id, None),
        ("wang", "unknown", None),
        ("wang", kept.file_id, FilePurpose.IMPORT_WORKBOOK),
    ):
        with pytest.raises(NotFound):
            await files.ready(owner, file_id, purpose)
    clock.advance(seconds=RULE.life.total_seconds())
    with pytest.raises(NotFound):
        await files.ready("wang", kept.file_id)


async def test_an_export_that_is_too_large_is_none(
    files: Files, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    small = replace(RULE, most_bytes=5)
    monkeypatch.setattr(keeping, "PURPOSES", {**PURPOSES, FilePurpose.EXPORT: small})
    with pytest.raises(FileTooLarge) as refused:
        await files.keep(WANG, "a.csv", "text/csv", _pieces())
    assert refused.value.facts == {"most": 5}
    assert [path for path in (tmp_path / "files").rglob("*") if path.is_file()] == []


async def test_the_oldest_exports_give_way_to_new_ones(
    files: Files, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "PURPOSES", {FilePurpose.EXPORT: replace(RULE, most_files=2)})
    kept = []
    for number in range(4):
        clock.advance(seconds=1)
        kept.append(await files.keep(WANG, f"{number}.csv", "text/csv", [b"1"]))
    for gone in kept[:2]:
        with pytest.raises(NotFound):
            await files.read("wang", gone.file_id)
    for there in kept[2:]:
        assert await files.read("wang", there.file_id) == b"1"


async def test_exports_leave_room_on_the_disk(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FolderFiles, "free_bytes", lambda _: rules.RESERVE_BYTES - 1)
    with pytest.raises(StorageFull):
        await files.keep(WANG, "a.csv", "text/csv", [b"1"])
