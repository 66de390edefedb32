"""The bucket as the recorder's storage: when copies leave this machine, and what is never lost."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest

from recorder.api import PublishedFile
from recorder.archive.reader import first_begin, has_ended
from recorder.storage.api import RESULTS_FOLDER, StorageAway
from recorder.storage.bucket import PART_BYTES, Bucket, Patience
from recorder.storage.folder import FolderStorage, locked
from recorder.storage.location import BucketLocation, parse_location
from recorder.storage.multipart import MultipartUploads
from recorder.storage.s3 import OLD_UPLOAD_S, S3Storage
from tests.support.s3_server import KEYS, QUICK, REPOSITORY, Fault, FaultyProxy, S3Server
from tests.support.waiting import until

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


async def test_the_manifest_comes_after_the_files_and_the_archive_once_it_is_sealed(
    s3: S3Server, proxy: FaultyProxy, tmp_path: Path
) -> None:
    storage = storage_in(tmp_path, s3.bucket(tmp_path.name, port=proxy.port))
    folder = await finish(storage, z_webm=b"z", a_webm=b"a")
    assert await storage.put_away("r1", sealed=False) is None
    names = [line.rsplit("/", 1)[-1] for line in proxy.asked if line.startswith("PUT")]
    assert names == ["a.webm", "z.webm", "manifest.json"]
    assert (folder / "a.webm").exists()  # a lesson that may go on stays here
    assert await storage.put_away("r1", sealed=True) is None
    names = [line.rsplit("/", 1)[-1] for line in proxy.asked if line.startswith("PUT")]
    assert names[3:] == ["000001.tka"]
    assert not folder.exists()
    assert set(s3.stored(tmp_path.name)) == {
        "recordings/r1/a.webm",
        "recordings/r1/z.webm",
        "recordings/r1/manifest.json",
        "archives/r1/000001.tka",
    }


async def test_a_copy_stays_here_for_its_hours_over_a_restart(s3: S3Server, tmp_path: Path) -> None:
    clock = HandClock()
    bucket = s3.bucket(tmp_path.name, options="&keep_hours=2")
    folder = await finish(storage_in(tmp_path, bucket, clock), a_webm=b"a")
    assert await storage_in(tmp_path, bucket, clock).put_away("r1", sealed=True) == 7200.0
    clock.now += 7000
    storage = storage_in(tmp_path, bucket, clock)
    assert storage.waiting() == ["r1"]
    assert await storage.put_away("r1", sealed=True) == 200.0
    here = await storage.file("r1", "a.webm")
    assert here is not None
    assert here.local == str(folder / "a.webm")
    clock.now += 200
    async with storage.working_place("r1"):
        assert await storage.put_away("r1", sealed=True) == 60.0  # a job needs it
    with locked(folder), pytest.raises(BlockingIOError):
        await storage.put_away("r1", sealed=True)
    assert await storage.put_away("r1", sealed=True) is None
    assert not folder.exists()
    assert storage.waiting() == []
    assert await content(await storage.file("r1", "a.webm")) == b"a"


async def test_what_changed_after_it_was_brought_is_brought_again(
    s3: S3Server, tmp_path: Path
) -> None:
    bucket = s3.bucket(tmp_path.name, options="&keep_hours=1")
    storage = storage_in(tmp_path, bucket)
    folder = await finish(storage, a_webm=b"first", b_webm=b"b")
    assert await storage.put_away("r1", sealed=False) is None
    await finish(storage, a_webm=b"second", b_webm=b"b")
    assert await storage.put_away("r1", sealed=True) == 3600.0
    stored = s3.stored(tmp_path.name)
    assert stored["recordings/r1/a.webm"] == b"second"
    assert {"archives/r1/000001.tka", "archives/r1/000002.tka"} <= set(stored)
    assert (folder / "a.webm").exists()


@pytest.mark.parametrize(
    ("fault", "method"),
    [
        (Fault.SPOILT_UPLOAD, "PUT"),
        (Fault.CUT_UPLOAD, "PUT"),
        (Fault.CUT_ANSWER, "PUT"),
        (Fault.FORGOTTEN, "PUT"),
        (Fault.CUT_ANSWER, "POST"),  # of the multipart upload's begin or end
    ],
)
async def test_a_fault_in_passing_is_tried_again_at_once(
    s3: S3Server, proxy: FaultyProxy, tmp_path: Path, fault: Fault, method: str
) -> None:
    storage = storage_in(tmp_path, s3.bucket(tmp_path.name, port=proxy.port))
    folder = await finish(storage, a_webm=BIG)
    proxy.harm(fault, method, "a.webm", times=2 if fault is not Fault.FORGOTTEN else 1)
    assert await storage.put_away("r1", sealed=True) is None
    assert not proxy.faults
    assert not folder.exists()
    assert await content(await storage.file("r1", "a.webm")) == BIG


@pytest.mark.parametrize(
    ("fault", "error", "tries"),
    [
        (Fault.SPOILT_UPLOAD, OSError, 3),
        (Fault.CUT_UPLOAD, OSError, 3),
        (Fault.FORGOTTEN, OSError, 3),
        (Fault.FULL, OSError, 1),
        (Fault.REFUSED, PermissionError, 1),
        (Fault.SILENT, TimeoutError, 3),
    ],
)
async def test_a_fault_that_lasts_costs_a_bounded_number_of_tries_and_nothing_here(
    s3: S3Server,
    proxy: FaultyProxy,
    tmp_path: Path,
    fault: Fault,
    error: type[OSError],
    tries: int,
) -> None:
    patience = Patience(upload_s=0.3, answer_s=20.0, retries=0, attempts=3, pause_s=0.01)
    if fault is not Fault.SILENT:
        patience = QUICK
    bucket = s3.bucket(tmp_path.name, port=proxy.port, patience=patience)
    storage = storage_in(tmp_path, bucket)
    folder = await finish(storage, a_webm=b"picture")
    proxy.harm(fault, "PUT", "a.webm", times=100)
    with pytest.raises(error, match=r"recordings/r1/a\.webm") as raised:
        await storage.put_away("r1", sealed=True)
    told = str(raised.value)
    assert KEYS.access_key_id not in told
    assert KEYS.secret_access_key not in told
    assert sum(line.startswith("PUT") for line in proxy.asked) == tries
    assert (folder / "a.webm").read_bytes() == b"picture"
    assert (folder / "archive" / "000001.tka").exists()
    assert not any("manifest" in key for key in s3.stored(tmp_path.name))
    proxy.faults.clear()
    assert await storage.put_away("r1", sealed=True) is None  # as soon as it can
    assert not folder.exists()


async def test_a_store_with_tags_of_its_own_is_read_back(
    s3: S3Server, proxy: FaultyProxy, tmp_path: Path
) -> None:
    storage = storage_in(tmp_path, s3.bucket(tmp_path.name, port=proxy.port))
    folder = await finish(storage, a_webm=BIG)
    proxy.always = Fault.OWN_TAGS
    assert await storage.put_away("r1", sealed=True) is None
    read = [line for line in proxy.asked if line.startswith("GET") and "a.webm" in line]
    assert len(read) == 5  # 16 MiB and a little, by 4 MiB
    assert not folder.exists()
    assert await content(await storage.file("r1", "a.webm")) == BIG


async def test_what_the_bucket_lost_meanwhile_keeps_the_copy_here(
    s3: S3Server, tmp_path: Path
) -> None:
    clock = HandClock()
    bucket = s3.bucket(tmp_path.name, options="&keep_hours=1")
    storage = storage_in(tmp_path, bucket, clock)
    folder = await finish(storage, a_webm=b"a", b_webm=b"b")
    assert await storage.put_away("r1", sealed=True) == 3600.0
    bucket.delete(["recordings/r1/a.webm"])
    bucket.upload(b"another", "recordings/r1/b.webm", "video/webm")
    clock.now += 3600
    for _ in range(2):
        with pytest.raises(OSError, match="lost it"):
            await storage.put_away("r1", sealed=True)
        assert (folder / "a.webm").exists()
        clock.now += 3600
        assert await storage.put_away("r1", sealed=True) == 3600.0  # brought again
        clock.now += 3600
    assert await storage.put_away("r1", sealed=True) is None
    assert s3.stored(tmp_path.name)["recordings/r1/b.webm"] == b"b"


async def test_a_segment_of_the_bucket_is_never_replaced_by_another(
    s3: S3Server, tmp_path: Path
) -> None:
    bucket = s3.bucket(tmp_path.name)
    bucket.upload(b"what was recorded first", "archives/r1/000001.tka", "x/y")
    storage = storage_in(tmp_path, bucket)
    folder = await finish(storage)
    with pytest.raises(OSError, match="another segment"):
        await storage.put_away("r1", sealed=True)
    assert (folder / "archive" / "000001.tka").read_bytes() == b"segment"
    assert s3.stored(tmp_path.name)["archives/r1/000001.tka"] == b"what was recorded first"


async def test_recording_and_serving_from_here_ask_nothing_of_the_bucket(tmp_path: Path) -> None:
    silent = Patience(upload_s=0.2, answer_s=0.2, retries=0, attempts=1, pause_s=0.0)
    nobody = S3Server(9, tmp_path).bucket("x", patience=silent)
    storage = storage_in(tmp_path, nobody)
    archive = storage.archive("r1")
    archive.open()
    file = archive.create(1)
    file.append(b"segment")
    file.close()
    assert archive.segments() == [1]
    assert storage.archived() == ["r1"]
    assert storage.free_bytes() > 0
    async with storage.working_place("r1") as place:
        (place / RESULTS_FOLDER).mkdir()
        (place / RESULTS_FOLDER / "manifest.json").write_bytes(b"{}")
        await storage.publish("r1")
    assert await content(await storage.file("r1", "manifest.json")) == b"{}"
    for ask in (storage.distant(), storage.tidy(), storage.put_away("r1", sealed=True)):
        with pytest.raises(OSError):
            await ask
    assert storage.archive("none").open() is None
    with pytest.raises(OSError):
        storage.archive("elsewhere").segments()


CHILD = """
import asyncio, os, signal, sys
from pathlib import Path
from recorder.storage import bucket as module
from tests.integration.recorder.storage.test_s3 import storage_in
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


