"""Small videos as cameras and programs make them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np

RATE = 10  # pictures a second
SOUND_RATE = 48_000


@cache
def video(
    picture: str = "libx264",
    sound: str | None = "aac",
    *,
    format: str = "mp4",
    seconds: int = 2,
    side: int = 64,
    pixels: str = "yuv420p",
    options: tuple[tuple[str, str], ...] = (),
) -> bytes:
    """A video with these encoders in a container; `options` are the muxer's."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "video"
        with av.open(str(path), "w", format=format, options=dict(options)) as target:
            shown = target.add_stream(picture, rate=RATE)
            shown.width = shown.height = side
            shown.pix_fmt = pixels
            shown.codec_context.thread_count = 1
            if picture == "libx265":
                shown.options = {"x265-params": "log-level=none"}
            heard = None if sound is None else target.add_stream(sound, rate=SOUND_RATE)
            if heard is not None:
                heard.layout = "mono"
            for number in range(seconds * RATE):
                frame = av.VideoFrame.from_ndarray(
                    np.full((side * 3 // 2, side), 16 + 7 * number % 200, dtype=np.uint8),
                    format="yuv420p",
                )
                frame.pts = number
                target.mux(shown.encode(frame))
                if heard is not None:
                    target.mux(heard.encode(_quiet(number)))
            for stream in (shown, heard):
                if stream is not None:
                    target.mux(stream.encode())
        return path.read_bytes()


def _quiet(number: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(
        np.zeros((1, SOUND_RATE // RATE), dtype=np.float32), format="fltp", layout="mono"
    )
    frame.sample_rate = SOUND_RATE
    frame.pts = number * (SOUND_RATE // RATE)
    return frame


def box(kind: bytes, body: bytes) -> bytes:
    """One box of an MP4 file."""
    return (8 + len(body)).to_bytes(4) + kind + body


def with_free_box(data: bytes, body: bytes) -> bytes:
    """An MP4 file with a box at its end that players skip."""
    return data + box(b"free", body)


def reaching_out(data: bytes, address: bytes = b"file:///etc/passwd") -> bytes:
    """An MP4 file, the media of whose tracks lie at an address."""
    here = box(b"url ", b"\x00\x00\x00\x01")
    assert here in data
    there = box(b"url ", b"\x00\x00\x00\x00" + address + b"\x00")
    return _grown(data, here, there)


def _grown(data: bytes, old: bytes, new: bytes) -> bytes:
    """Replace a box everywhere, and let the boxes around it grow."""
    more = len(new) - len(old)

    def rebuild(part: bytes) -> bytes:
        made, at = b"", 0
        while at < len(part):
            size, kind = int.from_bytes(part[at : at + 4]), part[at + 4 : at + 8]
            body = part[at + 8 : at + size]
            if part[at : at + size] == old:
                made += new
            elif kind in {b"moov", b"trak", b"mdia", b"minf", b"dinf"}:
                made += box(kind, rebuild(body))
            elif kind == b"dref":
                made += box(kind, body[:8] + rebuild(body[8:]))
            else:
                made += part[at : at + size]
            at += size
        return made

    assert more > 0
    return rebuild(data)


def claiming(samples: int, length: int = 0, *, sound: bool = False) -> bytes:
    """An MP4 file of some 700 bytes that claims so many samples of so many bytes each.

    With `sound` they are plain samples of sound, of which FFmpeg takes a thousand for one.
    """
    stbl = (
        full_box(b"stsd", _SOUND_ENTRY if sound else _PICTURE_ENTRY)
        + full_box(b"stts", _words(1, samples, 1))
        + full_box(b"stsc", _words(1, 1, samples, 1))
        + full_box(b"stsz", _words(length, samples))
        + full_box(b"stco", _words(1, 40))
    )
    here = full_box(b"dref", _words(1) + box(b"url ", b"\x00\x00\x00\x01"))
    minf = full_box(b"vmhd", bytes(8)) + box(b"dinf", here) + box(b"stbl", stbl)
    mdia = (
        full_box(b"mdhd", _words(0, 0, 90_000, samples, 0))
        + full_box(b"hdlr", bytes(4) + (b"soun" if sound else b"vide") + bytes(13))
        + box(b"minf", minf)
    )
    matrix = _words(1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    header = _words(0, 0, 1, 0, samples) + bytes(16) + matrix + _words(64 << 16, 64 << 16)
    track = box(b"tkhd", b"\x00\x00\x00\x03" + header) + box(b"mdia", mdia)
    times = _words(0, 0, 90_000, samples, 1 << 16) + b"\x01\x00" + bytes(10)
    movie = full_box(b"mvhd", times + matrix + bytes(24) + _words(2)) + box(b"trak", track)
    start = box(b"ftyp", b"isom\x00\x00\x00\x00isom")
    return start + box(b"mdat", bytes(64)) + box(b"moov", movie)


def full_box(kind: bytes, body: bytes) -> bytes:
    """One box with a version and flags, all of them 0."""
    return box(kind, bytes(4) + body)


def _words(*values: int) -> bytes:
    return b"".join(value.to_bytes(4) for value in values)


_SETS = bytes.fromhex("0142001effe10009 6742c01e95a0500bb0 010004 68ce3c80")  # SPS and PPS
_PICTURE_ENTRY = _words(1) + box(
    b"avc1",
    _words(0, 1)
    + bytes(16)
    + _words(64 << 16 | 64, 72 << 16, 72 << 16, 0)
    + b"\x00\x01"
    + bytes(32)
    + b"\x00\x18\xff\xff"
    + box(b"avcC", _SETS),
)
_SOUND_ENTRY = _words(1) + box(
    b"sowt", _words(0, 1, 0, 0) + b"\x00\x01\x00\x10" + _words(0, 48_000 << 16)
)
