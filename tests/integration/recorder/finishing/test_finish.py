"""Real media through archive and finishing: what comes out plays, is whole, and is on time."""

import fcntl
import os
import random
import resource
from pathlib import Path

import av
import pytest
from structlog.testing import capture_logs

from recorder.api import Manifest, MediaFile, SourceManifest, Span
from recorder.archive.reader import read_archive
from recorder.core.archive_format import (
    Begin,
    LessonEnd,
    TrackBegin,
    encode_record,
    segment_header,
)
from recorder.finishing.finish import ArchiveMissingError, NothingRecordedError, finish
from recorder.finishing.thumbnail import make_thumbnail
from recorder.storage.api import ARCHIVE_FOLDER, RESULTS_FOLDER
from recorder.storage.folder import FolderArchive, publish_results
from relay.api import CloseReason
from tests.support.recording import START, archive_sink, finished, recorded, segment_paths
from tests.support.rtp_media import (
    Coded,
    Decoded,
    TrackFeed,
    decode,
    encode_audio,
    encode_video,
    feed,
)

CODECS = ["VP8", "H264"]


def camera(codec: str, seconds: float, **kwargs: object) -> TrackFeed:
    video = encode_video(codec, seconds)
    return TrackFeed(1, "lead.camera", codec, video, START, **kwargs)  # type: ignore[arg-type]


def microphone(seconds: float, **kwargs: object) -> TrackFeed:
    sound = encode_audio(seconds)
    return TrackFeed(2, "lead.camera", "opus", sound, START, **kwargs)  # type: ignore[arg-type]


def shifted(frames: tuple[Coded, ...], by_s: float) -> tuple[Coded, ...]:
    return tuple(Coded(frame.time + by_s, frame.data, frame.key) for frame in frames)


def source(manifest: Manifest, source_id: str = "lead.camera") -> SourceManifest:
    return next(item for item in manifest.sources if item.source_id == source_id)


def only_file(manifest: Manifest, source_id: str = "lead.camera") -> MediaFile:
    (file,) = source(manifest, source_id).files
    return file


def decoded(folder: Path, manifest: Manifest, source_id: str = "lead.camera") -> Decoded:
    return decode(folder / only_file(manifest, source_id).name)


def worst_lip_sync(media: Decoded) -> float:
    """The greatest distance of a flash to its beep; each flash must have one."""
    assert media.flashes
    return max(min(abs(flash - beep) for beep in media.beeps) for flash in media.flashes)


