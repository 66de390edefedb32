"""Real VP8, H.264 and Opus as RTP, with flashes and beeps at known times, fed into a `TapSink`.

Times are seconds of the lesson; `start` puts them on the wall clock. Nothing here sleeps: a minute
of lesson is fed as fast as the sink takes it.
"""

from __future__ import annotations

import functools
import random
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from relay.api import CloseReason, MediaKind, TapSink, TapTrack

FLASH_EVERY_S = 2.0
FLASH_LENGTH_S = 0.2
FIRST_FLASH_S = 1.0
PERIOD_S = 10.0  # of the pictures: whole flashes and whole groups of pictures
MAX_PAYLOAD = 1100


def flash_on(time_s: float) -> bool:
    """Is the picture white, and the beep on, at this time?"""
    since = time_s - FIRST_FLASH_S
    return since >= -1e-9 and (since + 1e-9) % FLASH_EVERY_S < FLASH_LENGTH_S


@dataclass(frozen=True)
class Coded:
    """One coded frame of a stream; `duration` in seconds."""

    time: float
    data: bytes
    key: bool


def encode_video(
    codec: str,
    seconds: float,
    *,
    width: int = 320,
    height: int = 180,
    fps: int = 25,
    key_every_s: float = 5.0,
) -> tuple[Coded, ...]:
    """A moving picture that turns white at each flash.

    Every ten seconds the coded frames begin anew, with a key frame: encoding takes time.
    """
    period_s = PERIOD_S if PERIOD_S % key_every_s == 0 else seconds
    period = _encode_period(
        codec, round(min(seconds, period_s) * fps), width, height, fps, key_every_s
    )
    return tuple(
        Coded(number / fps, period[number % len(period)].data, period[number % len(period)].key)
        for number in range(round(seconds * fps))
    )


