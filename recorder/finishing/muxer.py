"""One playable file: pictures and sound are written as coded, nothing is decoded."""

from __future__ import annotations

import contextlib
import heapq
from fractions import Fraction
from pathlib import Path

import av

from recorder.core.audio_timeline import AudioTimeline
from recorder.core.opus import SAMPLE_RATE
from recorder.core.segment_plan import PartPlan
from recorder.core.track_pipeline import Picture, Sound
from recorder.finishing.mux_template import open_template

_VIDEO_BASE = Fraction(1, 90_000)
_AUDIO_BASE = Fraction(1, SAMPLE_RATE)
_MIN_STEP = 90  # ticks, 1 ms: WebM's clock does not tell closer frames apart
_FIRST_DURATION = 3600  # ticks, 40 ms, until two frames have shown their distance
_MAX_DURATION = 90_000  # ticks, 1 s: a longer distance is a pause, not a frame rate

# s by which sound may lag behind the pictures, because the reorder buffers wait 2 s. Without sound
# by then silence is written, which keeps the muxer's interleaving queue short.
_SOUND_LAG_S = 3.0

# Pictures that may be sent before one that is shown earlier. Most encoders with a pyramid of
# B-frames use 2, the deepest known 4. H.264 allows 16.
_REORDER_DEPTH = 4

_OPTIONS = {
    "webm": {"cues_to_front": "1"},  # seekable from the first bytes on
    "mp4": {"movflags": "+faststart"},
}


class PartMuxer:
    """One file being written.

    Attributes:
        plan: the contents to be.
        zero: Unix seconds of media time 0.
        width: pixels of the largest picture written, with `height`.
    """

    def __init__(
        self, folder: Path, plan: PartPlan, zero: float, *, reorders: bool = False
    ) -> None:
        """`reorders`: pictures come in another order than they are shown."""
        self.plan = plan
        self.zero = zero
        self.width = self.height = 0
        self._path = folder / plan.name
        self._timeline = AudioTimeline(plan.channels)
        self._last_pts: int | None = None  # the highest
        self._last_dts: int | None = None
        self._decode_times: list[int] | None = [] if reorders else None  # a heap
        self._duration = _FIRST_DURATION
        self._written = False
        container = "mp4" if plan.codec == "H264" else "webm"
        self._template = open_template(plan)
        self._output = av.open(
            str(self._path), "w", format=container, container_options=_OPTIONS[container]
        )
        streams = [
            self._output.add_stream_from_template(stream, opaque=True)
            for stream in self._template.streams
        ]
        self._video = streams[0] if plan.codec else None
        self._audio = streams[-1] if plan.channels else None
        if self._video is not None:
            self._video.time_base = _VIDEO_BASE
        if self._audio is not None:
            self._audio.time_base = _AUDIO_BASE

    def write_picture(self, picture: Picture) -> None:
        """Add a frame. A time that should rise and does not is moved on by the least step."""
        if self._video is None:
            return
        pts, dts = self._place(max(0, round((picture.time - self.zero) * 90_000)))
        self._fill_sound(pts / 90_000 - _SOUND_LAG_S)
        packet = av.Packet(picture.frame.data)
        packet.stream = self._video
        packet.time_base = _VIDEO_BASE
        packet.pts, packet.dts = pts, dts
        packet.duration = self._duration
        packet.is_keyframe = picture.frame.key
        self._output.mux_one(packet)
        self._written = True
        self._last_pts = pts if self._last_pts is None else max(pts, self._last_pts)
        if picture.frame.width * picture.frame.height > self.width * self.height:
            self.width, self.height = picture.frame.width, picture.frame.height

    def _place(self, pts: int) -> tuple[int, int]:
        """Compute the times at which a picture is shown and decoded."""
        last, heap = self._last_pts, self._decode_times
        if last is not None and (heap is None or pts > last):
            pts = max(pts, last + _MIN_STEP) if heap is None else pts
            self._duration = min(pts - last, _MAX_DURATION)
        if heap is None:
            return pts, pts
        # Picture n is decoded when picture n − depth is shown, so never after it is shown itself.
        if last is None:
            for early in range(_REORDER_DEPTH, 0, -1):
                heapq.heappush(heap, pts - early * _MIN_STEP)
        dts = heapq.heappushpop(heap, pts)
        if self._last_dts is not None:
            dts = max(dts, self._last_dts + 1)
        self._last_dts = dts
        return max(pts, dts), dts

    def write_sound(self, sound: Sound) -> None:
        """Add an Opus packet, after silence that fills a hole."""
        position = round((sound.time - self.zero) * SAMPLE_RATE)
        for item in self._timeline.place(sound.packet, position, sound.samples):
            self._mux_sound(*item)

    def close(self) -> float | None:
        """Write the indexes and close.

        Returns:
            The duration in seconds; None if nothing was written, and so there is no file.
        """
        end = 0 if self._last_pts is None else self._last_pts + self._duration
        self._fill_sound(end / 90_000)
        self._output.close()
        self._template.close()
        if not self._written:
            self._path.unlink(missing_ok=True)
            return None
        return max(end / 90_000, self._timeline.cursor / SAMPLE_RATE)

    def discard(self) -> None:
        """Give the file up after an error, and remove it."""
        for container in (self._output, self._template):
            with contextlib.suppress(av.FFmpegError):
                container.close()
        self._path.unlink(missing_ok=True)

    def _fill_sound(self, until_s: float) -> None:
        if self._audio is not None:
            for item in self._timeline.fill_to(round(until_s * SAMPLE_RATE)):
                self._mux_sound(*item)

    def _mux_sound(self, data: bytes, position: int, samples: int) -> None:
        if self._audio is None:
            return
        packet = av.Packet(data)
        packet.stream = self._audio
        packet.time_base = _AUDIO_BASE
        packet.pts = packet.dts = position
        packet.duration = samples
        packet.is_keyframe = True
        self._output.mux_one(packet)
        self._written = True
