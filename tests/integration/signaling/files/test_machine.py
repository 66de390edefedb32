"""Uploads under random offsets, cuts, crashes and rivals: what was acknowledged is never lost.

The machine drives the service and the real folder. A crash leaves the folder as a power cut may:
bytes beyond those that were noted, whole or not.
"""

import asyncio
import contextlib
import hashlib
import random
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from signaling.access.roles import Actor, Role
from signaling.audit.log import AuditLog
from signaling.base.database import Database
from signaling.base.errors import SignalingError
from signaling.files import intake
from signaling.files.core.tus import Checksum
from signaling.files.errors import UploadDamaged, UploadInUse, WrongOffset
from signaling.files.service import FileService
from signaling.files.storage import FolderFiles
from signaling.files.store import FileStore
from signaling.files.use_store import FileUseStore
from signaling.files.wire import FilePurpose, FileState
from tests.support.made_once import put_schema, sqlite_url
from tests.support.services import ManualClock

WANG = Actor("wang", "王老师", frozenset({Role.LEAD_TEACHER}))
SIZE = 20_000
CHECKPOINT = 3_000  # bytes
DATA = b"%PDF-1.7\n" + random.Random(13).randbytes(SIZE - 9)


class Cut(Exception):
    """The line broke."""


class PowerCut(BaseException):
    """The process is gone: nothing more is written."""


class NoChecks:
    """Nothing is checked by a job here."""

    async def submit(self, *_: Any) -> str:
        raise AssertionError

    async def withdraw(self, *_: Any) -> None:
        raise AssertionError