@functools.lru_cache(maxsize=32)
def _encode_period(
    codec: str, pictures: int, width: int, height: int, fps: int, key_every_s: float
) -> tuple[Coded, ...]:
    name, options = {
        # A speed above 0 is an upper one: libvpx measures its own time, and a busy machine has
        # other pictures. Below 0 it is fixed.
        "VP8": ("libvpx", {"deadline": "realtime", "cpu-used": "-8", "lag-in-frames": "0"}),
        "H264": (
            "libx264",
            {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline"},
        ),
    }[codec]
    context = av.CodecContext.create(name, "w")
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.time_base, context.framerate = Fraction(1, fps), fps
    context.bit_rate, context.gop_size, context.options = 400_000, 100_000, options
    context.thread_count = 1  # more of them wait in loops: up to 40 times the work
    coded = []
    ramp = np.tile(np.arange(width, dtype=np.uint16) % 96, (height, 1))
    chroma = np.full((height // 2, width), 128, np.uint8)
    for number in range(pictures):
        luma = (
            np.full((height, width), 235, np.uint8)
            if flash_on(number / fps)
            else (16 + (ramp + number * 3) % 96).astype(np.uint8)
        )
        frame = av.VideoFrame.from_ndarray(np.vstack((luma, chroma)), format="yuv420p")
        frame.pts = number
        if number % round(key_every_s * fps) == 0:
            frame.pict_type = av.video.frame.PictureType.I
        coded += [
            Coded(packet.pts / fps, bytes(packet), packet.is_keyframe)
            for packet in context.encode(frame)
        ]
    coded += [
        Coded(packet.pts / fps, bytes(packet), packet.is_keyframe)
        for packet in context.encode(None)
    ]
    return tuple(coded)


@functools.lru_cache(maxsize=8)
def encode_audio(seconds: float) -> tuple[Coded, ...]:
    """Quiet noise with a 1 kHz beep at each flash, in 20 ms Opus packets."""
    context = av.CodecContext.create("libopus", "w")
    context.sample_rate, context.layout, context.format = 48000, "stereo", "s16"
    context.bit_rate, context.options = 48_000, {"application": "audio", "frame_duration": "20"}
    times = np.arange(round(seconds * 48000)) / 48000
    since = times - FIRST_FLASH_S
    on = (since >= 0) & (np.mod(since, FLASH_EVERY_S) < FLASH_LENGTH_S)
    noise = np.random.default_rng(7).normal(0, 60, times.size)
    wave = (noise + on * 12000 * np.sin(2 * np.pi * 1000 * times)).astype(np.int16)
    coded = []
    for number, start in enumerate(range(0, wave.size - 959, 960)):
        samples = np.repeat(wave[start : start + 960], 2).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="stereo")
        frame.sample_rate, frame.pts = 48000, start
        coded += [bytes(packet) for packet in context.encode(frame)]
        del number
    # Packet n holds the 20 ms that begin at n × 20 ms, but for the encoder's 6.5 ms of lookahead.
    return tuple(Coded(number * 0.02, data, True) for number, data in enumerate(coded))


def packetize_vp8(frame: bytes, picture_id: int | None = None) -> list[bytes]:
    """RFC 7741 payloads of one frame, with or without a picture id."""
    payloads = []
    for offset in range(0, len(frame), MAX_PAYLOAD):
        first = 0x10 if offset == 0 else 0x00
        if picture_id is None:
            descriptor = bytes((first,))
        else:
            descriptor = bytes((first | 0x80, 0x80)) + struct.pack(
                ">H", 0x8000 | picture_id & 0x7FFF
            )
        payloads.append(descriptor + frame[offset : offset + MAX_PAYLOAD])
    return payloads


def split_annex_b(data: bytes) -> list[bytes]:
    """NAL units of an Annex B byte stream."""
    units = data.replace(b"\x00\x00\x00\x01", b"\x00\x00\x01").split(b"\x00\x00\x01")
    return [unit for unit in units if unit]


def packetize_h264(frame: bytes) -> list[bytes]:
    """RFC 6184 payloads of one access unit: a STAP-A for parameter sets, FU-A for large slices."""
    units = split_annex_b(frame)
    sets = [unit for unit in units if unit[0] & 31 in (7, 8)]
    payloads = []
    if sets:
        payloads.append(b"\x78" + b"".join(struct.pack(">H", len(unit)) + unit for unit in sets))
    for unit in units:
        if unit[0] & 31 in (7, 8):
            continue
        if len(unit) <= MAX_PAYLOAD:
            payloads.append(unit)
            continue
        body = unit[1:]
        pieces = [body[i : i + MAX_PAYLOAD] for i in range(0, len(body), MAX_PAYLOAD)]
        for number, piece in enumerate(pieces):
            flags = (0x80 if number == 0 else 0) | (0x40 if number == len(pieces) - 1 else 0)
            payloads.append(bytes((unit[0] & 0xE0 | 28, flags | unit[0] & 31)) + piece)
    return payloads


def rtp_packet(sequence: int, timestamp: int, payload: bytes, *, marker: bool = False) -> bytes:
    """A minimal RTP packet."""
    second = (0x80 if marker else 0) | 96
    header = struct.pack(">BBHII", 0x80, second, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, 7)
    return header + payload


@dataclass(order=True)
class Happening:
    """Something to tell a sink at a time; `order` keeps equal times in order."""

    at: float
    order: int
    action: Callable[[TapSink, float], None] = field(compare=False)


def feed(sink: TapSink, *streams: Iterable[Happening]) -> None:
    """Tell the sink everything, in order of time."""
    for happening in sorted(happening for stream in streams for happening in stream):
        happening.action(sink, happening.at)


@dataclass
class TrackFeed:
    """Turns coded frames into what a tap would say of the track.

    Attributes:
        start: wall clock of the lesson's time 0.
        begin_s: the frames' time 0, in the lesson.
        drop: indices of packets that never arrive.
        swap: chance that a packet arrives after its successor.
        rate_error: the sampling clock runs this much fast (1e-4: 100 ppm).
        latency_s: from capture to arrival; up to `jitter_s` is added.
        reports_every_s: sender reports; 0 for none.
        jumps: (time, seconds) by which the sample clock jumps ahead, or back.
        stalls: (time, seconds) while capture stands still: no frames, and no ticks counted.
        switch: called with each frame, may replace its payloads.
    """

    track_id: int
    source_id: str
    codec: str
    frames: tuple[Coded, ...]
    start: float
    begin_s: float = 0.0
    drop: frozenset[int] = frozenset()
    swap: float = 0.0
    rate_error: float = 0.0
    latency_s: float = 0.03
    jitter_s: float = 0.0
    reports_every_s: float = 1.0
    stalls: tuple[tuple[float, float], ...] = ()
    jumps: tuple[tuple[float, float], ...] = ()
    first_sequence: int = 65_500
    first_timestamp: int = 0xFFFF0000
    end_reason: CloseReason | None = CloseReason.REQUESTED
    fmtp: str = ""

    @property
    def clock_rate(self) -> int:
        """Hz."""
        return 48000 if self.codec == "opus" else 90000

    def happenings(self) -> Iterator[Happening]:
        """Everything, in no particular order."""
        base = order = self.track_id * 10_000_000
        rng = random.Random(self.track_id)
        begin = self.start + self.begin_s
        track = TapTrack(
            self.track_id,
            self.source_id,
            MediaKind.AUDIO if self.codec == "opus" else MediaKind.VIDEO,
            self.codec,
            self.clock_rate,
            2 if self.codec == "opus" else 1,
            self.fmtp,
        )
        yield Happening(begin - 0.001, order, lambda sink, now: sink.on_track(track, now))
        last = begin
        for number, (frame, packet) in enumerate(self._packets()):
            order = base + 1 + number
            if number in self.drop:
                continue
            late = rng.random() * self.jitter_s + (0.03 if rng.random() < self.swap else 0)
            last = begin + frame.time + self.latency_s + late
            yield Happening(
                last, order, lambda sink, now, p=packet: sink.on_packet(self.track_id, p, now)
            )
        yield from self._reports(order + 1)
        if self.end_reason is not None:
            end = begin + self.frames[-1].time + self.latency_s + self.jitter_s + 0.1
            reason = self.end_reason
            yield Happening(
                end,
                order + 500_000,
                lambda sink, now: sink.on_track_end(self.track_id, reason, now),
            )

    def rtp_time(self, time_s: float) -> int:
        """The RTP timestamp of a time of the frames."""
        counted = time_s
        for at, length in self.stalls:
            counted -= min(max(time_s - at, 0.0), length)
        counted += sum(by for at, by in self.jumps if time_s >= at)
        return self.first_timestamp + round(counted * self.clock_rate * (1 + self.rate_error))

    def _stands(self, time_s: float) -> bool:
        return any(at <= time_s < at + length for at, length in self.stalls)

    def packet_count(self) -> int:
        """How many packets the frames make."""
        return sum(1 for _ in self._packets())

    def _packets(self) -> Iterator[tuple[Coded, bytes]]:
        sequence = self.first_sequence
        for number, frame in enumerate(self.frames):
            if self._stands(frame.time):
                continue
            if self.codec == "VP8":
                payloads = packetize_vp8(frame.data, number if self.track_id % 2 else None)
            elif self.codec == "H264":
                payloads = packetize_h264(frame.data)
            else:
                payloads = [frame.data]
            for place, payload in enumerate(payloads):
                marker = self.codec != "opus" and place == len(payloads) - 1
                yield (
                    frame,
                    rtp_packet(sequence, self.rtp_time(frame.time), payload, marker=marker),
                )
                sequence += 1

    def _reports(self, order: int) -> Iterator[Happening]:
        if not self.reports_every_s:
            return
        time_s = 0.5
        while time_s < self.frames[-1].time:
            if self._stands(time_s):
                time_s += self.reports_every_s
                continue
            stamp = self.rtp_time(time_s) & 0xFFFFFFFF
            capture = self.start + self.begin_s + time_s
            yield Happening(
                capture + self.latency_s,
                order,
                lambda sink, now, s=stamp, c=capture: sink.on_clock(self.track_id, s, c, now),
            )
            time_s += self.reports_every_s


@dataclass(frozen=True)
class Decoded:
    """All that a player would show: times in seconds of the file."""

    picture_times: list[float]
    sizes: set[tuple[int, int]]
    flashes: list[float]
    beeps: list[float]
    sound_seconds: float
    duration: float


def decode(path: Path) -> Decoded:
    """Decode a file wholly; any error is raised."""
    times, sizes, flashes, previous = [], set(), [], 0.0
    with av.open(str(path)) as container:
        duration = (container.duration or 0) / 1e6
        has_audio = bool(container.streams.audio)
        if container.streams.video:
            stream = container.streams.video[0]
            stream.codec_context.options = {"err_detect": "explode"}
            for frame in container.decode(stream):
                assert not frame.is_corrupt
                times.append(float(frame.time))
                sizes.add((frame.width, frame.height))
                luma = _brightness(frame)
                if luma > 170 >= previous:
                    flashes.append(float(frame.time))
                previous = luma
    beeps, seconds = decode_beeps(path) if has_audio else ([], 0.0)
    return Decoded(times, sizes, flashes, beeps, seconds, duration)


def _brightness(frame: av.VideoFrame) -> float:
    """The mean of the first plane of a picture, which is luma: 235 in flashes, at most 112 else."""
    assert frame.format.name == "yuv420p"
    plane = frame.planes[0]
    lines = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
    return float(np.mean(lines[:, : frame.width]))


def decode_beeps(path: Path) -> tuple[list[float], float]:
    """When each beep begins, and how long the sound is, in seconds."""
    pieces, first = [], None
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            first = float(frame.time) if first is None else first
            pieces.append(frame.to_ndarray()[0] if frame.format.is_planar else frame.to_ndarray())
    wave = np.concatenate(pieces).astype(np.float64)
    window = 48  # 1 ms
    loudness = np.sqrt(
        np.mean(wave[: wave.size // window * window].reshape(-1, window) ** 2, axis=1)
    )
    loud = loudness > loudness.max() / 4
    beeps, last = [], -1000
    for position in np.flatnonzero(loud):
        if position - last > 100:
            beeps.append(first + position / 1000)
        last = position
    return beeps, wave.size / 48000
