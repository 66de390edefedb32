"""The sound of a source along an edition's timeline: Opus as it is, and AAC made from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.packet import Packet
from av.stream import Stream
from numpy.typing import NDArray

from recorder.core.audio_timeline import AudioTimeline
from recorder.core.hls import AAC_CODEC, OPUS_CODEC
from recorder.core.opus import SAMPLE_RATE, packet_samples
from recorder.core.pieces import Piece
from recorder.editions.track_file import WrittenRun, open_sound
from recorder.finishing.media_input import UnknownMediaError, open_media, sound_stream
from recorder.finishing.mux_template import open_sound_template
from recorder.finishing.waveform import AV_TIME_BASE

CHANNELS = 2
AAC_BPS = 64_000  # speech; with two pictures it has to go through 1 Mbit/s
AAC_FRAME = 1024  # samples (ISO/IEC 14496-3)
_BASE = Fraction(1, SAMPLE_RATE)
_JITTER_SAMPLES = 480  # 10 ms; frames as near as this are laid end to end

Samples = NDArray[np.float32]  # by channel
Tick = Callable[[float], None]  # takes seconds of the timeline


def write_opus(path: Path, folder: Path, pieces: Sequence[Piece], end_s: float) -> WrittenRun:
    """Copy the packets that lie in the pieces, with silence between them; see `write_aac`."""
    timeline = AudioTimeline(CHANNELS)
    with open_sound_template(CHANNELS) as template, open_sound(path) as output:
        stream = output.add_stream_from_template(template.streams[0], opaque=True)
        stream.time_base = _BASE

        def mux(items: Iterator[tuple[bytes, int, int]]) -> None:
            for data, position, samples in items:
                packet = Packet(data)
                packet.stream, packet.time_base = stream, _BASE
                packet.pts = packet.dts = position
                packet.duration, packet.is_keyframe = samples, True
                output.mux_one(packet)

        for at_s, data, samples in _packets(folder, pieces):
            mux(timeline.place(data, round(at_s * SAMPLE_RATE), samples))
        mux(timeline.fill_to(round(end_s * SAMPLE_RATE)))
    return WrittenRun(path, OPUS_CODEC, SAMPLE_RATE, timeline.cursor / SAMPLE_RATE)


def _packets(folder: Path, pieces: Sequence[Piece]) -> Iterator[tuple[float, bytes, int]]:
    """Yield what lies wholly in the pieces: time, packet, samples."""
    for piece in pieces:
        try:
            with open_media(folder / piece.name) as container:
                stream = sound_stream(container)
                container.seek(round(piece.start_s * AV_TIME_BASE))
                for packet in container.demux(stream):
                    if packet.pts is None or packet.time_base is None:
                        continue
                    time, data = float(packet.pts * packet.time_base), bytes(packet)
                    samples = packet_samples(data)
                    if samples is None or time < piece.start_s - 1e-3:
                        continue
                    if time + samples / SAMPLE_RATE > piece.end_s + 1e-3:
                        break
                    yield time - piece.start_s + piece.at_s, data, samples
        except UnknownMediaError:
            continue  # pictures alone


def write_aac(
    path: Path, folder: Path, pieces: Sequence[Piece], end_s: float, tick: Tick
) -> WrittenRun:
    """Decode the pieces and code them as AAC.

    Args:
        path: the file to write.
        folder: the folder of the media.
        pieces: on the clock of the playlist, which begins at 0.
        end_s: the end of the playlist.
        tick: told how far it is.
    """
    with open_sound(path) as output:
        stream = output.add_stream("aac", rate=SAMPLE_RATE)
        stream.codec_context.layout = "stereo"
        stream.codec_context.bit_rate = AAC_BPS
        stream.codec_context.thread_count = 1
        stream.time_base = _BASE

        def mux(packets: list[Packet[Stream]]) -> None:
            for packet in packets:
                # What comes before 0 is the encoder's run-up, and fragments have no edit list.
                if packet.pts is not None and packet.pts >= 0:
                    packet.stream = stream
                    output.mux_one(packet)

        for position, samples in sound_frames(folder, pieces, round(end_s * SAMPLE_RATE)):
            frame = AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, position, _BASE
            mux(stream.encode(frame))
            tick(position / SAMPLE_RATE)
        mux(stream.encode(None))
    return WrittenRun(path, AAC_CODEC, SAMPLE_RATE, end_s)


def sound_frames(folder: Path, pieces: Sequence[Piece], end: int) -> Iterator[tuple[int, Samples]]:
    """Yield frames for the encoder, without holes, from 0 up to `end` (samples).

    Frames of the same `end` have the same places, whatever the pieces are.
    """
    kept: list[Samples] = []
    held = position = cursor = 0  # samples in `kept`, given out, and taken in

    def full() -> Iterator[tuple[int, Samples]]:
        nonlocal kept, held, position
        if held < AAC_FRAME:
            return
        row = np.concatenate(kept, axis=1)
        for start in range(0, held - AAC_FRAME + 1, AAC_FRAME):
            yield position, np.ascontiguousarray(row[:, start : start + AAC_FRAME])
            position += AAC_FRAME
        left = row[:, held - held % AAC_FRAME :]
        kept, held = [left], left.shape[1]

    for at, samples in _decoded(folder, pieces):
        late = at - cursor
        if abs(late) <= _JITTER_SAMPLES:
            late = 0
        given = samples if late >= 0 else samples[:, -late:]
        while late > 0:
            silent = min(late, SAMPLE_RATE)
            kept.append(np.zeros((CHANNELS, silent), np.float32))
            held, cursor, late = held + silent, cursor + silent, late - silent
            yield from full()
        given = given[:, : max(0, end - cursor)]
        kept.append(given)
        held, cursor = held + given.shape[1], cursor + given.shape[1]
        yield from full()
    while cursor < end + AAC_FRAME:  # the last frame is filled up with silence
        silent = min(end + AAC_FRAME - cursor, SAMPLE_RATE)
        kept.append(np.zeros((CHANNELS, silent), np.float32))
        held, cursor = held + silent, cursor + silent
        yield from full()


def _decoded(folder: Path, pieces: Sequence[Piece]) -> Iterator[tuple[int, Samples]]:
    """Decode the pieces to the sample: the place of the first one, and the samples."""
    for piece in pieces:
        try:
            with open_media(folder / piece.name) as container:
                stream = sound_stream(container)
                container.seek(round(piece.start_s * AV_TIME_BASE))
                for frame in container.decode(stream):
                    if frame.time is None:
                        continue
                    if frame.time >= piece.end_s:
                        break
                    first = round((piece.start_s - frame.time) * SAMPLE_RATE)
                    stop = round((piece.end_s - frame.time) * SAMPLE_RATE)
                    samples = _stereo(frame)[:, max(0, first) : stop]
                    if samples.shape[1]:
                        at = frame.time + max(0, first) / SAMPLE_RATE - piece.start_s + piece.at_s
                        yield round(at * SAMPLE_RATE), samples
        except UnknownMediaError:
            continue  # pictures alone
        except av.FFmpegError:
            continue  # the sound ends early; silence follows


def _stereo(frame: AudioFrame) -> Samples:
    samples = frame.to_ndarray().astype(np.float32)
    return samples if samples.shape[0] == CHANNELS else np.repeat(samples[:1], CHANNELS, axis=0)
