"""Finishing as a whole: it may be interrupted, repeated and asked of nothing."""

import fcntl
import os
from pathlib import Path

import pytest

from recorder.finishing.finish import ArchiveMissingError, NothingRecordedError, finish
from recorder.storage.api import RESULTS_FOLDER
from recorder.storage.folder import publish_results
from tests.support.lesson_media import (
    camera,
    microphone,
)
from tests.support.recording import START, archive_sink, recorded, segment_paths
from tests.support.rtp_media import (
    TrackFeed,
    encode_video,
    feed,
)


def test_finishing_may_be_repeated_and_interrupted(tmp_path: Path) -> None:
    first = recorded(tmp_path, camera("VP8", 6.0).happenings(), microphone(6.0).happenings())
    (tmp_path / RESULTS_FOLDER).mkdir()
    (tmp_path / RESULTS_FOLDER / "lead.camera-1.webm").write_bytes(b"half a file")
    progress: list[float] = []
    assert finish(tmp_path, progress.append) == first
    publish_results(tmp_path)
    assert progress == sorted(progress)
    assert progress[-1] == 1.0
    assert not (tmp_path / RESULTS_FOLDER).exists()
    assert segment_paths(tmp_path)  # originals stay


def test_two_processes_do_not_finish_one_recording_at_once(tmp_path: Path) -> None:
    """One may outlive a killed server for a moment, or be started by hand."""

    def is_free() -> bool:
        descriptor = os.open(tmp_path, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(descriptor)
        return True

    with archive_sink(tmp_path) as (sink, _):
        feed(sink, camera("VP8", 2.0).happenings())
    free_during: list[bool] = []
    finish(tmp_path, lambda _: free_during.append(is_free()))
    assert free_during
    assert not any(free_during)
    assert is_free()


def test_hostile_source_ids_stay_in_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "recording"
    track = TrackFeed(1, "../../../x/../evil.camera", "VP8", encode_video("VP8", 2.0), START)
    manifest = recorded(folder, track.happenings())
    assert len(manifest.sources) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"recording"}


def test_nothing_recorded_is_said_so(tmp_path: Path) -> None:
    with archive_sink(tmp_path):
        pass
    with pytest.raises(NothingRecordedError):
        finish(tmp_path, lambda progress: None)
    with pytest.raises(ArchiveMissingError):  # its disk may be away
        finish(tmp_path / "nowhere", lambda progress: None)
