"""A process that removes recordings and is killed at every step of it, one after the other.

Each attempt is a process of its own, forked from this one, which has no threads.
The outcome is one line of JSON for each step at which an attempt was killed.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from recorder.api import LessonFacts, RecordingNotFound
from recorder.recordings.adopting import Adoption
from recorder.recordings.removing import Remover
from recorder.recordings.service import Recordings
from recorder.recordings.store import RecordingStore
from recorder.storage.api import ARCHIVE_FOLDER, Storage
from recorder.storage.bucket import Bucket
from recorder.storage.folder import FolderStorage
from recorder.storage.s3 import S3Storage
from tests.support.s3_server import S3Server

MOST_STEPS = 60
FILES = ("manifest.json", "camera.mp4", "editions/" + "e" * 32 + "/manifest.json")
EVENTS = {"os.remove", "os.rmdir"}
FACTS = LessonFacts("lesson", "课", "数学", "一年级", "dedicated", "t", "t", {}, ())


class Steps:
    """Kills this process at one step."""

    def __init__(self, fatal: int) -> None:
        self.left = fatal

    def __call__(self, *_: object) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def storage_of(data: Path, port: int, prefix: str) -> Storage:
    local = FolderStorage(data / "recordings")
    if not port:
        return local
    return S3Storage(local, S3Server(port, data).bucket(prefix))


def deadly(steps: Steps) -> None:
    """Count each file that is removed, each object, and each statement of the database."""
    sys.addaudithook(lambda event, _: steps() if event in EVENTS else None)
    delete_all = Bucket.delete

    def one_by_one(self: Bucket, keys: Any) -> None:
        for key in keys:
            steps()
            delete_all(self, [key])

    Bucket.delete = one_by_one  # type: ignore[method-assign]
    for name in ("hide", "remove"):
        real = getattr(RecordingStore, name)

        async def counted(self: RecordingStore, recording_id: str, real: Any = real) -> None:
            steps()
            await real(self, recording_id)
            steps()

        setattr(RecordingStore, name, counted)


async def prepare(data: Path, database: str, storage: Storage, put_away: bool) -> None:
    """Make a finished recording, in the bucket or here."""
    folder = data / "recordings" / "r1"
    for name in (*FILES, f"{ARCHIVE_FOLDER}/000001.tka", f"{ARCHIVE_FOLDER}/000002.tka"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())
    store = RecordingStore(database)
    if await store.known(["r1"]) == set():
        await store.add("r1", FACTS, 1_700_000_000.0, ended=True)
    await store.close()
    if put_away:
        await storage.put_away("r1", sealed=True)


async def migrate(database: str) -> None:
    store = RecordingStore(database)
    await store.open()
    await store.close()


async def remove(database: str, storage: Storage) -> None:
    remover = Remover(RecordingStore(database), storage)
    await remover.remove("r1")
    await remover.close()


async def look(database: str, storage: Storage) -> str:
    """What a server that starts now makes of it: whether it lists the recording."""
    store = RecordingStore(database)  # the schema is there
    adoption = Adoption(store, storage, Recordings(store, storage, lambda: 0.0))
    try:
        await adoption.adopt_here()
        await store.entry("r1")
    except RecordingNotFound:
        return "hidden"
    finally:
        await store.close()
    return "listed"


def in_a_child(work: Callable[[], Coroutine[Any, Any, Any]], told: int | None = None) -> int:
    """Do something in a process of its own; return how it ended."""
    child = os.fork()
    if child == 0:
        outcome = asyncio.run(work())
        if told is not None:
            os.write(told, str(outcome).encode())
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def attempt(data: Path, database: str, storage: Storage, fatal: int, away: bool) -> bool:
    """Remove, be killed at a step, and remove again; whether that step was never reached."""
    assert in_a_child(lambda: prepare(data, database, storage, away)) == 0

    async def deadly_removal() -> None:
        deadly(Steps(fatal))
        await remove(database, storage)

    end = in_a_child(deadly_removal)
    assert end in {0, -signal.SIGKILL}, end

    async def look_and_remove() -> str:
        told = await look(database, storage)
        await remove(database, storage)
        return told

    reader, writer = os.pipe()
    assert in_a_child(look_and_remove, writer) == 0
    seen = os.read(reader, 100).decode()
    os.close(reader)
    os.close(writer)
    left = [str(one) for one in (data / "recordings").rglob("*")]
    sys.stdout.write(json.dumps({"step": fatal, "end": end, "seen": seen, "left": left}) + "\n")
    return end == 0


def main(data: Path, database: str, port: int, prefix: str) -> None:
    """Kill at each step until a removal comes through."""
    (data / "recordings").mkdir(parents=True)
    storage = storage_of(data, port, prefix)
    assert in_a_child(lambda: migrate(database)) == 0
    for fatal in range(1, MOST_STEPS):
        if attempt(data, database, storage, fatal, away=port > 0 and fatal % 2 == 0):
            return
    raise AssertionError("a removal never ends")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4])
