"""Acts of the tests of the bucket."""

import os
from collections.abc import Callable
from pathlib import Path

from recorder.api import PublishedFile
from recorder.storage.api import RESULTS_FOLDER
from recorder.storage.bucket import Bucket
from recorder.storage.folder import FolderStorage
from recorder.storage.s3 import S3Storage
from recorder.storage.sums import PART_BYTES

BIG = os.urandom(2 * PART_BYTES + 1000)


class HandClock:
    """A clock set by hand."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


def storage_in(folder: Path, bucket: Bucket, clock: Callable[[], float] | None = None) -> S3Storage:
    made = S3Storage(FolderStorage(folder / "recordings"), bucket, clock or HandClock())
    made.open()
    return made


async def finish(storage: S3Storage, recording_id: str = "r1", **files: bytes) -> Path:
    """Record something, and publish what a job made of it. Gives the recording's folder."""
    archive = storage.archive(recording_id)
    archive.open()
    file = archive.create(len(archive.segments()) + 1)
    file.append(b"segment")
    file.close()
    async with storage.working_place(recording_id) as place:
        (place / RESULTS_FOLDER).mkdir(parents=True)
        for name, data in {**files, "manifest_json": b"{}"}.items():
            (place / RESULTS_FOLDER / name.replace("_", ".")).write_bytes(data)
        await storage.publish(recording_id)
    return place


async def content(file: PublishedFile | None) -> bytes:
    assert file is not None
    return b"".join([piece async for piece in file.read()])
