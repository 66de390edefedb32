"""Live synthetic sources: scenes and sounds, encoded in real time in up to three layers.

Pictures are drawn and encoded in a thread of their own (PyAV releases the GIL while it encodes).
The thread keeps the beat of the media clock, so the burned-in time is the capture time. Nothing is
encoded ahead: a requested key frame comes with the very next picture.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.frame import PictureType

from load_tests.picture import MarkPlan, Scene
from load_tests.sound import SAMPLE_RATE, Sound, level_dbov

RTP_TIME_BASE = Fraction(1, 90_000)
OPUS_BLOCK = 960  # samples: 20 ms, what browsers send
OPUS_BITRATE = 40_000
KEY_FRAME_INTERVAL_S = 20  # on demand is the rule; this only bounds a lost request
MAX_LATE_S = 0.5  # sound later than this is skipped, not sent in one burst

_ENCODER_OPTIONS = {
    # cpu-used 8: what real-time senders without much CPU choose; lag 0: no delay
    "VP8": ("libvpx", {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}),
    "H264": (
        "libx264",
        {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "profile": "baseline",
            "forced-idr": "1",
            "x264-params": "repeat-headers=1:annexb=1",
        },
    ),
}


class MediaClock:
    """The publisher's clock: `now` counts seconds from its making; all its sources share it."""

    def __init__(self) -> None:
        self._origin = time.monotonic()
        self._unix_origin = time.time()

    def now(self) -> float:
        """Media seconds now."""
        return time.monotonic() - self._origin

    def at(self, monotonic_s: float) -> float:
        """A `time.monotonic()` instant as media seconds."""
        return monotonic_s - self._origin

    def unix(self, media_s: float) -> float:
        """Media seconds as Unix seconds, for sender reports."""
        return self._unix_origin + media_s


@dataclass(frozen=True, slots=True)
class LayerSpec:
    """One encoding of a scene; bitrate in bits per second."""

    rid: str
    width: int
    height: int
    bitrate: int


CAMERA_LAYERS = (
    LayerSpec("l", 320, 180, 150_000),
    LayerSpec("m", 640, 360, 500_000),
    LayerSpec("h", 1280, 720, 1_500_000),
)
ROOM_LAYERS = (LayerSpec("h", 640, 360, 400_000),)
COURSEWARE_LAYERS = (LayerSpec("h", 1280, 720, 800_000),)


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """One encoded picture of one layer; `capture_s` on the media clock."""

    codec: str
    rid: str
    capture_s: float
    number: int
    data: bytes
    key: bool


@dataclass(frozen=True, slots=True)
class EncodedAudio:
    """20 ms of Opus; `capture_s` is its first sample's time."""

    capture_s: float
    data: bytes
    level_dbov: int


class VideoEncoder:
    """One layer's encoder, real-time settings, key frames on demand."""

    def __init__(self, codec: str, layer: LayerSpec, fps: int) -> None:
        name, options = _ENCODER_OPTIONS[codec]
        context: Any = av.CodecContext.create(name, "w")
        context.width, context.height = layer.width, layer.height
        context.pix_fmt = "yuv420p"
        context.bit_rate = layer.bitrate
        context.time_base = RTP_TIME_BASE
        context.framerate = Fraction(fps)
        context.gop_size = fps * KEY_FRAME_INTERVAL_S
        context.thread_count = 1
        context.options = dict(options)
        if codec == "H264":
            context.max_b_frames = 0
        self.codec = codec
        self.layer = layer
        self._context = context

    def encode(
        self, frame: av.VideoFrame, capture_s: float, number: int, *, key: bool
    ) -> list[EncodedFrame]:
        """Encode a picture of any size; usually gives one frame."""
        scaled = frame.reformat(self.layer.width, self.layer.height, interpolation="AREA")
        scaled.pts = round(capture_s * 90_000)
        scaled.time_base = RTP_TIME_BASE
        scaled.pict_type = PictureType.I if key else PictureType.NONE
        return [
            EncodedFrame(
                self.codec, self.layer.rid, capture_s, number, bytes(packet), packet.is_keyframe
            )
            for packet in self._context.encode(scaled)
        ]


class AudioEncoder:
    """Opus in 20 ms blocks."""

    def __init__(self) -> None:
        context: Any = av.CodecContext.create("libopus", "w")
        context.sample_rate = SAMPLE_RATE
        context.layout = "mono"
        context.format = "flt"
        context.bit_rate = OPUS_BITRATE
        context.options = {"frame_duration": "20", "application": "audio"}
        self._context = context

    def encode(self, samples: np.ndarray[Any, np.dtype[np.float32]], first: int) -> list[bytes]:
        """Encode one block that begins at sample `first`."""
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="flt", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        frame.pts = first
        frame.time_base = Fraction(1, SAMPLE_RATE)
        return [bytes(packet) for packet in self._context.encode(frame)]


