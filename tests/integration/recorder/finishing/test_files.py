"""The files that finishing makes of the tracks of a source: how many, and that they play."""

from pathlib import Path

import av
import pytest

from recorder.finishing.thumbnail import make_thumbnail
from relay.api import CloseReason
from tests.support.lesson_media import (
    CODECS,
    camera,
    decoded,
    microphone,
    only_file,
    shifted,
    source,
    worst_lip_sync,
)
from tests.support.recording import START, recorded
from tests.support.rtp_media import (
    TrackFeed,
    decode,
    encode_audio,
    encode_video,
)


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


def test_players_are_told_the_colours_of_vp8(tmp_path: Path) -> None:
    manifest = recorded(tmp_path, camera("VP8", 2.0).happenings())
    with av.open(str(tmp_path / only_file(manifest).name)) as container:
        told = container.streams.video[0].codec_context
        smpte170m, studio_range = 6, 1
        assert (told.colorspace, told.color_range) == (smpte170m, studio_range)


def test_the_thumbnail_shows_something(tmp_path: Path) -> None:
    manifest = recorded(tmp_path, camera("VP8", 6.0).happenings())
    assert manifest.entry.has_thumbnail
    with av.open(str(tmp_path / "thumbnail.jpg")) as container:
        frame = next(container.decode(video=0))
    assert (frame.width, frame.height) == (640, 360)
    assert frame.reformat(format="gray").to_ndarray().std() > 12


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
