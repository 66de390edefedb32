"""The bucket as the recorder's storage: when copies leave this machine, and what is never lost."""

import asyncio
import sys
from pathlib import Path

import aiohttp
import pytest

from recorder.storage.api import RESULTS_FOLDER
from recorder.storage.bucket import Patience
from recorder.storage.folder import locked
from recorder.storage.sums import PART_BYTES
from tests.integration.recorder.storage.s3_acts import BIG, HandClock, content, finish, storage_in
from tests.support.s3_server import KEYS, REPOSITORY, Fault, FaultyProxy, S3Server


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
from tests.integration.recorder.storage.s3_acts import storage_in
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