async def test_a_recording_is_not_deleted_half_while_the_bucket_is_away(
    s3: S3Server, proxy: FaultyProxy, tmp_path: Path
) -> None:
    storage = storage_in(tmp_path, s3.bucket(tmp_path.name, port=proxy.port))
    await finish(storage, a_webm=b"a")
    await storage.put_away("r1", sealed=True)
    proxy.always = Fault.REFUSED
    with pytest.raises(PermissionError):
        await storage.delete("r1")
    proxy.always = None
    await storage.delete("r1")
    assert s3.stored(tmp_path.name) == {}


async def test_players_are_sent_to_the_store_with_an_address_that_ends(
    s3: S3Server, tmp_path: Path
) -> None:
    public = f"http://localhost:{s3.port}"
    bucket = s3.bucket(tmp_path.name, options=f"&keep_hours=0&redirect=60&public={public}")
    storage = storage_in(tmp_path, bucket)
    await finish(storage, a_webm=b"picture")
    await storage.put_away("r1", sealed=True)
    file = await storage.file("r1", "a.webm")
    assert file is not None
    assert file.url is not None
    assert file.url.startswith(f"{public}/recordings/{tmp_path.name}/recordings/r1/a.webm?")
    assert "X-Amz-Expires=60" in file.url
    assert KEYS.secret_access_key not in file.url
    async with aiohttp.ClientSession() as players:
        async with players.get(file.url, headers={"Range": "bytes=1-2"}) as answer:
            assert answer.status == 206
            assert await answer.read() == b"ic"
            assert answer.headers["Content-Type"] == "video/webm"
            assert answer.headers["Cache-Control"] == "no-store"
        for wrong in (file.url.replace("a.webm", "manifest.json"), file.url.split("?")[0]):
            async with players.get(wrong) as answer:
                assert answer.status == 403


