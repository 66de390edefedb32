"""The end of a lesson cuts a recording where the lesson ended, and nowhere else."""

from pathlib import Path

import pytest

from recorder.archive.reader import read_archive
from recorder.core.archive_format import (
    Begin,
    LessonEnd,
    TrackBegin,
    encode_record,
    segment_header,
)
from recorder.storage.api import ARCHIVE_FOLDER
from recorder.storage.folder import FolderArchive
from tests.support.lesson_media import (
    CODECS,
    camera,
    decoded,
    microphone,
)
from tests.support.recording import START, archive_sink, finished
from tests.support.rtp_media import (
    feed,
)


@pytest.mark.parametrize("codec", CODECS)
def test_what_was_captured_before_the_end_is_kept_though_it_comes_later(
    tmp_path: Path, codec: str
) -> None:
    pictures = camera(codec, 6.0, latency_s=0.2, end_reason=None).happenings()
    sound = microphone(6.0, latency_s=0.02, end_reason=None).happenings()
    happenings = sorted([*pictures, *sound])
    ending = [one for one in happenings if one.at < START + 5.005]
    with archive_sink(tmp_path) as (sink, _):
        feed(sink, ending)
        sink.end()
        feed(sink, (one for one in happenings[len(ending) :] if one.at < START + 5.255))
    manifest = finished(tmp_path)
    media = decoded(tmp_path, manifest)
    # By then pictures were there until 4.8 s; the last one of the lesson was taken at 4.96 s.
    assert media.picture_times[-1] == pytest.approx(4.9665, abs=0.002)
    assert media.sound_seconds == pytest.approx(5.0, abs=0.03)
    assert manifest.entry.duration_s == pytest.approx(5.0, abs=0.03)


def held_until(folder: Path, ends_at: float) -> None:
    """Archive a lesson of 5 s that ends, and the 0.25 s that it is still recorded afterwards."""
    streams = camera("VP8", 6.0, end_reason=None), microphone(6.0, end_reason=None)
    happenings = sorted(one for stream in streams for one in stream.happenings())
    ending = [one for one in happenings if one.at < START + ends_at]
    with archive_sink(folder) as (sink, _):
        feed(sink, ending)
        sink.end()
        feed(sink, (one for one in happenings[len(ending) :] if one.at < START + ends_at + 0.25))


def test_a_recording_that_goes_on_after_an_end_keeps_what_comes_then(tmp_path: Path) -> None:
    held_until(tmp_path, 5.0)
    ended = finished(tmp_path)
    assert ended.entry.duration_s == pytest.approx(5.0, abs=0.04)
    with archive_sink(tmp_path) as (sink, _):
        feed(sink, camera("VP8", 4.0, begin_s=20.0).happenings())
        feed(sink, microphone(4.0, begin_s=20.0).happenings())
    manifest = finished(tmp_path)
    media = decoded(tmp_path, manifest)
    assert [time for time in media.picture_times if 5.02 < time < 19.9] == []
    assert len(media.picture_times) == 9 * 25
    assert media.sound_seconds == pytest.approx(24.0, abs=0.04)


def test_the_end_holds_though_another_segment_begins_before_the_last_packets(
    tmp_path: Path,
) -> None:
    held_until(tmp_path, 5.0)
    archive = FolderArchive(tmp_path / ARCHIVE_FOLDER)
    records = list(read_archive(archive))
    (end,) = (place for place, one in enumerate(records) if isinstance(one, LessonEnd))
    opening = [one for one in records if isinstance(one, (Begin, TrackBegin))]
    for index, part in ((1, records[: end + 1]), (2, [*opening, *records[end + 1 :]])):
        content = segment_header(index, START) + b"".join(map(encode_record, part))
        archive.path(index).write_bytes(content)
    manifest = finished(tmp_path)
    assert manifest.entry.duration_s == pytest.approx(5.0, abs=0.04)