class LiveVideo:
    """Films a scene in real time and hands encoded frames to `sink` on the event loop.

    Attributes:
        skipped: pictures left out because the machine was too slow.
        taken: pictures that were filmed.
    """

    def __init__(
        self,
        scene: Scene,
        layers: Sequence[LayerSpec],
        clock: MediaClock,
        sink: Callable[[EncodedFrame], None],
        *,
        fps: int = 20,
        codec: str = "VP8",
    ) -> None:
        self.skipped = 0
        self.taken = 0
        self._scene = scene
        self._layers = tuple(layers)
        self._clock = clock
        self._sink = sink
        self._fps = fps
        self._codec = codec
        self._keys: set[str] = set()
        self._stopping = threading.Event()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="live-video", daemon=True)

    def start(self) -> None:
        """Begin filming."""
        self._thread.start()

    def request_key_frame(self, rid: str) -> None:
        """Make the layer's next picture a key frame."""
        self._keys.add(rid)

    async def stop(self) -> None:
        """Stop filming; no frame reaches the sink afterwards."""
        self._stopping.set()
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join)
        self._sink = lambda _frame: None

    def _run(self) -> None:
        encoders = [VideoEncoder(self._codec, layer, self._fps) for layer in self._layers]
        beat = int(self._clock.now() * self._fps) + 1
        number = 0  # of pictures taken, so that a hole in the numbers is a loss on the way
        while not self._stopping.wait(max(0.0, beat / self._fps - self._clock.now())):
            capture_s = beat / self._fps
            picture = self._scene.draw(capture_s, number)
            frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
            for encoder in encoders:
                key = encoder.layer.rid in self._keys
                self._keys.discard(encoder.layer.rid)
                for encoded in encoder.encode(frame, capture_s, number, key=key):
                    self._hand_over(encoded)
            self.taken = number = number + 1
            late = int(self._clock.now() * self._fps) - beat
            self.skipped += max(0, late - 1)
            beat += max(1, late)

    def _hand_over(self, frame: EncodedFrame) -> None:
        with contextlib.suppress(RuntimeError):  # the loop ended before us
            self._loop.call_soon_threadsafe(lambda: self._sink(frame))


class LiveAudio:
    """Plays a sound in real time as Opus packets. `sound` may be exchanged while it runs."""

    def __init__(
        self, sound: Sound, clock: MediaClock, sink: Callable[[EncodedAudio], None]
    ) -> None:
        self.sound = sound
        self._clock = clock
        self._sink = sink
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin playing."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop playing."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        encoder = AudioEncoder()
        block = int(self._clock.now() * SAMPLE_RATE / OPUS_BLOCK) + 1
        while True:
            first = block * OPUS_BLOCK
            # A microphone has a block only when its last sample was taken.
            wait_s = (first + OPUS_BLOCK) / SAMPLE_RATE - self._clock.now()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            if wait_s > -MAX_LATE_S:
                samples = self.sound.samples(first, OPUS_BLOCK)
                for data in encoder.encode(samples, first):
                    self._sink(EncodedAudio(first / SAMPLE_RATE, data, level_dbov(samples)))
            block += 1


def write_file(
    path: Path,
    scene: Scene,
    sound: Sound | None,
    *,
    seconds: float,
    fps: int = 25,
    video_codec: str = "libvpx",
    bitrate: int = 1_500_000,
) -> None:
    """Film a scene into a file (WebM or MP4 by its suffix), faster than real time."""
    with av.open(str(path), "w") as container:
        options = {"deadline": "realtime", "cpu-used": "8"} if video_codec == "libvpx" else {}
        video: Any = container.add_stream(video_codec, rate=fps, options=options)
        video.width, video.height, video.pix_fmt = scene.width, scene.height, "yuv420p"
        video.bit_rate = bitrate
        video.codec_context.thread_count = 1  # more of them wait in loops
        audio: Any = None
        if sound is not None:
            audio = container.add_stream("libopus", rate=SAMPLE_RATE)
            audio.layout = "mono"
        for number in range(round(seconds * fps)):
            frame = av.VideoFrame.from_ndarray(scene.draw(number / fps, number), format="yuv420p")
            frame.pts = number
            frame.time_base = Fraction(1, fps)
            container.mux(video.encode(frame))
        container.mux(video.encode())
        for block in range(round(seconds * SAMPLE_RATE / OPUS_BLOCK) if sound is not None else 0):
            assert sound is not None
            samples = sound.samples(block * OPUS_BLOCK, OPUS_BLOCK)
            piece = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="flt", layout="mono")
            piece.sample_rate = SAMPLE_RATE
            piece.pts = block * OPUS_BLOCK
            container.mux(audio.encode(piece))
        if audio is not None:
            container.mux(audio.encode())


def write_capture(folder: Path, scene: Scene, sound: Sound, *, seconds: float, fps: int) -> None:
    """Write ``camera.y4m`` and ``microphone.wav``, which Chromium takes as fake capture devices.

    (`--use-file-for-fake-video-capture`, `--use-file-for-fake-audio-capture`.)
    """
    with (folder / "camera.y4m").open("wb") as video:
        video.write(f"YUV4MPEG2 W{scene.width} H{scene.height} F{fps}:1 Ip A1:1 C420\n".encode())
        for number in range(round(seconds * fps)):
            video.write(b"FRAME\n" + scene.draw(number / fps, number).tobytes())
    samples = sound.samples(0, round(seconds * SAMPLE_RATE))
    with av.open(str(folder / "microphone.wav"), "w") as container:
        stream: Any = container.add_stream("pcm_s16le", rate=SAMPLE_RATE)
        stream.layout = "mono"
        pcm = (np.clip(samples, -1, 1) * 32767).astype(np.int16).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode())


DEFAULT_MARKS = MarkPlan()