async def test_a_reader_never_gets_a_mixture_of_two_files(s3: S3Server, tmp_path: Path) -> None:
    bucket = s3.bucket(tmp_path.name)
    storage = storage_in(tmp_path, bucket)
    await finish(storage, a_webm=BIG)
    await storage.put_away("r1", sealed=True)
    file = await storage.file("r1", "a.webm")
    assert file is not None
    pieces = file.read()
    first = await anext(pieces)
    assert first == BIG[: len(first)]
    bucket.upload(b"\0" * len(BIG), "recordings/r1/a.webm", "video/webm")
    with pytest.raises(OSError, match="PreconditionFailed"):
        await anext(pieces)


MEASURED = """
import asyncio, sys
from pathlib import Path
from tests.integration.recorder.storage.test_s3 import storage_in
from tests.support.s3_server import S3Server
def peak():
    line = next(x for x in open("/proc/self/status") if x.startswith("VmHWM"))
    return int(line.split()[1]) // 1024
folder, port, root = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
async def main():
    storage = storage_in(folder, S3Server(port, root).bucket(folder.name))
    before = peak()
    await storage.put_away("r1", sealed=True)
    file = await storage.file("r1", "a.webm")
    async for _ in file.read():
        pass
    print(peak() - before)
asyncio.run(main())
"""


