"""A recorded segment told as another lesson's recording, at another time."""

from dataclasses import replace
from pathlib import Path

import pytest

from recorder.api import RecordingState
from tests.integration.recorder.service_acts import local
from tests.support.recording import FACTS, START, archive_sink, segment_paths, service
from tests.support.rtp_media import TrackFeed, decode, encode_audio, encode_video, feed

OTHER = replace(FACTS, lesson_id="lesson-2", title="《荷花》", lead_teacher="李老师")
MONDAY = 1_790_000_000.0


def _segment(folder: Path) -> bytes:
    picture = TrackFeed(1, "lead.camera", "VP8", encode_video("VP8", 3.0), START)
    sound = TrackFeed(2, "lead.camera", "opus", encode_audio(3.0), START)
    with archive_sink(folder) as (sink, _):
        feed(sink, picture.happenings(), sound.happenings())
    (path,) = segment_paths(folder)
    return path.read_bytes()


async def test_the_copy_is_a_recording_of_its_own(tmp_path: Path) -> None:
    recorder, watcher = service(tmp_path / "data")
    await recorder.keep_copy(_segment(tmp_path), "copy1", OTHER, MONDAY)
    await recorder.start()
    entry = await watcher.reached("copy1", RecordingState.READY)
    assert (entry.title, entry.lead_teacher, entry.sealed) == ("《荷花》", "李老师", True)
    assert entry.started_at.timestamp() == pytest.approx(MONDAY, abs=0.1)
    assert entry.duration_s == pytest.approx(3.0, abs=0.1)
    (source,) = (await recorder.manifest("copy1")).sources
    file = await recorder.file("copy1", source.files[0].name)
    assert len(decode(local(file)).picture_times) == 75
    await recorder.stop()


async def test_what_is_no_whole_segment_is_refused(tmp_path: Path) -> None:
    segment = _segment(tmp_path)
    recorder, _ = service(tmp_path / "data")
    for spoilt in (b"", b"TKARCH\x00\x01 no segment", segment[:-1]):
        with pytest.raises(ValueError, match="segment"):
            await recorder.keep_copy(spoilt, "copy1", OTHER, MONDAY)
    await recorder.start()
    assert await recorder.entries(limit=10, before=None) == ([], None)
    await recorder.stop()
