"""A deletion really deletes, in a folder and in a bucket, wherever it is killed."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from recorder.api import RecordingNotFound, RecordingState
from recorder.recordings.removing import Remover, open_remover
from recorder.recordings.store import RecordingStore
from recorder.storage.folder import FolderStorage
from tests.integration.recorder.recordings.removal_child import FACTS
from tests.support.s3_server import S3Server, s3_server


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.mark.parametrize("kind", ["folder", "bucket"])
def test_a_removal_that_is_killed_at_any_step_ends_with_the_next_one(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    port, server = 0, None
    if kind == "bucket":
        server = request.getfixturevalue("s3")
        port = server.port
    database = tmp_path / "recorder.db"
    module = "tests.integration.recorder.recordings.removal_child"
    url = f"sqlite+aiosqlite:///{database}"
    command = [sys.executable, "-m", module, str(tmp_path), url, str(port), tmp_path.name]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert len(told) >= 10, told  # steps at which it was killed
    assert [one["end"] for one in told[:-1]] == [-9] * (len(told) - 1)
    # From the first step on nobody is told of it, whatever is left of the archive.
    assert [one["seen"] for one in told] == ["listed"] + ["hidden"] * (len(told) - 1)
    assert [one["left"] for one in told] == [[]] * len(told)
    if server is not None:
        assert server.stored(tmp_path.name) == {}
    with sqlite3.connect(database) as connection:
        assert connection.execute("select count(*) from recorder_recordings").fetchone() == (0,)
    connection.close()


async def _store(folder: Path) -> RecordingStore:
    store = RecordingStore(f"sqlite+aiosqlite:///{folder / 'recorder.db'}")
    await store.open()
    await store.add("r1", FACTS, 1_700_000_000.0, ended=True)
    return store


async def test_a_hidden_recording_is_in_no_answer_and_changes_no_more(tmp_path: Path) -> None:
    store = await _store(tmp_path)
    await store.hide("r1")
    with pytest.raises(RecordingNotFound):
        await store.entry("r1")
    with pytest.raises(RecordingNotFound):
        await store.set_state("r1", RecordingState.FINISHING)
    assert await store.entries_of(["r1"]) == []
    assert await store.page(limit=10, before=None) == ([], None)
    assert await store.recording_of("lesson") is None
    assert await store.unended_recording_of("lesson") is None
    assert await store.unfinished() == []
    assert not await store.seal_ready("r1")
    assert await store.known(["r1"]) == {"r1"}  # so its archive is not adopted
    await store.remove("r1")
    assert await store.known(["r1"]) == set()
    await store.close()


async def test_a_recording_that_is_not_hidden_keeps_its_row(tmp_path: Path) -> None:
    store = await _store(tmp_path)
    await store.remove("r1")
    assert (await store.entry("r1")).recording_id == "r1"
    await store.close()


async def test_an_id_never_leads_out_of_the_storage(tmp_path: Path) -> None:
    store = await _store(tmp_path)
    (tmp_path / "recordings").mkdir()
    (tmp_path / "precious").write_bytes(b"x")
    remover = Remover(store, FolderStorage(tmp_path / "recordings"))
    for name in ("..", ".", "", "../precious", "a/b", "x" * 65):
        await remover.remove(name)
    assert (tmp_path / "precious").exists()
    assert (tmp_path / "recordings").exists()
    await remover.close()


async def test_what_is_no_recording_may_be_removed_again_and_again(tmp_path: Path) -> None:
    store = await _store(tmp_path)
    await store.close()
    (tmp_path / "recordings").mkdir()
    url = f"sqlite+aiosqlite:///{tmp_path / 'recorder.db'}"
    remover = open_remover(tmp_path, url, None, None)
    for _ in range(2):
        await remover.remove("none-such")
        await remover.remove("r1")
    await remover.close()
    store = RecordingStore(url)
    assert await store.known(["r1"]) == set()
    await store.close()
