"""The recorder's only way to read with FFmpeg: named formats, named codecs, plain files."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import av

from recorder.core.bounds import MAX_PICTURE_MACROBLOCKS

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.video.stream import VideoStream

CODECS = frozenset(("vp8", "h264", "opus"))
_FORMATS = {".webm": "matroska", ".mp4": "mp4"}  # FFmpeg's demuxers, by suffix of the file
_OPTIONS = {"protocol_whitelist": "file", "codec_whitelist": ",".join(sorted(CODECS))}
_MAX_PIXELS = MAX_PICTURE_MACROBLOCKS * 256


class UnknownMediaError(ValueError):
    """A file or a stream of a kind that the recorder does not make."""


def open_media(path: Path) -> InputContainer:
    """Open one of the recorder's own files.

    Raises:
        UnknownMediaError: the recorder makes no files with such a name.
        av.FFmpegError: the content does not fit the name.
    """
    demuxer = _FORMATS.get(path.suffix)
    if demuxer is None:
        raise UnknownMediaError(path.name)
    return av.open(str(path), "r", format=demuxer, options=_OPTIONS)


def open_header(header: bytes) -> InputContainer:
    """Open a Matroska header made in memory."""
    return av.open(io.BytesIO(header), "r", format="matroska", options=_OPTIONS)


def picture_stream(container: InputContainer) -> VideoStream:
    """Find the video stream; its decoder takes neither threads nor absurd pictures.

    Raises:
        UnknownMediaError: there is none, or the recorder does not keep its codec.
    """
    stream = next(iter(container.streams.video), None)
    if stream is None or stream.codec_context.codec.canonical_name not in CODECS:
        raise UnknownMediaError("no picture")
    stream.codec_context.thread_count = 1  # a finisher may have no more (see `sandbox`)
    stream.codec_context.options = {"max_pixels": str(_MAX_PIXELS)}
    return stream


def sound_stream(container: InputContainer) -> AudioStream:
    """Find the audio stream; its decoder takes no threads.

    Raises:
        UnknownMediaError: there is none, or the recorder does not keep its codec.
    """
    stream = next(iter(container.streams.audio), None)
    if stream is None or stream.codec_context.codec.canonical_name not in CODECS:
        raise UnknownMediaError("no sound")
    stream.codec_context.thread_count = 1
    return stream
