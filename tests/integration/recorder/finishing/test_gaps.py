"""What was lost is a gap, and all that is kept decodes."""

import random
import resource
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from recorder.api import Span
from recorder.core.manifest import JOIN_GAPS_S
from relay.api import CloseReason
from tests.support.lesson_media import (
    CODECS,
    camera,
    decoded,
    microphone,
    source,
    worst_lip_sync,
)
from tests.support.recording import START, archive_sink, finished, recorded, segment_paths
from tests.support.rtp_media import (
    TrackFeed,
    decode,
    encode_audio,
    encode_video,
    feed,
)


def kept_within(gaps: Iterable[Span], times: list[float]) -> Iterator[list[float]]:
    """Find the runs of pictures, 0.04 s apart, that were kept within gaps."""
    edge = 2e-3  # s; the manifest and WebM count milliseconds
    for gap in gaps:
        run: list[float] = []
        for time in times:
            if not gap.start_s + edge < time < gap.end_s - edge:
                continue
            if run and time - run[-1] > 0.06:
                yield run
                run = []
            run.append(time)
        if run:
            yield run


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("codec", CODECS)
def test_after_loss_every_frame_kept_decodes_and_the_rest_is_a_gap(
    tmp_path: Path, codec: str, seed: int
) -> None:
    rng = random.Random(seed)
    video = camera(codec, 30.0)
    lost = frozenset(rng.sample(range(40, video.packet_count()), 4))
    manifest = recorded(
        tmp_path,
        camera(codec, 30.0, drop=lost, swap=0.1).happenings(),
        microphone(30.0).happenings(),
    )
    media = decoded(tmp_path, manifest)  # raises on any frame that does not decode
    gaps = source(manifest).gaps
    assert gaps
    assert len(media.picture_times) < 30 * 25
    # Gaps on both sides of a short run of pictures are told as one.
    for run in kept_within(gaps, media.picture_times):
        assert run[-1] - run[0] <= JOIN_GAPS_S
    missing = set(range(30 * 25)) - {round(t * 25) for t in media.picture_times}
    for number in missing:
        assert any(g.start_s <= number / 25 <= g.end_s for g in gaps)
    outside = [f for f in media.flashes if not any(g.start_s <= f <= g.end_s + 0.5 for g in gaps)]
    assert outside
    for flash in outside:
        assert min(abs(flash - beep) for beep in media.beeps) <= 0.04


def test_lost_sound_is_silence_and_a_gap(tmp_path: Path) -> None:
    lost = frozenset(random.Random(5).sample(range(40, 1400), 60)) | frozenset(range(600, 700))
    manifest = recorded(
        tmp_path, camera("VP8", 30.0).happenings(), microphone(30.0, drop=lost).happenings()
    )
    media = decoded(tmp_path, manifest)
    assert media.sound_seconds == pytest.approx(30.0, abs=0.05)
    assert len(media.picture_times) == 750
    gaps = source(manifest).gaps
    for number in lost:
        assert any(g.start_s - 0.03 <= number / 50 <= g.end_s + 0.03 for g in gaps)
    assert sum(g.end_s - g.start_s for g in gaps) == pytest.approx(len(lost) / 50, abs=1.0)
    assert sum(min(abs(b - f) for f in media.flashes) <= 0.04 for b in media.beeps) >= 12


