"""Reads decoded media back: numbers, flashes, beeps, offsets, freezes; judges demo and tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np

from load_tests.picture import MarkPlan, luma_of, read_marks
from load_tests.sound import BEEP_HZ, SAMPLE_RATE, Samples, tone_share

TONE_WINDOW = 240  # samples: 5 ms, the resolution of a beep's start
TONE_PRESENT = 0.6  # share of the energy at 1 kHz
MIN_TONE_WINDOWS = 12  # 60 ms: shorter is no beep
MAX_PAIR_DISTANCE_S = 0.5  # a flash belongs to the beep nearest to it, within this
MAX_SOUND_S = 4 * 3600.0


@dataclass(frozen=True, slots=True)
class Picture:
    """One decoded picture: media time, size, and what its strip says (None: unreadable)."""

    time_s: float
    width: int
    height: int
    capture_ms: int | None
    number: int | None
    flash: bool


@dataclass(frozen=True, slots=True)
class VideoReport:
    """Reading of a file's pictures.

    Attributes:
        decode_errors: packets that the decoder refused.
        skew_s: media time minus burned-in capture time, the median over all pictures.
        skew_spread_s: the largest distance of any picture from `skew_s`.
        longest_step_s: the longest time between two pictures.
        missing: frame numbers that should lie between the first and the last and do not.
    """

    pictures: tuple[Picture, ...]
    decode_errors: int
    duration_s: float
    skew_s: float | None
    skew_spread_s: float
    longest_step_s: float
    missing: int

    @property
    def readable(self) -> float:
        """Share of the pictures whose strip can be read."""
        known = sum(picture.capture_ms is not None for picture in self.pictures)
        return known / len(self.pictures) if self.pictures else 0.0

    @property
    def flashes(self) -> tuple[float, ...]:
        """Media times of the first pictures that show the patch white."""
        return self.flashes_by(None)

    def flashes_by(self, marks: MarkPlan | None) -> tuple[float, ...]:
        """Media times at which flashes begin; exact, if the plan of the source is given."""
        starts, before = [], True  # a flash that is on at the start has no known beginning
        for picture in self.pictures:
            if picture.capture_ms is None:
                continue
            if picture.flash and not before:
                late = marks.since_start(picture.capture_ms / 1000) if marks is not None else 0.0
                starts.append(picture.time_s - late)
            before = picture.flash
        return tuple(starts)

    @property
    def sizes(self) -> tuple[tuple[int, int], ...]:
        """The sizes that occur, in order of appearance."""
        return tuple(dict.fromkeys((p.width, p.height) for p in self.pictures))


@dataclass(frozen=True, slots=True)
class FileReport:
    """One media file: pictures, beeps, and the offset between them.

    Attributes:
        streams: codec names in file order.
        av_offset_s: sound minus picture, the median over flash and beep pairs; None without pairs.
    """

    path: Path
    streams: tuple[str, ...]
    container_s: float
    video: VideoReport | None
    beeps: tuple[float, ...]
    audio_s: float
    av_offset_s: float | None


def verify_file(path: Path, marks: MarkPlan | None = None) -> FileReport:
    """Decode a file completely and read what was burned in.

    With the `marks` of its source a flash is placed at its true begin. Without them it is placed at
    the first picture that shows it, which is late after dropped pictures.

    Raises:
        av.FFmpegError: the file cannot be opened at all.
    """
    with av.open(str(path)) as container:
        streams = tuple(stream.codec_context.name for stream in container.streams)
        container_s = container.duration / 1e6 if container.duration else 0.0
        has_video, has_audio = bool(container.streams.video), bool(container.streams.audio)
    video = read_video(path) if has_video else None
    sound, start_s = read_sound(path) if has_audio else (np.zeros(0, np.float32), 0.0)
    beeps = tuple(start_s + onset for onset in tone_onsets(sound, BEEP_HZ))
    offset = pair_offset(video.flashes_by(marks), beeps) if video is not None else None
    return FileReport(path, streams, container_s, video, beeps, len(sound) / SAMPLE_RATE, offset)


def read_video(path: Path) -> VideoReport:
    """Decode every picture of the first video track."""
    pictures: list[Picture] = []
    errors = 0
    with av.open(str(path)) as container:
        stream: Any = container.streams.video[0]
        stream.thread_type = "AUTO"
        for packet in container.demux(stream):
            try:
                frames: list[Any] = list(packet.decode())
            except av.FFmpegError:
                errors += 1
                continue
            for frame in frames:
                marks = read_marks(luma_of(frame))
                pictures.append(
                    Picture(
                        float(frame.time or 0.0),
                        frame.width,
                        frame.height,
                        marks.capture_ms if marks else None,
                        marks.number if marks else None,
                        bool(marks and marks.flash),
                    )
                )
    return report_pictures(pictures, errors)


def report_pictures(pictures: Sequence[Picture], decode_errors: int) -> VideoReport:
    """Judge pictures in presentation order."""
    times = np.array([picture.time_s for picture in pictures])
    steps = np.diff(times)
    skews = [p.time_s - p.capture_ms / 1000 for p in pictures if p.capture_ms is not None]
    skew = float(np.median(skews)) if skews else None
    spread = max((abs(value - skew) for value in skews), default=0.0) if skew is not None else 0.0
    numbers = {picture.number for picture in pictures if picture.number is not None}
    stride = _number_stride(sorted(numbers))
    due = (max(numbers) - min(numbers)) // stride + 1 if numbers else 0
    typical = float(np.median(steps)) if len(steps) else 0.0
    return VideoReport(
        pictures=tuple(pictures),
        decode_errors=decode_errors,
        duration_s=float(times[-1] - times[0]) + typical if len(times) else 0.0,
        skew_s=skew,
        skew_spread_s=spread,
        longest_step_s=float(steps.max()) if len(steps) else 0.0,
        missing=max(0, due - len(numbers)),
    )


def _number_stride(numbers: Sequence[int]) -> int:
    """The usual step of the frame numbers (a player or camera may show every second only)."""
    return max(1, int(np.median(np.diff(numbers)))) if len(numbers) > 1 else 1


def read_sound(path: Path) -> tuple[Samples, float]:
    """The first sound track as mono 48 kHz by media time, holes as silence; and its start."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
    pieces: list[tuple[int, Samples]] = []
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            time_s = frame.time or 0.0
            for piece in resampler.resample(frame):
                samples: Any = piece.to_ndarray()
                pieces.append((round(time_s * SAMPLE_RATE), samples.reshape(-1)))
    if not pieces:
        return np.zeros(0, np.float32), 0.0
    first = pieces[0][0]
    end = max(at + len(samples) for at, samples in pieces)
    if end - first > MAX_SOUND_S * SAMPLE_RATE:
        raise ValueError(f"{path}: more than {MAX_SOUND_S:.0f} s of sound")
    whole = np.zeros(end - first, np.float32)
    for at, samples in pieces:
        start = max(0, at - first)
        whole[start : start + len(samples)] = samples[: len(whole) - start]
    return whole, first / SAMPLE_RATE


