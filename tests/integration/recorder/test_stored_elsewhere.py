"""Whole recordings of a recorder whose lasting place is a bucket."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from recorder.api import RecordingState, StorageFailure, StorageState, StorageUnavailable
from recorder.recordings import adopting
from recorder.service import RecorderService
from recorder.storage.bucket import Patience
from recorder.storage.folder import FolderStorage
from recorder.storage.s3 import S3Storage
from tests.support.recording import FACTS, START, HandRelay, Watcher, service
from tests.support.rtp_media import TrackFeed, encode_audio, feed
from tests.support.s3_server import Fault, FaultyProxy, S3Server, s3_server
from tests.support.waiting import until

ROOM = "room-a"


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
async def proxy(s3: S3Server) -> AsyncIterator[FaultyProxy]:
    async with FaultyProxy(s3.port).running() as running:
        yield running


def recorder_of(
    s3: S3Server, proxy: FaultyProxy, folder: Path
) -> tuple[RecorderService, Watcher, Path]:
    local = folder / "data" / "recordings"
    storage = S3Storage(FolderStorage(local), s3.bucket(folder.name, port=proxy.port))
    recorder, watcher = service(folder, storage=storage)
    return recorder, watcher, local


async def teach(recorder: RecorderService) -> str:
    relay = HandRelay()
    recording_id = await recorder.begin(relay, ROOM, FACTS)
    sound = TrackFeed(1, "lead.camera", "opus", encode_audio(3.0), START, end_reason=None)
    feed(relay.taps[ROOM], sound.happenings())
    await recorder.end(ROOM)
    return recording_id


async def first_file(recorder: RecorderService, recording_id: str) -> bytes:
    manifest = await recorder.manifest(recording_id)
    file = await recorder.file(recording_id, manifest.sources[0].files[0].name)
    return b"".join([piece async for piece in file.read()])


async def test_a_lesson_ends_in_the_bucket_and_is_found_there_without_a_database(
    s3: S3Server, proxy: FaultyProxy, tmp_path: Path
) -> None:
    recorder, watcher, local = recorder_of(s3, proxy, tmp_path)
    await recorder.start()
    recording_id = await teach(recorder)
    await watcher.reached(recording_id, RecordingState.READY)
    await until(lambda: not (local / recording_id).exists())
    assert recorder.storage_state() == StorageState(0, None)
    content = await first_file(recorder, recording_id)
    assert content.startswith(b"\x1a\x45\xdf\xa3")  # EBML: a WebM file
    stored = s3.stored(tmp_path.name)
    assert {"manifest.json", "000001.tka"} <= {key.rsplit("/", 1)[-1] for key in stored}
    await recorder.stop()

    shutil.rmtree(tmp_path / "data", ignore_errors=True)  # a new machine
    (tmp_path / "tongke.db").unlink()
    recorder, watcher, local = recorder_of(s3, proxy, tmp_path)
    await recorder.start()
    entry = await watcher.reached(recording_id, RecordingState.READY)
    assert (entry.title, entry.sealed) == (FACTS.title, True)
    assert RecordingState.FINISHING not in watcher.states(recording_id)
    assert await first_file(recorder, recording_id) == content
    await recorder.stop()


async def test_a_bucket_that_is_away_holds_up_no_lesson_and_gets_everything_later(
    s3: S3Server, proxy: FaultyProxy, tmp_path: Path
) -> None:
    proxy.always = Fault.FULL
    recorder, watcher, local = recorder_of(s3, proxy, tmp_path)
    await recorder.start()
    recording_id = await teach(recorder)
    await watcher.reached(recording_id, RecordingState.READY)
    content = await first_file(recorder, recording_id)
    await until(lambda: recorder.storage_state() == StorageState(1, StorageFailure.FULL))
    await recorder.stop()  # in the middle of waiting
    assert (local / recording_id / "archive" / "000001.tka").exists()

    proxy.always = None
    recorder, watcher, local = recorder_of(s3, proxy, tmp_path)
    await recorder.start()
    await until(lambda: not (local / recording_id).exists())
    assert await first_file(recorder, recording_id) == content
    await recorder.stop()


async def test_an_archive_that_cannot_be_read_at_once_is_adopted_later(
    s3: S3Server, proxy: FaultyProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adopting, "LISTED_AGAIN_S", 0.05)
    recorder, watcher, local = recorder_of(s3, proxy, tmp_path)
    await recorder.start()
    ids = [await teach(recorder), await teach(recorder)]
    for recording_id in ids:
        await watcher.reached(recording_id, RecordingState.READY)
    await until(lambda: not any((local / one).exists() for one in ids))
    await recorder.stop()
    shutil.rmtree(tmp_path / "data", ignore_errors=True)  # a new machine
    (tmp_path / "tongke.db").unlink()
    proxy.harm(Fault.REFUSED, "GET", "000001.tka")
    proxy.harm(Fault.CUT_ANSWER, "GET", "manifest.json", times=2)
    recorder, watcher, local = recorder_of(s3, proxy, tmp_path)
    await recorder.start()
    for recording_id in ids:
        await watcher.reached(recording_id, RecordingState.READY)
        assert RecordingState.FINISHING not in watcher.states(recording_id)
    assert proxy.faults == []
    proxy.always = Fault.REFUSED
    with pytest.raises(StorageUnavailable):
        await recorder.file(ids[0], "manifest.json")
    with pytest.raises(StorageUnavailable):
        await recorder.editions.edition(ids[0], "0" * 32)
    await recorder.stop()


async def test_a_stop_waits_for_no_answer_of_a_silent_bucket(
    s3: S3Server, proxy: FaultyProxy, tmp_path: Path
) -> None:
    endless = Patience(upload_s=3600.0, answer_s=3600.0, retries=0)
    bucket = s3.bucket(tmp_path.name, port=proxy.port, patience=endless)
    proxy.always = Fault.SILENT
    storage = S3Storage(FolderStorage(tmp_path / "data" / "recordings"), bucket)
    recorder, _ = service(tmp_path, storage=storage)
    await recorder.start()
    await until(lambda: bucket.under_way)
    await recorder.stop()
    await until(lambda: not bucket.under_way)  # no thread is left that the process would wait for