async def test_memory_does_not_grow_with_the_file(s3: S3Server, tmp_path: Path) -> None:
    storage = storage_in(tmp_path, s3.bucket(tmp_path.name))
    folder = await finish(storage, a_webm=b"")
    with (folder / "a.webm").open("wb") as file:
        for number in range(16):
            file.write(bytes([number]) * PART_BYTES)
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        MEASURED,
        *(str(tmp_path), str(s3.port), str(s3.root)),
        cwd=REPOSITORY,
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await child.communicate()
    assert int(printed.split()[-1]) <= 64, f"{printed!r} MiB for a file of 128 MiB"


ENDLESS = Patience(upload_s=3600.0, answer_s=3600.0, retries=0, attempts=1, pause_s=3600.0)


async def test_whoever_waits_for_a_silent_bucket_is_let_go_when_the_server_stops(
    s3: S3Server, proxy: FaultyProxy, tmp_path: Path
) -> None:
    bucket = s3.bucket(tmp_path.name, port=proxy.port, patience=ENDLESS)
    storage = storage_in(tmp_path, bucket)
    await finish(storage, a_webm=b"a")
    proxy.always = Fault.SILENT
    waiting = [
        asyncio.create_task(storage.distant()),
        asyncio.create_task(storage.published("r2")),
        asyncio.create_task(storage.tidy()),
        asyncio.create_task(storage.put_away("r1", sealed=True)),
        asyncio.create_task(asyncio.to_thread(storage.archive("r2").read, 1, 100)),
        asyncio.create_task(asyncio.to_thread(bucket.upload, BIG, "big", "video/webm")),
    ]
    await until(lambda: bucket.under_way == len(waiting))
    storage.close()
    for outcome in await asyncio.gather(*waiting, return_exceptions=True):
        assert isinstance(outcome, OSError)
    assert bucket.under_way == 0
    with pytest.raises(OSError, match="closed"):
        await storage.distant()
    assert (tmp_path / "recordings" / "r1" / "a.webm").read_bytes() == b"a"  # nothing is lost


async def test_an_error_of_the_bucket_is_no_empty_archive(
    s3: S3Server, proxy: FaultyProxy, tmp_path: Path
) -> None:
    storage = storage_in(tmp_path, s3.bucket(tmp_path.name, port=proxy.port))
    await finish(storage, a_webm=b"a")
    await storage.put_away("r1", sealed=True)
    proxy.harm(Fault.CUT_ANSWER, "GET", "000001.tka")
    proxy.harm(Fault.REFUSED, "GET", "list-type")
    archive = storage.archive("r1")
    for look in (first_begin, has_ended):  # the first meets the listing, the second a segment
        with pytest.raises(StorageAway):
            await asyncio.to_thread(look, archive)
    assert await asyncio.to_thread(archive.read, 1, 100) == b"segment"


async def test_a_bucket_that_is_gone_is_no_missing_object(s3: S3Server, tmp_path: Path) -> None:
    address = s3.address(tmp_path.name).replace("s3://recordings/", "s3://no-such-bucket/")
    location = parse_location(address)
    assert isinstance(location, BucketLocation)
    storage = storage_in(tmp_path, Bucket(location, KEYS, QUICK))
    for ask in (storage.file("r1", "manifest.json"), storage.distant(), storage.tidy()):
        with pytest.raises(OSError, match=r"NoSuchBucket|no-such-bucket|404"):
            await ask
