"""What uses a file, in SQLite and in PostgreSQL: it stays as long as something does."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from signaling.audit.log import AuditLog
from signaling.base.database import Database
from signaling.base.errors import NotFound
from signaling.base.ids import new_id
from signaling.files import disk
from signaling.files.disk import make_room
from signaling.files.holding import HeldFiles
from signaling.files.keeping import Files
from signaling.files.records import IN_USE, FileRecord, Holder, Outcome
from signaling.files.rules import PURPOSES
from signaling.files.storage import FolderFiles
from signaling.files.store import FileStore
from signaling.files.use_store import FileUseStore
from signaling.files.wire import FilePurpose, FileState
from tests.integration.signaling.stores import work_in
from tests.support.services import ManualClock

VIDEO = FilePurpose.VIDEO
LIFE = PURPOSES[VIDEO].life
V1, V2 = Holder("resource_version", "r1"), Holder("resource_version", "r2")
DATA = bytes(range(256)) * 4000  # some pieces long


class Desk:
    def __init__(self, database: Database, root: Path) -> None:
        self.database = database
        self.clock = ManualClock()
        self.store = FileStore(database)
        self.storage = FolderFiles(root)
        self.files = HeldFiles(self.store, FileUseStore(database), self.storage, self.clock)

    async def ready(self, owner_id: str = "wang", purpose: FilePurpose = VIDEO) -> FileRecord:
        now = self.clock.now()
        record = FileRecord(
            file_id=new_id(),
            owner_id=owner_id,
            purpose=purpose,
            state=FileState.COMING,
            name="浮力.mp4",
            media_type=None,
            size=len(DATA),
            received=len(DATA),
            sha256=None,
            created_at=now,
            expires_at=now + LIFE,
        )
        async with work_in(self.database) as work:
            await self.store.add(work, record)
        async with self.storage.growing(record.file_id, 0) as part:
            await part.write(DATA)
            await part.settle(len(DATA))
        await self.storage.complete(record.file_id)
        outcome = Outcome(len(DATA), "video/mp4", "0" * 64, now + LIFE)
        await self.store.set_ready(record.file_id, outcome)
        found = await self.store.file(record.file_id)
        assert found is not None
        return found

    async def attach(self, record: FileRecord, holder: Holder, **more: object) -> FileRecord:
        async with work_in(self.database) as work:
            return await self.files.attach(work, record.file_id, holder, **more)

    async def detach(self, record: FileRecord, holder: Holder) -> bool:
        async with work_in(self.database) as work:
            return await self.files.detach(work, record.file_id, holder)

    async def end_of(self, record: FileRecord) -> object:
        found = await self.store.file(record.file_id)
        return None if found is None else found.expires_at


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    return Desk(database, tmp_path / "files")


async def test_a_file_that_is_used_never_expires_and_then_has_its_life_again(desk: Desk) -> None:
    file = await desk.ready()
    for holder in (V1, V1, V2):  # an action may be repeated
        assert await desk.attach(file, holder) == replace(file, expires_at=IN_USE)
    assert await desk.files.holders(file.file_id) == [V1, V2]
    desk.clock.advance(days=4000)
    assert await desk.store.expired(desk.clock.now()) == []
    assert (await desk.files.opened(file.file_id)).record.info.expires_at is None
    assert await desk.detach(file, V1)
    assert await desk.end_of(file) == IN_USE
    assert await desk.detach(file, V2)
    assert not await desk.detach(file, V2)
    assert await desk.end_of(file) == desk.clock.now() + LIFE
    assert await desk.files.holders(file.file_id) == []


async def test_only_a_finished_file_of_the_right_owner_and_purpose_is_used(desk: Desk) -> None:
    file = await desk.ready()
    for more in ({"owner_id": "li"}, {"purpose": FilePurpose.ATTACHMENT}):
        with pytest.raises(NotFound):
            await desk.attach(file, V1, **more)
    await desk.attach(file, V1, owner_id="wang", purpose=VIDEO)
    with pytest.raises(NotFound):
        await desk.attach(replace(file, file_id="unknown"), V1)
    other = await desk.ready()
    desk.clock.advance(seconds=LIFE.total_seconds())
    with pytest.raises(NotFound):  # housekeeping deletes it at any moment
        await desk.attach(other, V1)


async def test_what_something_uses_is_listed_in_the_order_it_came(desk: Desk) -> None:
    files = []
    for _ in range(3):
        files.append(await desk.ready())
        await desk.attach(files[-1], V1)
        desk.clock.advance(seconds=1)
    await desk.attach(files[1], V2)
    found = await desk.files.held_by(V1)
    assert [one.file_id for one in found] == [one.file_id for one in files]
    assert [one.file_id for one in await desk.files.held_by(V2)] == [files[1].file_id]


@pytest.mark.parametrize(
    ("start", "stop"), [(0, None), (0, 1), (5, 5), (700_000, 900_000), (len(DATA) - 1, None)]
)
async def test_a_file_is_read_by_range(desk: Desk, start: int, stop: int | None) -> None:
    held = await desk.files.opened((await desk.ready()).file_id)
    assert b"".join([piece async for piece in held.read(start, stop)]) == DATA[start:stop]
    assert held.local is not None
    assert _bytes_of(held.local) == DATA
    assert (held.size, held.url, held.name) == (len(DATA), None, "浮力.mp4")


def _bytes_of(path: str) -> bytes:
    return Path(path).read_bytes()


async def test_a_deletion_takes_bytes_and_uses(desk: Desk) -> None:
    file = await desk.ready()
    await desk.attach(file, V1)
    for _ in range(2):
        async with work_in(desk.database) as work:
            await desk.files.destroy(work, file.file_id)
    assert await desk.files.holders(file.file_id) == []
    assert await desk.files.held_by(V1) == []
    with pytest.raises(NotFound):
        await desk.files.opened(file.file_id)
    local = desk.storage.local(file.file_id)
    assert local is not None
    assert not local.exists()


async def test_an_action_that_fails_leaves_no_use(desk: Desk) -> None:
    file = await desk.ready()
    with pytest.raises(RuntimeError):
        async with work_in(desk.database) as work:
            await desk.files.attach(work, file.file_id, V1)
            raise RuntimeError
    assert await desk.files.holders(file.file_id) == []
    assert await desk.end_of(file) == desk.clock.now() + LIFE


async def test_only_a_finished_file_of_the_right_owner_and_purpose_is_taken_over(
    desk: Desk,
) -> None:
    kept = Files(desk.store, desk.storage, AuditLog(desk.database, desk.clock), desk.clock)
    end = desk.clock.now() + 10 * LIFE
    file, old = await desk.ready(), await desk.ready()

    async def take(file: FileRecord, former: str = "wang", purpose: FilePurpose = VIDEO) -> object:
        async with work_in(desk.database) as work:
            return await kept.take_over(
                work, former, [file.file_id], purpose, owner_id="consent", expires_at=end
            )

    assert await take(file, former="li") == {}
    assert await take(file, purpose=FilePurpose.ATTACHMENT) == {}
    taken = replace(file, owner_id="consent", expires_at=end)
    assert await take(file) == {file.file_id: taken}
    assert await take(file) == {}  # another form of the same person had it first
    assert await desk.store.file(file.file_id) == taken
    desk.clock.advance(seconds=LIFE.total_seconds())
    assert await take(old) == {}  # housekeeping deletes it at any moment


async def test_a_file_that_was_taken_over_meanwhile_does_not_give_way(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    purpose = FilePurpose.CONSENT_FORM
    rule = replace(PURPOSES[purpose], most_files=2, gives_way=timedelta(0))
    monkeypatch.setattr(disk, "PURPOSES", {purpose: rule})
    file, other = await desk.ready(purpose=purpose), await desk.ready(purpose=purpose)
    seen = await desk.store.of_purpose("wang", purpose)

    async def before(*_: object) -> object:  # it is taken over after this was read
        return seen

    monkeypatch.setattr(desk.store, "of_purpose", before)
    async with work_in(desk.database) as work:
        end = desk.clock.now() + LIFE
        await desk.store.give(work, [file.file_id], "consent", end)
    seen = [file, other]
    await make_room(desk.store, desk.storage, "wang", purpose, size=1, now=desk.clock.now())
    assert (await desk.files.opened(file.file_id)).size == len(DATA)
    assert desk.storage.local(file.file_id).is_file()
    rule = replace(rule, most_files=1)
    monkeypatch.setattr(disk, "PURPOSES", {purpose: rule})
    await make_room(desk.store, desk.storage, "wang", purpose, size=1, now=desk.clock.now())
    assert not desk.storage.local(other.file_id).exists()
    assert desk.storage.local(file.file_id).is_file()
