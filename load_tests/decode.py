"""Decoding what a viewer received: pictures with their marks, and sound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import av

from load_tests.packetize import ReceivedFrame
from load_tests.picture import Marks, luma_of, read_marks
from load_tests.sound import SAMPLE_RATE, Samples


@dataclass(frozen=True, slots=True)
class Decoded:
    """One decoded picture. `marks` is None where the strip cannot be read."""

    slot: int
    width: int
    height: int
    marks: Marks | None
    at: float  # time.monotonic() seconds of its completion on the wire


@dataclass(slots=True)
class DecodeStats:
    """Figures of decoding in one slot."""

    decoded: int = 0
    errors: int = 0
    skipped: int = 0  # left undecoded by a slow machine
    width: int = 0
    height: int = 0


class Decoder:
    """Decodes one slot in the viewer's worker thread; PyAV contexts stay in that thread."""

    def __init__(self, slot: int, stats: DecodeStats) -> None:
        self.slot = slot
        self.stats = stats
        self._codec = ""
        self._context: Any = None

    def video(self, frame: ReceivedFrame, at: float) -> list[Decoded]:
        """The pictures that a frame completes; none where it cannot be decoded."""
        try:
            pictures = self._decode(frame.codec, "vp8" if frame.codec == "VP8" else "h264", frame)
        except av.FFmpegError:
            self.stats.errors += 1
            return []
        made = []
        for picture in pictures:
            self.stats.decoded += 1
            self.stats.width, self.stats.height = picture.width, picture.height
            marks = read_marks(luma_of(picture))
            made.append(Decoded(self.slot, picture.width, picture.height, marks, at))
        return made

    def audio(self, timestamp: int, payload: bytes) -> list[Samples]:
        """The sound of an Opus packet, mono; none where it cannot be decoded."""
        frame = ReceivedFrame("opus", timestamp, payload, True)
        try:
            sounds = self._decode("opus", "libopus", frame)
        except av.FFmpegError:
            self.stats.errors += 1
            return []
        self.stats.decoded += 1
        samples = []
        for sound in sounds:
            data = sound.to_ndarray()
            if sound.format.is_planar:
                mono = data.mean(axis=0)
            else:
                mono = data.reshape(-1, len(sound.layout.channels)).mean(axis=1)
            scale = 32768.0 if sound.format.name.startswith("s16") else 1.0
            samples.append((mono / scale).astype("float32"))
        return samples

    def _decode(self, codec: str, library: str, frame: ReceivedFrame) -> list[Any]:
        if codec != self._codec:
            self._context = av.CodecContext.create(library, "r")
            self._context.thread_count = 1
            if codec == "opus":
                self._context.sample_rate = SAMPLE_RATE
                self._context.layout = "stereo"
            elif codec == "H264":
                self._context.flags |= 0x80000  # AV_CODEC_FLAG_LOW_DELAY: a picture per packet
            self._codec = codec
        packet = av.Packet(frame.data)
        packet.pts = frame.timestamp
        return list(self._context.decode(packet))
