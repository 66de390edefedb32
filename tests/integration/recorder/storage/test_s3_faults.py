"""Faults of the bucket: bounded tries, and nothing lost here."""

import asyncio
from pathlib import Path

import pytest

from recorder.archive.reader import first_begin, has_ended
from recorder.storage.api import StorageAway
from recorder.storage.bucket import Bucket, Patience
from recorder.storage.location import BucketLocation, parse_location
from tests.integration.recorder.storage.s3_acts import BIG, HandClock, content, finish, storage_in
from tests.support.s3_server import KEYS, QUICK, Fault, FaultyProxy, S3Server
from tests.support.waiting import until


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