class Uploading(RuleBasedStateMachine):
    """One upload, from its begin to the file."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = Path(tempfile.mkdtemp())
        self.checkpoint, intake.CHECKPOINT_BYTES = intake.CHECKPOINT_BYTES, CHECKPOINT
        self.clock = ManualClock()
        self.told = 0  # the offset that the client heard last
        self.start_server()

    def start_server(self) -> None:
        file = self.folder / "tongke.db"
        self.loop.run_until_complete(put_schema(file)) if not file.exists() else None
        self.database = Database(sqlite_url(file))
        self.storage = FolderFiles(self.folder / "files")
        self.service = FileService(
            store=FileStore(self.database),
            uses=FileUseStore(self.database),
            storage=self.storage,
            checks=NoChecks(),
            audit=AuditLog(self.database, self.clock),
            clock=self.clock,
        )

    def run(self, coroutine: Any) -> Any:
        return self.loop.run_until_complete(coroutine)

    @initialize()
    def begin(self) -> None:
        record = self.run(self.service.create(WANG, FilePurpose.ATTACHMENT, "教案.pdf", SIZE))
        self.file_id = record.file_id

    def head(self) -> int:
        record = self.run(self.service.get(WANG, self.file_id))
        return int(record.received)

    @property
    def is_ready(self) -> bool:
        return self.told == SIZE

    async def pieces(
        self, start: int, count: int, end: BaseException | None
    ) -> AsyncIterator[bytes]:
        for at in range(start, start + count, 1000):
            yield DATA[at : min(at + 1000, start + count)]
        if end is not None:
            raise end

    @rule(count=st.integers(0, 9_000), ends=st.sampled_from((None, Cut())))
    def send(self, count: int, ends: BaseException | None) -> None:
        """Send bytes from where the upload ends; the line may break."""
        start = self.told
        count = min(count, SIZE - start)
        try:
            record = self.run(
                self.service.append(
                    WANG, self.file_id, start, self.pieces(start, count, ends), None
                )
            )
        except Cut:
            offset = self.head()
            assert offset == start + count
        else:
            offset = record.received
            assert offset == start + count or self.is_ready
        self.told = offset

    @precondition(lambda self: not self.is_ready)
    @rule(count=st.integers(1, 9_000), right=st.booleans())
    def send_with_checksum(self, count: int, right: bool) -> None:
        start = self.told
        count = min(count, SIZE - start)
        body = DATA[start : start + count]
        digest = hashlib.sha256(body if right else body + b"x").digest()
        append = self.service.append(
            WANG,
            self.file_id,
            start,
            self.pieces(start, count, None),
            Checksum("sha256", digest),
        )
        try:
            record = self.run(append)
        except UploadDamaged:
            assert not right
        else:
            assert right
            self.told = record.received
            assert self.told == start + count

    @rule(offset=st.integers(0, SIZE + 5))
    def send_from_elsewhere(self, offset: int) -> None:
        if offset == self.told:
            return
        try:
            self.run(self.service.append(WANG, self.file_id, offset, self.pieces(0, 5, None), None))
        except WrongOffset as error:
            assert error.facts == {"offset": self.told}
        else:
            raise AssertionError("a wrong offset was taken")

    @precondition(lambda self: not self.is_ready)
    @rule()
    def send_twice_at_once(self) -> None:
        async def both() -> None:
            async with self.storage.growing(self.file_id, self.told):
                rival = self.service.append(
                    WANG, self.file_id, self.told, self.pieces(self.told, 5, None), None
                )
                try:
                    await rival
                except UploadInUse:
                    return
                raise AssertionError("two wrote at once")

        self.run(both())

    @precondition(lambda self: not self.is_ready)
    @rule(count=st.integers(0, 9_000), torn=st.integers(0, 500))
    def kill(self, count: int, torn: int) -> None:
        """The server dies in the middle of a request; what was not made safe may be torn."""
        start = self.told
        count = min(count, SIZE - start)

        async def die() -> None:
            # The last of `append` would note what was kept: a process that is gone does not.
            self.service._store.grow = _until_power_cut(self.service._store.grow, dead)
            dead.clear()
            with contextlib.suppress(PowerCut):
                await self.service.append(WANG, self.file_id, start, dying(), None)

        dead: list[bool] = []

        async def dying() -> AsyncIterator[bytes]:
            async for piece in self.pieces(start, count, None):
                yield piece
            dead.append(True)
            raise PowerCut

        self.run(die())
        self.run(self.database.close())
        part = self.folder / "files" / "parts" / self.file_id
        with part.open("ab") as file:
            file.write(b"?" * torn)
        self.start_server()
        offset = self.head()
        assert start <= offset <= start + count
        assert start + count - offset < CHECKPOINT + 1000
        self.told = offset

    @rule()
    def ask(self) -> None:
        assert self.head() == self.told

    @rule()
    def restart(self) -> None:
        self.run(self.database.close())
        self.start_server()

    @invariant()
    def the_bytes_are_the_bytes(self) -> None:
        if not hasattr(self, "file_id"):
            return
        if not self.is_ready:
            part = self.folder / "files" / "parts" / self.file_id
            there = part.read_bytes() if part.exists() else b""
            assert there[: self.told] == DATA[: self.told]
            return
        record = self.run(self.service.get(WANG, self.file_id))
        assert record.state is FileState.READY
        assert record.sha256 == hashlib.sha256(DATA).hexdigest()
        local = self.storage.local(self.file_id)
        assert local is not None
        assert local.read_bytes() == DATA

    def teardown(self) -> None:
        intake.CHECKPOINT_BYTES = self.checkpoint
        try:
            self.run(self.service.delete(WANG, self.file_id))
            left = [one for one in (self.folder / "files").rglob("*") if one.is_file()]
            assert left == []
        except SignalingError as error:
            raise AssertionError("the upload was lost") from error
        finally:
            self.run(self.database.close())
            self.loop.close()
            shutil.rmtree(self.folder)


def _until_power_cut(grow: Any, dead: list[bool]) -> Any:
    async def grown(*arguments: Any) -> None:
        if dead:
            raise PowerCut
        await grow(*arguments)

    return grown


TestUploading = Uploading.TestCase
TestUploading.settings = settings(
    max_examples=max(settings.default.max_examples // 10, 5), stateful_step_count=20
)
