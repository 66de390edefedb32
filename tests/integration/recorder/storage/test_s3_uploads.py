"""Uploads to the bucket that were broken off: continued, or cleared away."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from recorder.storage.multipart import MultipartUploads
from recorder.storage.s3 import OLD_UPLOAD_S
from recorder.storage.sums import PART_BYTES
from tests.integration.recorder.storage.s3_acts import HandClock, content, finish, storage_in
from tests.support.s3_server import KEYS, REPOSITORY, FaultyProxy, S3Server
from tests.support.waiting import until

CHILD = """
import asyncio, os, signal, sys
from pathlib import Path
from recorder.storage import sums as module
from tests.integration.recorder.storage.s3_acts import storage_in
from tests.support.s3_server import S3Server
folder, port, root, at = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
def kill(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
if at == "part":
    read, count = module._file_parts, 0
    def parts(path):
        for number, part in enumerate(read(path)):
            yield part
            if number == 2:
                kill()
    module._file_parts = parts
else:
    from recorder.storage import leaving
    name, method = at.split(".")
    setattr(getattr(leaving, name), method, kill)
server = S3Server(port, root)
asyncio.run(storage_in(folder, server.bucket(folder.name)).put_away("r1", sealed=True))
"""


@pytest.mark.parametrize(
    "at",
    [
        "part",  # in the middle of a file
        "Departure._bring_manifest",  # all files are there, but for it
        "Departure.leave",  # everything is there
        "shutil.rmtree",  # the archive here is gone, the rest is not
    ],
)
async def test_kill_9_leaves_what_the_next_start_brings_to_its_end(
    s3: S3Server, tmp_path: Path, at: str
) -> None:
    storage = storage_in(tmp_path, s3.bucket(tmp_path.name))
    await finish(storage, a_webm=os.urandom(4 * PART_BYTES))
    picture = await content(await storage.file("r1", "a.webm"))
    arguments = (str(tmp_path), str(s3.port), str(s3.root), at)
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CHILD, *arguments, cwd=REPOSITORY
    )
    assert await child.wait() == -signal.SIGKILL
    bucket = s3.bucket(tmp_path.name)
    uploads = MultipartUploads(bucket.location, KEYS)
    assert bool(uploads.under("")) == (at == "part")
    assert ("recordings/r1/manifest.json" in s3.stored(tmp_path.name)) == (
        at not in {"part", "Departure._bring_manifest"}
    )
    again = storage_in(tmp_path, bucket)
    assert await content(await again.file("r1", "a.webm")) == picture  # whatever is where
    await again.tidy()
    assert uploads.under("") == []
    for recording_id in again.waiting():
        assert await again.put_away(recording_id, sealed=True) is None
    assert again.waiting() == []
    assert await content(await again.file("r1", "a.webm")) == picture
    assert again.archive("r1").segments() == [1]


async def test_only_own_or_old_uploads_are_cleared_away(s3: S3Server, tmp_path: Path) -> None:
    bucket = s3.bucket(tmp_path.name)
    clock = HandClock()
    storage = storage_in(tmp_path, bucket, clock)
    uploads = MultipartUploads(bucket.location, KEYS)
    for recording_id in ("mine", "another"):
        start = f"{tmp_path.name}/recordings/{recording_id}/a.webm"
        uploads._ask("POST", start, {"uploads": ""})
    storage.archive("mine").open()
    await storage.tidy()
    (left,) = uploads.under("")
    assert left.key == "recordings/another/a.webm"
    clock.now = left.begun.timestamp() + OLD_UPLOAD_S - 1
    await storage.tidy()
    assert uploads.under("") == [left]
    clock.now += 2
    await storage.tidy()
    assert uploads.under("") == []


async def test_deleting_breaks_an_upload_off_and_leaves_nothing(
    s3: S3Server, proxy: FaultyProxy, tmp_path: Path
) -> None:
    bucket = s3.bucket(tmp_path.name, port=proxy.port)
    storage = storage_in(tmp_path, bucket)
    folder = await finish(storage, a_webm=os.urandom(8 * PART_BYTES))
    under_way = asyncio.create_task(storage.put_away("r1", sealed=True))
    await until(lambda: any("partNumber" in line for line in proxy.asked))
    await storage.delete("r1")
    with pytest.raises(BlockingIOError):
        await under_way
    assert await storage.put_away("r1", sealed=True) is None
    assert not any("manifest" in line for line in proxy.asked if line.startswith("PUT"))
    assert not folder.exists()
    assert s3.stored(tmp_path.name) == {}
    left = MultipartUploads(s3.bucket(tmp_path.name).location, KEYS).under("")
    assert left == []
