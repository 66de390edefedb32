"""The sound of one source as plain samples along the time of its recording."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from recorder.api import SOUND_RATE, MediaFile
from recorder.finishing.media_input import UnknownMediaError, open_media, sound_stream

_BYTES = 2  # of a sample
_APART_S = 0.02  # frames as near as this are laid end to end

Report = Callable[[float], None]  # takes the share that is done, 0…1


def write_sound(
    target: Path, folder: Path, files: Sequence[MediaFile], length_s: float, report: Report
) -> bool:
    """Write 16-bit samples of one channel; where nothing was recorded there is silence.

    Args:
        target: the file to write; it is sparse where it is silent.
        folder: holds the files.
        files: of the source.
        length_s: of the recording.
        report: told the progress.

    Returns:
        Whether there was any sound.

    Raises:
        OSError: the disk is full.
    """
    heard = False
    with target.open("wb") as output:
        output.truncate(round(length_s * SOUND_RATE) * _BYTES)
        for file in files:
            if not file.has_audio:
                continue
            try:
                heard = _write_file(output, folder, file, length_s, report) or heard
            except (UnknownMediaError, av.FFmpegError):
                continue  # pictures alone, or sound that ends early: silence is no fault
    return heard


def _write_file(
    output: BinaryIO, folder: Path, file: MediaFile, length_s: float, report: Report
) -> bool:
    resampler, cursor, end = _resampler(), 0, round(length_s * SOUND_RATE)
    expected, heard = float("-inf"), False
    with open_media(folder / file.name) as container:
        for frame in container.decode(sound_stream(container)):
            if frame.time is None:
                continue
            if abs(frame.time - expected) > _APART_S:
                resampler, cursor = _resampler(), round((file.offset_s + frame.time) * SOUND_RATE)
            expected = frame.time + frame.samples / frame.sample_rate
            data = b"".join(map(_samples, resampler.resample(frame)))
            room = (end - cursor) * _BYTES
            if cursor >= 0 and room > 0:
                output.seek(cursor * _BYTES)
                output.write(data[:room])
                heard = True
            cursor += len(data) // _BYTES
            report(min(1.0, (file.offset_s + frame.time) / max(length_s, 1.0)))
    return heard


def _resampler() -> AudioResampler:
    return AudioResampler(format="s16", layout="mono", rate=SOUND_RATE)


def _samples(frame: AudioFrame) -> bytes:
    return frame.to_ndarray().tobytes()
