"""The pictures of a source along an edition's timeline, decoded, scaled and coded as H.264."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from av.packet import Packet
from av.stream import Stream
from av.video.frame import PictureType, VideoFrame

from recorder.core.bounds import is_picture_size
from recorder.core.edition_plan import Rendition
from recorder.core.hls import h264_codec
from recorder.core.pieces import Piece
from recorder.editions.track_file import WrittenRun, open_pictures
from recorder.finishing.media_input import UnknownMediaError, open_media, picture_stream
from recorder.finishing.storyboard import fitted
from recorder.finishing.upright import upright

TIMESCALE = 90_000
_BASE = Fraction(1, TIMESCALE)
KEY_FRAME_S = 4.0  # s between two key frames, which begin segments
_LONGEST_FRAME_S = 1.0  # s; a picture that stands longer is repeated, for players that wait for one
_LEAST_STEP_S = 1 / 31  # s; more than 30 pictures a second are not kept
_HOLE_S = 0.5  # s without a file from which on the place is black
_MAX_HOLD_S = 12.0  # s; key frames come each 10 s, so an older picture belongs to another time
LATE_S = 0.2  # s after a cut until the first picture; the one before it stands for longer holes

Shown = tuple[float, VideoFrame | None]  # the time on the timeline; None is black


def pictures(folder: Path, pieces: Sequence[Piece]) -> Iterator[Shown]:
    """Decode the pieces, in order of time. Nothing outside them is yielded."""
    until: float | None = None
    for piece in pieces:
        if until is not None and piece.at_s - until > _HOLE_S:
            yield until, None
        try:
            yield from _decoded(folder, piece)
        except UnknownMediaError:
            yield piece.at_s, None  # sound alone
        until = piece.until_s


def _decoded(folder: Path, piece: Piece) -> Iterator[Shown]:
    shift = piece.at_s - piece.start_s
    held: VideoFrame | None = None
    began = False
    with open_media(folder / piece.name) as container:
        stream = picture_stream(container)
        if piece.start_s > 0 and stream.time_base is not None:
            container.seek(round(piece.start_s / stream.time_base), stream=stream)
        for coded in container.decode(stream):
            if coded.time is None or not is_picture_size(coded.width, coded.height):
                continue
            frame = upright(coded)
            if frame.time is None:
                continue
            if frame.time >= piece.end_s:
                break
            if frame.time < piece.start_s:
                held = frame
                continue
            if not began and frame.time - piece.start_s > LATE_S:
                yield piece.at_s, _still_good(held, piece)
            began = True
            yield frame.time + shift, frame
    if not began:
        yield piece.at_s, _still_good(held, piece)


def _still_good(held: VideoFrame | None, piece: Piece) -> VideoFrame | None:
    """Return the picture that stood when the piece began, as players of the recording show it."""
    if held is None or held.time is None or piece.start_s - held.time > _MAX_HOLD_S:
        return None
    return held


class EncodedRun:
    """One run of pictures of one size, being coded.

    Times are seconds of the playlist, which begins at 0. There are no B-frames, so each picture is
    decoded when it is shown.
    """

    def __init__(self, path: Path, rendition: Rendition, start_s: float, end_s: float) -> None:
        self._path = path
        self._size = rendition
        self._start_s, self._end_s = start_s, end_s
        self._held: VideoFrame | None = None
        self._last_s: float | None = None
        self._next_key_s = start_s
        self._waiting: Packet[Stream] | None = None
        self._frames = 0
        self._codec = ""
        self._output = open_pictures(path)
        self._stream = self._output.add_stream("libx264", rate=30)
        self._black = _black(rendition)

    @property
    def end_s(self) -> float:
        """The end of the run."""
        return self._end_s

    def add(self, at_s: float, frame: VideoFrame | None) -> None:
        """Show a picture from a moment on, or black."""
        if at_s >= self._end_s:
            return
        picture = self._black if frame is None else self._scaled(frame)
        at_s = max(at_s, self._start_s)
        if self._last_s is None:
            at_s = self._start_s  # a run begins with a picture
        else:
            self._repeat(at_s)
            if at_s - self._last_s < _LEAST_STEP_S:
                self._held = picture  # shown if nothing follows soon
                return
        self._encode(at_s, picture)

    def close(self) -> WrittenRun:
        """Finish the file. Raises ValueError if no picture was added."""
        if self._last_s is None:
            raise ValueError("a run without pictures")
        self._repeat(self._end_s)
        for packet in self._stream.encode(None):
            self._mux(packet)
        if self._waiting is not None:
            self._write(self._waiting, round(self._end_s * TIMESCALE))
        self._output.close()
        return WrittenRun(self._path, self._codec, TIMESCALE, self._end_s, self._frames)

    def discard(self) -> None:
        """Give the run up."""
        self._output.close()
        self._path.unlink(missing_ok=True)

    def _repeat(self, until_s: float) -> None:
        while self._last_s is not None and until_s - self._last_s > _LONGEST_FRAME_S:
            assert self._held is not None
            self._encode(self._last_s + _LONGEST_FRAME_S, self._held)

    def _encode(self, at_s: float, picture: VideoFrame) -> None:
        if self._last_s is None:
            self._configure(picture)
        self._held, self._last_s = picture, at_s
        fresh = picture.reformat(format="yuv420p", threads=1)  # the encoder keeps what it is given
        fresh.pts, fresh.time_base = round(at_s * TIMESCALE), _BASE
        fresh.pict_type = PictureType.NONE
        if at_s >= self._next_key_s:
            fresh.pict_type = PictureType.I
            self._next_key_s = at_s + KEY_FRAME_S
        self._frames += 1
        for packet in self._stream.encode(fresh):
            self._mux(packet)

    def _configure(self, picture: VideoFrame) -> None:
        rendition, context = self._size, self._stream.codec_context
        context.width, context.height = rendition.width, rendition.height
        context.pix_fmt = "yuv420p"
        context.time_base = self._stream.time_base = _BASE
        context.thread_count = 1  # a transcode never takes more than one core
        colours = "bt709" if picture.colorspace == _BT709 else "smpte170m"
        context.options = {
            "preset": "veryfast",
            "profile": "main" if rendition.height <= _SMALL else "high",
            "crf": "23",
            "maxrate": str(rendition.bps),
            "bufsize": str(2 * rendition.bps),
            "bf": "0",
            "forced-idr": "1",
            "x264-params": f"scenecut=0:keyint=100000:colorprim={colours}:transfer={colours}"
            f":colormatrix={colours}:range=tv",
        }

    def _mux(self, packet: Packet[Stream]) -> None:
        if self._waiting is not None and packet.pts is not None:
            self._write(self._waiting, packet.pts)
        self._waiting = packet

    def _write(self, packet: Packet[Stream], until: int) -> None:
        if not self._codec:
            self._codec = h264_codec(_configuration(self._stream.codec_context.extradata))
        assert packet.pts is not None
        packet.dts = packet.pts
        packet.duration = max(1, until - packet.pts)
        packet.stream = self._stream
        self._output.mux_one(packet)

    def _scaled(self, frame: VideoFrame) -> VideoFrame:
        width, height = self._size.width, self._size.height
        if abs(frame.width * height - frame.height * width) <= max(frame.width, frame.height) * 2:
            return frame.reformat(width=width, height=height, format="yuv420p", threads=1)
        shown = VideoFrame.from_ndarray(fitted(frame, width, height), format="rgb24")
        return shown.reformat(format="yuv420p", threads=1)


_BT709 = 1  # AVCOL_SPC_BT709
_SMALL = 360  # pixels high: old devices decode the main profile


def _black(rendition: Rendition) -> VideoFrame:
    planes = np.full((rendition.height * 3 // 2, rendition.width), 128, np.uint8)
    planes[: rendition.height] = 16
    return VideoFrame.from_ndarray(planes, format="yuv420p")


def _configuration(extradata: bytes | None) -> bytes:
    """Return the bytes that tell profile and level, where `h264_codec` looks for them."""
    data = extradata or b""
    if data[:1] == b"\x01":
        return data
    start = data.find(b"\x00\x00\x01\x67")  # Annex B: after the header of the parameter set
    return b"\x01" + data[start + 4 : start + 7]
