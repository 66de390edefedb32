"""A recorded lesson whose colours tell what may be seen: for tests of what an edition shows.

The lead's pictures are grey, but blue in `CUT`. The room's are red. A flash and a beep come at each
odd second, and the sound of the room is a tone of its own.
"""

from __future__ import annotations

import functools
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.video.frame import PictureType, VideoFrame

from recorder.api import Manifest
from tests.support.recording import START, recorded
from tests.support.rtp_media import Coded, TrackFeed, encode_audio, flash_on

LENGTH_S = 24.0
CUT = (6.5, 12.2)  # s of the recording, to be cut out
FPS = 10
WIDTH, HEIGHT = 192, 108
GREY, BLUE, RED = (128, 128), (230, 110), (110, 230)  # U and V
SOUND_RATE = 48_000  # Hz
ROOM_HZ = 3000  # the beeps have 1000
BRIGHT = 200  # luma of a flash is 235, of other pictures at most 120


@functools.lru_cache(maxsize=8)
def coloured(codec: str, who: str, key_every_s: float = 5.0) -> tuple[Coded, ...]:
    """The pictures of the lead or of the room."""
    context = _encoder(codec)
    coded = []
    for number in range(round(LENGTH_S * FPS)):
        time = number / FPS
        chroma = RED if who == "room" else BLUE if CUT[0] <= time < CUT[1] else GREY
        planes = np.empty((HEIGHT * 3 // 2, WIDTH), np.uint8)
        planes[:HEIGHT] = 235 if flash_on(time) else 60 + (np.arange(WIDTH) + number * 3) % 60
        rest = planes[HEIGHT:].reshape(2, -1)
        rest[0], rest[1] = chroma
        frame = VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts = number
        if number % round(key_every_s * FPS) == 0:
            frame.pict_type = PictureType.I
        coded += context.encode(frame)
    coded += context.encode(None)
    return tuple(Coded(one.pts / FPS, bytes(one), one.is_keyframe) for one in coded)


def _encoder(codec: str) -> av.CodecContext:
    name, options = {
        "VP8": ("libvpx", {"deadline": "realtime", "cpu-used": "-8", "lag-in-frames": "0"}),
        "H264": ("libx264", {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline"}),
    }[codec]
    context = av.CodecContext.create(name, "w")
    context.width, context.height, context.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    context.time_base, context.framerate = Fraction(1, FPS), FPS
    context.bit_rate, context.gop_size, context.options = 400_000, 100_000, options
    context.thread_count = 1
    return context


@functools.lru_cache(maxsize=1)
def room_tone() -> tuple[Coded, ...]:
    """The sound of the room: one tone from begin to end, in 20 ms Opus packets."""
    context = av.CodecContext.create("libopus", "w")
    context.sample_rate, context.layout, context.format = SOUND_RATE, "stereo", "s16"
    context.bit_rate, context.options = 48_000, {"application": "audio", "frame_duration": "20"}
    times = np.arange(SOUND_RATE // 50) / SOUND_RATE  # whole waves
    tone = (8000 * np.sin(2 * np.pi * ROOM_HZ * times)).astype(np.int16)
    coded = []
    for number in range(round(LENGTH_S * 50)):
        frame = AudioFrame.from_ndarray(np.repeat(tone, 2)[None], format="s16", layout="stereo")
        frame.sample_rate, frame.pts = SOUND_RATE, number * tone.size
        coded += context.encode(frame)
    return tuple(Coded(number * 0.02, bytes(one), True) for number, one in enumerate(coded))


def room_heard(path: Path) -> float:
    """The share of the sound's strength that is the room's tone: 0 to 1, that of the loudest part.

    A file without sound has none.
    """
    loudest = 0.0
    with av.open(str(path)) as container:
        if not container.streams.audio:
            return 0.0
        to_mono = AudioResampler("flt", "mono", SOUND_RATE, frame_size=SOUND_RATE // 5)
        for frame in container.decode(audio=0):
            for piece in to_mono.resample(frame):
                samples = piece.to_ndarray().reshape(-1).astype(float)
                strength = np.abs(np.fft.rfft(samples * np.hanning(samples.size))) ** 2
                at = round(ROOM_HZ * samples.size / SOUND_RATE)
                share = strength[at - 2 : at + 3].sum() / max(strength.sum(), 1e-6)
                loudest = max(loudest, float(share))
    return loudest


def coloured_lesson(folder: Path) -> Manifest:
    """Camera (VP8) and sound, courseware (H.264) from 1 s on, and a room (VP8) with its tone."""
    feeds = (
        TrackFeed(1, "lead.camera", "VP8", coloured("VP8", "lead"), START),
        TrackFeed(2, "lead.camera", "opus", encode_audio(LENGTH_S), START),
        TrackFeed(3, "lead.courseware", "H264", coloured("H264", "lead"), START),
        TrackFeed(4, "room-1.camera", "VP8", coloured("VP8", "room"), START),
        TrackFeed(5, "room-1.camera", "opus", room_tone(), START),
    )
    return recorded(folder, *(feed.happenings() for feed in feeds))