@pytest.mark.parametrize("codec", CODECS)
def test_a_minute_is_whole_and_in_sync(tmp_path: Path, codec: str) -> None:
    courseware = TrackFeed(
        3, "lead.courseware", codec, encode_video(codec, 52.0), START, begin_s=4.0, latency_s=0.4
    )
    manifest = recorded(
        tmp_path,
        camera(codec, 60.0, swap=0.05, jitter_s=0.02, latency_s=0.2).happenings(),
        microphone(60.0, latency_s=0.02, first_timestamp=17).happenings(),
        courseware.happenings(),
    )
    lead, slides = decoded(tmp_path, manifest), decoded(tmp_path, manifest, "lead.courseware")
    assert manifest.entry.duration_s == pytest.approx(60.0, abs=0.1)
    assert lead.duration == pytest.approx(60.0, abs=0.1)
    assert lead.sound_seconds == pytest.approx(60.0, abs=0.1)
    assert len(lead.picture_times) == 60 * 25
    assert len(slides.picture_times) == 52 * 25
    assert len(lead.flashes) == 30
    assert worst_lip_sync(lead) <= 0.04
    late = sorted(beep - flash for flash, beep in zip(lead.flashes, lead.beeps, strict=True))
    assert late[len(late) // 2] == pytest.approx(0, abs=0.003)  # the decoder's lag is not ours
    offset = only_file(manifest, "lead.courseware").offset_s - only_file(manifest).offset_s
    for flash in slides.flashes:
        assert min(abs(flash + offset - other) for other in lead.flashes) <= 0.04
    assert all(not item.gaps for item in manifest.sources)
    assert source(manifest, "lead.courseware").spans == (
        Span(pytest.approx(4.0, abs=0.01), pytest.approx(56.0, abs=0.1)),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("reports_every_s", [0.5, 5.0])
def test_sound_whose_clock_stands_still_and_drifts_stays_with_the_picture(
    tmp_path: Path, reports_every_s: float
) -> None:
    stalls = ((8.25, 0.08), (10.3, 0.5), (20.05, 0.9), (34.3, 0.2), (36.3, 0.36), (44.3, 0.5))
    manifest = recorded(
        tmp_path,
        camera(
            "VP8", 60.0, rate_error=-2000e-6, jitter_s=0.02, reports_every_s=reports_every_s
        ).happenings(),
        microphone(
            60.0, rate_error=2000e-6, stalls=stalls, jitter_s=0.01, reports_every_s=reports_every_s
        ).happenings(),
    )
    media = decoded(tmp_path, manifest)
    assert len(media.flashes) == 30
    assert worst_lip_sync(media) <= 0.045
    assert media.sound_seconds == pytest.approx(60.0, abs=0.1)
    gaps = source(manifest).gaps
    for at, length in stalls:  # what was not captured is told
        assert any(
            gap.start_s == pytest.approx(at, abs=0.045)
            and gap.end_s == pytest.approx(at + length, abs=0.045)
            for gap in gaps
        ), (at, gaps)
    assert len(gaps) == len(stalls)


@pytest.mark.parametrize("codec", CODECS)
def test_clocks_that_jump_ahead_and_back_leave_nothing_out(tmp_path: Path, codec: str) -> None:
    manifest = recorded(
        tmp_path,
        camera(codec, 60.0, jumps=((30.3, -0.4), (50.3, 4.0)), reports_every_s=2.0).happenings(),
        microphone(60.0, jumps=((26.3, 3.0), (46.3, -2.0)), reports_every_s=2.0).happenings(),
    )
    media = decoded(tmp_path, manifest)
    assert len(media.picture_times) == 60 * 25
    assert len(media.flashes) == len(media.beeps) == 30
    assert worst_lip_sync(media) <= 0.045
    assert media.sound_seconds == pytest.approx(60.0, abs=0.1)
    assert source(manifest).gaps == ()


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


@pytest.mark.parametrize("codec", CODECS)
def test_after_loss_every_frame_kept_decodes_and_the_rest_is_a_gap(
    tmp_path: Path, codec: str
) -> None:
    rng = random.Random(5)
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
    in_a_gap = [
        t for t in media.picture_times if any(g.start_s + 1e-3 < t < g.end_s - 1e-3 for g in gaps)
    ]
    assert len(in_a_gap) <= 1  # a key frame with losses on both sides joins their gaps
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
def test_layers_may_change_within_a_file(tmp_path: Path, codec: str) -> None:
    small, large = encode_video(codec, 4.0), encode_video(codec, 4.0, width=640, height=360)
    frames = small + shifted(large, 4.0) + shifted(small, 8.0)
    video = TrackFeed(1, "lead.camera", codec, frames, START)
    manifest = recorded(tmp_path, video.happenings(), microphone(12.0).happenings())
    media = decoded(tmp_path, manifest)
    assert media.sizes == {(320, 180), (640, 360)}
    assert len(media.picture_times) == 300
    file = only_file(manifest)
    assert (file.width, file.height) == (640, 360)
    assert worst_lip_sync(media) <= 0.04


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


def test_a_session_that_replaces_another_takes_over_at_its_key_frame(tmp_path: Path) -> None:
    newer = TrackFeed(5, "lead.camera", "VP8", encode_video("VP8", 6.0), START, begin_s=6.0)
    newer_sound = TrackFeed(6, "lead.camera", "opus", encode_audio(6.0), START, begin_s=6.0)
    manifest = recorded(
        tmp_path,
        camera("VP8", 7.0, end_reason=CloseReason.REPLACED).happenings(),
        microphone(7.0, end_reason=CloseReason.REPLACED).happenings(),
        newer.happenings(),
        newer_sound.happenings(),
    )
    media = decoded(tmp_path, manifest)
    assert media.picture_times == sorted(set(media.picture_times))
    assert len(media.picture_times) == pytest.approx(12 * 25, abs=2)
    assert worst_lip_sync(media) <= 0.04


def test_a_change_of_codec_makes_two_files(tmp_path: Path) -> None:
    other = TrackFeed(3, "lead.camera", "H264", encode_video("H264", 6.0), START, begin_s=6.0)
    manifest = recorded(
        tmp_path,
        camera("VP8", 6.0).happenings(),
        microphone(12.0).happenings(),
        other.happenings(),
    )
    first, second = source(manifest).files
    assert (first.name, second.name) == ("lead.camera-1.webm", "lead.camera-2.mp4")
    assert second.offset_s == pytest.approx(6.0, abs=0.05)
    for file in (first, second):
        media = decode(tmp_path / file.name)
        assert len(media.picture_times) == 150
        assert media.duration == pytest.approx(6.0, abs=0.1)
        assert worst_lip_sync(media) <= 0.04


@pytest.mark.parametrize("rate_error", [400e-6, -400e-6])
def test_a_microphone_with_a_fast_or_slow_clock_stays_in_sync(
    tmp_path: Path, rate_error: float
) -> None:
    # 400 ppm over two minutes is 48 ms; sound cards stay within 100.
    manifest = recorded(
        tmp_path,
        camera("VP8", 120.0).happenings(),
        microphone(120.0, rate_error=rate_error).happenings(),
    )
    media = decoded(tmp_path, manifest)
    assert worst_lip_sync(media) <= 0.04
    assert media.sound_seconds == pytest.approx(120.0, abs=0.1)


def test_pauses_of_discontinuous_sound_are_silence_and_no_gap(tmp_path: Path) -> None:
    sound = tuple(f for f in encode_audio(20.0) if not 4.5 <= f.time < 12.5)
    audio = TrackFeed(2, "lead.camera", "opus", sound, START)
    manifest = recorded(tmp_path, camera("VP8", 20.0).happenings(), audio.happenings())
    media = decoded(tmp_path, manifest)
    assert not source(manifest).gaps
    assert media.sound_seconds == pytest.approx(20.0, abs=0.05)
    assert [round(beep) for beep in media.beeps] == [1, 3, 13, 15, 17, 19]
    assert all(min(abs(b - f) for f in media.flashes) <= 0.04 for b in media.beeps)


def test_sound_alone_and_pictures_alone(tmp_path: Path) -> None:
    sound = TrackFeed(2, "room-1.camera", "opus", encode_audio(6.0), START, begin_s=1.0)
    manifest = recorded(tmp_path, camera("H264", 6.0).happenings(), sound.happenings())
    silent, heard = only_file(manifest), only_file(manifest, "room-1.camera")
    assert (silent.has_video, silent.has_audio) == (True, False)
    assert (heard.has_video, heard.has_audio, heard.mime) == (False, True, "audio/webm")
    assert heard.offset_s == pytest.approx(1.0, abs=0.01)
    assert decode(tmp_path / heard.name).sound_seconds == pytest.approx(6.0, abs=0.05)


@pytest.mark.parametrize("codec", CODECS)
def test_files_can_be_entered_anywhere(tmp_path: Path, codec: str) -> None:
    manifest = recorded(tmp_path, camera(codec, 60.0).happenings(), microphone(60.0).happenings())
    path = tmp_path / only_file(manifest).name
    data = path.read_bytes()
    if codec == "VP8":  # Cues before the first Cluster
        assert data.index(b"\x1c\x53\xbb\x6b") < data.index(b"\x1f\x43\xb6\x75")
    else:
        assert data.index(b"moov") < data.index(b"mdat")
    with av.open(str(path)) as container:
        for place in (31.7, 58.0, 3.0):
            container.seek(int(place * 1e6))
            first = next(container.decode(video=0))
            assert place - 5.1 <= first.time <= place


def test_the_thumbnail_shows_something(tmp_path: Path) -> None:
    manifest = recorded(tmp_path, camera("VP8", 6.0).happenings())
    assert manifest.entry.has_thumbnail
    with av.open(str(tmp_path / "thumbnail.jpg")) as container:
        frame = next(container.decode(video=0))
    assert (frame.width, frame.height) == (640, 360)
    assert frame.reformat(format="gray").to_ndarray().std() > 12


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


def test_a_picture_of_absurd_shape_costs_the_thumbnail_not_the_recording(tmp_path: Path) -> None:
    path = tmp_path / "tall.webm"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx", rate=25)
        stream.width, stream.height, stream.pix_fmt = 16, 16_000, "yuv420p"
        frame = av.VideoFrame(16, 16_000, "yuv420p")
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    assert not make_thumbnail([path], tmp_path / "thumbnail.jpg")
    assert not (tmp_path / "thumbnail.jpg").exists()


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


def test_players_are_told_the_colours_of_vp8(tmp_path: Path) -> None:
    manifest = recorded(tmp_path, camera("VP8", 2.0).happenings())
    with av.open(str(tmp_path / only_file(manifest).name)) as container:
        told = container.streams.video[0].codec_context
        smpte170m, studio_range = 6, 1
        assert (told.colorspace, told.color_range) == (smpte170m, studio_range)


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