@pytest.mark.parametrize("codec", CODECS)
def test_a_reconnect_is_a_gap_in_one_file(tmp_path: Path, codec: str) -> None:
    again = [
        TrackFeed(
            5,
            "lead.camera",
            codec,
            encode_video(codec, 8.0),
            START,
            begin_s=12.0,
            first_timestamp=9,
        ),
        TrackFeed(6, "lead.camera", "opus", encode_audio(8.0), START, begin_s=12.0),
    ]
    manifest = recorded(
        tmp_path,
        camera(codec, 8.0, end_reason=CloseReason.CONSENT_EXPIRED).happenings(),
        microphone(8.0, end_reason=None).happenings(),
        *(track.happenings() for track in again),
    )
    media = decoded(tmp_path, manifest)
    assert media.duration == pytest.approx(20.0, abs=0.1)
    assert len(media.picture_times) == 16 * 25
    assert media.sound_seconds == pytest.approx(20.0, abs=0.1)
    assert worst_lip_sync(media) <= 0.04
    (gap,) = source(manifest).gaps
    assert gap.start_s == pytest.approx(8.0, abs=0.1)
    assert gap.end_s == pytest.approx(12.0, abs=0.1)
    assert len(source(manifest).spans) == 2


def test_pauses_of_discontinuous_sound_are_silence_and_no_gap(tmp_path: Path) -> None:
    sound = tuple(f for f in encode_audio(20.0) if not 4.5 <= f.time < 12.5)
    audio = TrackFeed(2, "lead.camera", "opus", sound, START)
    manifest = recorded(tmp_path, camera("VP8", 20.0).happenings(), audio.happenings())
    media = decoded(tmp_path, manifest)
    assert not source(manifest).gaps
    assert media.sound_seconds == pytest.approx(20.0, abs=0.05)
    assert [round(beep) for beep in media.beeps] == [1, 3, 13, 15, 17, 19]
    assert all(min(abs(b - f) for f in media.flashes) <= 0.04 for b in media.beeps)


def test_a_damaged_archive_still_gives_what_is_left(tmp_path: Path) -> None:
    with archive_sink(tmp_path) as (sink, _):
        feed(sink, camera("VP8", 20.0).happenings(), microphone(20.0).happenings())
    (path,) = segment_paths(tmp_path)
    data = bytearray(path.read_bytes())
    for place in (len(data) // 3, len(data) // 2):
        data[place] ^= 0x55
    path.write_bytes(data[: len(data) * 4 // 5])  # and torn
    manifest = finished(tmp_path)
    media = decoded(tmp_path, manifest)
    assert 10 < media.duration < 19
    assert media.picture_times


@pytest.mark.parametrize("codec", CODECS)
def test_a_source_that_cannot_be_written_costs_only_itself(tmp_path: Path, codec: str) -> None:
    video = encode_video(codec, 20.0)
    aside = TrackFeed(3, "lead.courseware", "opus", encode_audio(2.0), START)
    with archive_sink(tmp_path) as (sink, _):
        feed(sink, camera(codec, 20.0).happenings(), aside.happenings())
    originals = {path.name: path.stat().st_size for path in segment_paths(tmp_path)}
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    half = sum(len(frame.data) for frame in video) // 2
    try:  # as on a file system that takes no larger file
        resource.setrlimit(resource.RLIMIT_FSIZE, (half, hard))
        with capture_logs():
            manifest = finished(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    lead, slides = source(manifest), source(manifest, "lead.courseware")
    assert slides.failure is None
    assert decoded(tmp_path, manifest, "lead.courseware").sound_seconds == pytest.approx(
        2.0, abs=0.1
    )
    assert lead.failure is not None
    whole = 0.0
    for file in lead.files:
        decode(tmp_path / file.name)
        whole = file.offset_s + file.duration_s
    assert whole < 19
    assert lead.gaps[-1].start_s == pytest.approx(whole, abs=0.1)
    assert lead.gaps[-1].end_s == pytest.approx(manifest.entry.duration_s, abs=0.1)
    listed = {file.name for item in manifest.sources for file in item.files}
    made = {path.name for path in tmp_path.iterdir() if path.suffix in {".webm", ".mp4"}}
    assert made == listed
    assert originals == {path.name: path.stat().st_size for path in segment_paths(tmp_path)}
    again = finished(tmp_path)  # when there is room
    assert source(again).failure is None
    assert len(decoded(tmp_path, again).picture_times) == 20 * 25
