"""Pictures that are copied as they are."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from av.packet import Packet
from av.stream import Stream

from recorder.core.hls import h264_codec
from recorder.core.picture_runs import PictureFacts, RunPlan
from recorder.editions.pictures import TIMESCALE
from recorder.editions.track_file import WrittenRun, open_pictures
from recorder.finishing.media_input import open_media, picture_stream

_BASE = Fraction(1, TIMESCALE)
_SPS, _PPS = 7, 8  # nal_unit_type (H.264, table 7-1)
_AVCC = b"\x01"  # version of AVCDecoderConfigurationRecord (ISO/IEC 14496-15)


def picture_facts(path: Path) -> PictureFacts | None:
    """Look through a file; None if it holds no H.264 that could be copied."""
    with open_media(path) as container:
        stream = picture_stream(container)
        first = next(container.decode(stream), None)
        if first is None or round(first.rotation / 90) % 4:
            return None  # a copy would lie on its side
        container.seek(0, stream=stream)
        extradata = stream.codec_context.extradata or b""
        if stream.codec_context.name != "h264" or extradata[:1] != _AVCC:
            return None
        width = (extradata[4] & 3) + 1  # bytes of a NAL unit's length
        keys, sets, size = [], set[bytes](), 0
        reorders, last = False, -1.0
        for packet in container.demux(stream):
            if packet.pts is None or packet.time_base is None:
                continue
            time, data = float(packet.pts * packet.time_base), bytes(packet)
            size += len(data)
            reorders = reorders or packet.dts != packet.pts or time <= last
            last = time
            if packet.is_keyframe:
                keys.append(time)
                sets.add(_parameter_sets(data, width) or extradata)
            elif _parameter_sets(data, width):
                return None  # new ones between key frames: nothing that browsers send
        uniform = len(sets - {extradata}) <= 1
        return PictureFacts(tuple(keys), uniform, reorders, size * 8 / max(last, 1.0))


def _parameter_sets(data: bytes, width: int) -> bytes:
    """Collect the parameter sets in a picture."""
    found, at = b"", 0
    while at + width < len(data):
        length = int.from_bytes(data[at : at + width], "big")
        at += width
        if data[at] & 0x1F in (_SPS, _PPS):
            found += data[at : at + length]
        at += length
    return found


def copy_run(path: Path, folder: Path, run: RunPlan) -> WrittenRun:
    """Copy the pictures of a run. Raises ValueError if it copies nothing."""
    piece = run.copied
    if piece is None:
        raise ValueError("nothing to copy")
    frames = 0
    with open_media(folder / piece.name) as container, open_pictures(path) as output:
        source = picture_stream(container)
        stream = output.add_stream_from_template(source, opaque=True)
        stream.time_base = _BASE
        base = source.time_base or _BASE
        container.seek(round(piece.start_s / base), stream=source)
        waiting: Packet[Stream] | None = None

        def write(packet: Packet[Stream], until: int) -> None:
            assert packet.pts is not None
            packet.duration = max(1, until - packet.pts)
            output.mux_one(packet)

        for packet in container.demux(source):
            if packet.pts is None or packet.time_base is None:
                continue
            time = float(packet.pts * packet.time_base)
            if time < piece.start_s - 1e-4:
                continue
            if time >= piece.end_s:
                break
            copied = Packet(bytes(packet))
            copied.stream, copied.time_base = stream, _BASE
            copied.pts = copied.dts = round((time - piece.start_s + piece.at_s) * TIMESCALE)
            copied.is_keyframe = packet.is_keyframe
            if waiting is not None:
                write(waiting, copied.pts)
            waiting, frames = copied, frames + 1
        if waiting is not None:
            write(waiting, round(run.end_s * TIMESCALE))
        codec = h264_codec(source.codec_context.extradata or b"")
    return WrittenRun(path, codec, TIMESCALE, run.end_s, frames)