def tone_onsets(sound: Samples, frequency_hz: float) -> list[float]:
    """Seconds at which a tone begins, to 5 ms; tones shorter than 60 ms are ignored."""
    windows = len(sound) // TONE_WINDOW
    present = [
        tone_share(sound[i * TONE_WINDOW : (i + 1) * TONE_WINDOW], frequency_hz) > TONE_PRESENT
        for i in range(windows)
    ]
    onsets = []
    start = None
    for index, on in enumerate([*present, False]):
        if on and start is None:
            start = index
        elif not on and start is not None:
            if index - start >= MIN_TONE_WINDOWS:
                onsets.append(start * TONE_WINDOW / SAMPLE_RATE)
            start = None
    return onsets


def pair_offset(flashes: Sequence[float], beeps: Sequence[float]) -> float | None:
    """Beep minus flash, the median over pairs; None without a pair."""
    offsets = []
    for flash in flashes:
        nearest = min(beeps, key=lambda beep: abs(beep - flash), default=None)
        if nearest is not None and abs(nearest - flash) <= MAX_PAIR_DISTANCE_S:
            offsets.append(nearest - flash)
    return float(np.median(offsets)) if offsets else None


def source_offset(
    camera: VideoReport, camera_offset_s: float, courseware: VideoReport, courseware_offset_s: float
) -> float | None:
    """Seconds by which the camera lies later on the recording's timeline than the courseware.

    Both strips carry the same clock, so a perfect recording gives 0. None if a strip is unreadable.
    """
    if camera.skew_s is None or courseware.skew_s is None:
        return None
    return (camera_offset_s + camera.skew_s) - (courseware_offset_s + courseware.skew_s)
