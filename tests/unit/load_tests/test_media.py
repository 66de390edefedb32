"""Generated media, read back: what was burned in must come out of a real encoder and decoder."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from load_tests import verify
from load_tests.film import FileScene
from load_tests.media import AudioEncoder, LayerSpec, VideoEncoder, write_capture, write_file
from load_tests.picture import (
    CameraScene,
    CoursewareScene,
    MarkPlan,
    Marks,
    luma_of,
    read_marks,
)
from load_tests.sound import Babble, FileSound, Silence, Tone, level_dbov, tone_share

MARKS = MarkPlan(first_s=0.5, interval_s=1.0)


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("media") / "lesson.webm"
    scene = CameraScene(640, 360, marks=MARKS)
    write_file(path, scene, Babble(marks=MARKS), seconds=3, fps=20)
    return path


@pytest.mark.parametrize("scene_type", [CameraScene, CoursewareScene])
@pytest.mark.parametrize("size", [(1280, 720), (640, 360), (320, 180)])
def test_a_drawn_picture_says_when_it_was_taken(scene_type, size):
    scene = scene_type(*size, marks=MARKS)

    for capture_s, number, flash in ((0.0, 0, False), (0.55, 11, True), (9999.95, 199_999, False)):
        picture = scene.draw(capture_s, number)
        marks = read_marks(picture[: size[1]])
        assert marks == Marks(round(capture_s * 1000), number, flash)


def test_a_picture_without_a_strip_says_nothing():
    noise = np.random.default_rng(3).integers(0, 255, (360, 640), np.uint8)

    assert read_marks(noise) is None
    assert read_marks(noise[:20, :20]) is None


@pytest.mark.parametrize("codec", ["VP8", "H264"])
def test_marks_survive_the_smallest_layer(codec):
    scene = CameraScene(1280, 720, marks=MARKS)
    encoder = VideoEncoder(codec, LayerSpec("l", 320, 180, 150_000), 20)
    decoder = av.CodecContext.create("vp8" if codec == "VP8" else "h264", "r")
    seen = []

    for number in range(20):
        frame = av.VideoFrame.from_ndarray(scene.draw(number / 20, number), format="yuv420p")
        for encoded in encoder.encode(frame, number / 20, number, key=number == 10):
            assert encoded.key == (number in (0, 10))
            seen += [read_marks(luma_of(p)) for p in decoder.decode(av.Packet(encoded.data))]

    seen += [read_marks(luma_of(picture)) for picture in decoder.decode(None)]
    assert [marks and marks.number for marks in seen] == list(range(20))
    assert [marks and marks.flash for marks in seen] == [10 <= n < 14 for n in range(20)]


def test_flash_and_beep_come_out_together(lesson):
    report = verify.verify_file(lesson)

    assert report.streams == ("vp8", "opus")
    assert report.video is not None
    assert report.video.flashes == pytest.approx((0.5, 1.5, 2.5), abs=0.002)
    assert report.beeps == pytest.approx((0.5, 1.5, 2.5), abs=0.012)
    assert report.av_offset_s == pytest.approx(0, abs=0.012)
    assert report.video.duration_s == pytest.approx(3, abs=0.002)
    assert (report.video.missing, report.video.decode_errors, report.video.readable) == (0, 0, 1)
    assert report.video.skew_s == pytest.approx(0, abs=0.002)


def test_a_shifted_sound_is_noticed(tmp_path):
    class Late(Babble):
        def samples(self, first, count):
            return super().samples(first - 4800, count)

    path = tmp_path / "late.webm"
    write_file(path, CameraScene(320, 180, marks=MARKS), Late(marks=MARKS), seconds=2, fps=20)

    assert verify.verify_file(path).av_offset_s == pytest.approx(0.1, abs=0.012)


def test_a_flash_is_placed_where_it_began_though_pictures_are_missing():
    pictures = [verify.Picture(n / 20 + 2, 640, 360, n * 50, n, 10 <= n < 14) for n in range(20)]
    report = verify.report_pictures(pictures[:10] + pictures[12:], 0)

    assert report.flashes == pytest.approx((2.6,))
    assert report.flashes_by(MARKS) == pytest.approx((2.5,), abs=1e-5)


def test_camera_and_courseware_are_compared_by_their_strips(tmp_path, lesson):
    path = tmp_path / "courseware.webm"
    write_file(path, CoursewareScene(640, 360, marks=MARKS), None, seconds=2, fps=5)
    camera, courseware = verify.read_video(lesson), verify.read_video(path)

    assert verify.source_offset(camera, 0.0, courseware, 0.0) == pytest.approx(0, abs=0.003)
    assert verify.source_offset(camera, 0.3, courseware, 0.1) == pytest.approx(0.2, abs=0.003)


def test_a_freeze_and_missing_frames_are_noticed():
    pictures = [
        verify.Picture(n / 20, 640, 360, n * 50, n, False) for n in range(40) if not 10 <= n < 20
    ]
    report = verify.report_pictures(pictures, 0)

    assert report.missing == 10
    assert report.longest_step_s == pytest.approx(0.55)


def test_a_media_file_becomes_a_source(lesson):
    scene = FileScene(lesson, 320, 180, marks=MARKS)
    sound = FileSound(lesson)

    for capture_s in (0.0, 0.6, 7.1):  # beyond its end it begins again
        marks = read_marks(scene.draw(capture_s, 5)[:180])
        assert marks == Marks(round(capture_s * 1000), 5, MARKS.active(capture_s))
    assert np.abs(sound.samples(0, 48_000)).max() > 0.1
    with pytest.raises((ValueError, av.FFmpegError)):
        FileScene(Path(__file__), 320, 180)


def _film(path: Path, width: int, height: int, *, turned: bool = False) -> Path:
    """One second of 25 pictures: the upper half white, the lower half black."""
    picture = np.full((height * 3 // 2, width), 128, np.uint8)
    picture[:height] = 16
    picture[: height // 2] = 235
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        if turned:  # as a telephone held upright: to be turned clockwise by a quarter
            stream.set_display_rotation(-90)
        for number in range(25):
            frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
            frame.pts = number
            frame.time_base = Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize(
    ("size", "left", "top"),
    [((320, 180), 0, 0), ((90, 160), 109, 0), ((640, 180), 0, 45), ((318, 180), 1, 0)],
)
def test_a_media_file_keeps_its_shape(size, left, top, tmp_path):
    scene = FileScene(_film(tmp_path / "film.mp4", *size), 320, 180)
    assert scene.fps == 25
    luma = scene.draw(0.0, 1)[:180]

    inside = luma[top + 22 : 88, left + 2 : 318 - left]  # below the strip
    assert inside.min() > 200
    assert luma[94 : 178 - top, left + 2 : 318 - left].max() < 40
    assert (luma[22:, : max(0, left - 1)] == 16).all()
    assert (luma[22 : max(22, top - 1)] == 16).all()


def test_a_telephone_held_upright_is_shown_upright(tmp_path):
    scene = FileScene(_film(tmp_path / "film.mp4", 160, 90, turned=True), 320, 180)
    luma = scene.draw(0.0, 1)[:180]

    assert luma[30:, 165:205].min() > 200  # what was above is now on the right
    assert luma[30:, 115:155].max() < 40
    assert (luma[30:, :108] == 16).all() and (luma[30:, 212:] == 16).all()


def test_fake_capture_files_hold_the_same_marks(tmp_path):
    scene = CameraScene(320, 180, marks=MARKS)
    write_capture(tmp_path, scene, Babble(marks=MARKS), seconds=1, fps=10)

    report = verify.read_video(tmp_path / "camera.y4m")
    sound, _start = verify.read_sound(tmp_path / "microphone.wav")
    assert report.flashes == pytest.approx((0.5,))
    assert verify.tone_onsets(sound, 1000) == pytest.approx([0.5], abs=0.006)


def test_tones_are_told_apart_and_levels_follow_rfc_6464():
    tone = Tone(1000).samples(100, 4800)

    assert tone_share(tone, 1000) > 0.99
    assert tone_share(tone, 700) < 0.05
    assert tone_share(Babble().samples(0, 4800), 1000) < 0.3
    assert tone_share(Silence().samples(0, 4800), 1000) == 0
    assert level_dbov(Silence().samples(0, 960)) == 127
    assert level_dbov(Tone(1000, level=1.0).samples(0, 960)) == 3  # a full sine: -3 dBov


def test_each_20_ms_give_one_opus_packet():
    encoder = AudioEncoder()
    packets = [encoder.encode(Tone(500).samples(n * 960, 960), n * 960) for n in range(10)]

    assert sum(len(made) for made in packets) >= 9
    assert all(len(data) < 1000 for made in packets for data in made)
