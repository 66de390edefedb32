"""The streams of a video, copied into a clean file: no metadata, no places, nothing beside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import av

from recorder.core.bounds import is_picture_size
from recorder.intake.boxes import turned
from recorder.intake_api import CLEAN_NAMES, VideoRefusal, VideoRefused

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer
    from av.packet import Packet
    from av.stream import Stream

# Codecs by FFmpeg's names. Browsers play the first; the others are kept to be converted.
_PLAYED = frozenset(("h264", "vp8", "vp9", "av1"))
_HEARD = frozenset(("aac", "mp3", "opus", "vorbis", "flac"))
_KEPT = frozenset(("hevc", "mpeg4", "ac3", "eac3", "alac"))
_TAKEN = _PLAYED | _HEARD | _KEPT
_WEBM = frozenset(("vp8", "vp9", "av1", "opus", "vorbis"))
_MP4 = _TAKEN - {"vp8", "vorbis"}
_PLAIN_PIXELS = frozenset(("yuv420p", "yuvj420p"))  # 8 bits, the only ones with decoders in chips
_DECODERS = (*_TAKEN, "libdav1d", "libvpx", "libvpx-vp9", "libopus", "libvorbis", "mp3float")
# No protocol at all: the bytes come from a descriptor, and nothing else is ever opened.
_OPTIONS = {"protocol_whitelist": "none", "codec_whitelist": ",".join(sorted(_DECODERS))}
_BUFFER_BYTES = 1024 * 1024  # of one read
_MAX_STREAMS = 32  # phones have five, with positions and clocks
_MAX_DURATION_S = 24 * 3600.0
_MAX_BACKWARD = 0.01  # share of packets whose time goes backward; those are left out
_MAX_UNDATED = 32  # packets held until a decoding time is known; H.264 reorders 16 at most
_PROGRESS_BYTES = 16 * 1024 * 1024  # between two reports


@dataclass(frozen=True, slots=True)
class CopiedVideo:
    """Facts of a clean file; see `TakenVideo`."""

    name: str
    media_type: str
    duration_s: float
    width: int
    height: int
    rotation: int
    video_codec: str
    audio_codec: str | None
    plays: bool


def copy_video(
    source: BinaryIO, demuxer: str, place: Path, on_bytes: Callable[[int], None]
) -> CopiedVideo:
    """Copy the first picture and the first sound of a video; bytes read are told.

    Raises:
        VideoRefused: FFmpeg cannot read it, or it is none that is taken.
        OSError: the disk is full.
    """
    try:
        opened = av.open(source, "r", format=demuxer, options=_OPTIONS, buffer_size=_BUFFER_BYTES)
    except (av.FFmpegError, ValueError) as error:
        raise VideoRefused(VideoRefusal.DAMAGED) from error
    with opened:
        picture, sound = _streams(opened)
        streams: list[Stream] = [picture] if sound is None else [picture, sound]
        names = [_codec(stream) for stream in streams]
        webm = _WEBM.issuperset(names)
        if not webm and not _MP4.issuperset(names):
            raise VideoRefused(VideoRefusal.CODEC, {"codec": "+".join(names)})
        media_type = "video/webm" if webm else "video/mp4"
        file = place / CLEAN_NAMES[media_type]
        duration = _copy(opened, streams, file, webm, on_bytes)
        context = picture.codec_context
        return CopiedVideo(
            name=file.name,
            media_type=media_type,
            duration_s=round(duration, 3),
            width=context.width,
            height=context.height,
            rotation=_rotation(file, webm),
            video_codec=names[0],
            audio_codec=names[1] if sound is not None else None,
            plays=_plays(names, context.pix_fmt),
        )


def _plays(names: list[str], pixels: str | None) -> bool:
    """Tell whether browsers of today play these codecs; of H.264 only what cameras make."""
    if names[0] == "h264" and pixels not in _PLAIN_PIXELS:
        return False
    return _PLAYED.issuperset(names[:1]) and _HEARD.issuperset(names[1:])


def _streams(opened: InputContainer) -> tuple[av.VideoStream, av.AudioStream | None]:
    """Find what is shown and heard; clocks, places, covers and subtitles stay behind."""
    if len(opened.streams) > _MAX_STREAMS:
        raise VideoRefused(VideoRefusal.TOO_MUCH)
    pictures = [one for one in opened.streams.video if not _is_cover(one)]
    if not pictures:
        raise VideoRefused(VideoRefusal.NO_PICTURE)
    picture = pictures[0]
    if not is_picture_size(picture.codec_context.width, picture.codec_context.height):
        raise VideoRefused(VideoRefusal.TOO_MUCH)
    return picture, next(iter(opened.streams.audio), None)


def _is_cover(stream: av.VideoStream) -> bool:
    return bool(stream.disposition & stream.disposition.attached_pic)


def _codec(stream: Stream) -> str:
    context = stream.codec_context
    name = "unknown" if context is None else str(context.codec.canonical_name)
    if name not in _TAKEN:
        raise VideoRefused(VideoRefusal.CODEC, {"codec": name[:40]})
    return name


def _copy(
    opened: InputContainer,
    streams: list[Stream],
    file: Path,
    webm: bool,
    on_bytes: Callable[[int], None],
) -> float:
    """Copy packets; returns the seconds from the first one's begin to the last one's end."""
    options = {"cues_to_front": "1"} if webm else {"movflags": "+faststart"}
    with av.open(str(file), "w", format="webm" if webm else "mp4", options=options) as target:
        writer = _Writer(target, streams, on_bytes)
        try:
            for packet in opened.demux(streams):
                writer.write(packet)
        except (av.error.InvalidDataError, av.error.ArgumentError, ValueError) as error:
            raise VideoRefused(VideoRefusal.DAMAGED) from error
    return writer.duration()


class _Writer:
    """Copies packets into the clean file, and watches their times."""

    def __init__(
        self, target: OutputContainer, streams: list[Stream], on_bytes: Callable[[int], None]
    ) -> None:
        self._target = target
        self._targets = {one.index: target.add_stream_from_template(one) for one in streams}
        for made in self._targets.values():
            made.metadata.clear()
        self._last: dict[int, int] = {}
        self._undated: dict[int, list[Packet[Stream]]] = {}
        self._begin, self._end = float("inf"), 0.0
        self._count = self._backward = 0
        self._bytes = self._told = 0
        self._on_bytes = on_bytes

    def write(self, packet: Packet[Stream]) -> None:
        """Take the next packet of a source stream; an empty one ends its stream."""
        index = packet.stream.index
        waiting = self._undated.setdefault(index, [])
        if packet.dts is None and packet.size and len(waiting) < _MAX_UNDATED:
            waiting.append(packet)  # Matroska tells no decoding times; FFmpeg learns them late
            return
        step = max(1, packet.duration or 1)
        for number, earlier in enumerate(waiting):
            if packet.dts is None:
                earlier.dts = earlier.pts
            else:
                earlier.dts = packet.dts - (len(waiting) - number) * step
            self._mux(index, earlier)
        waiting.clear()
        if packet.size:
            self._mux(index, packet)

    def _mux(self, index: int, packet: Packet[Stream]) -> None:
        self._count += 1
        self._tell(packet.size)
        dts = packet.dts
        if dts is None or dts <= self._last.get(index, dts - 1):
            self._backward += 1
            return
        self._last[index] = dts
        begin = float((dts if packet.pts is None else packet.pts) * packet.time_base)
        self._begin = min(self._begin, begin)
        self._end = max(self._end, begin + float((packet.duration or 0) * packet.time_base))
        if self._end - self._begin > _MAX_DURATION_S:
            raise VideoRefused(VideoRefusal.TOO_MUCH)
        packet.stream = self._targets[index]
        self._target.mux(packet)

    def duration(self) -> float:
        """Return the seconds of all. Raises VideoRefused where hardly anything could be read."""
        if self._count == 0 or self._backward > self._count * _MAX_BACKWARD:
            raise VideoRefused(VideoRefusal.DAMAGED)
        return max(0.0, self._end - self._begin)

    def _tell(self, size: int) -> None:
        self._bytes += size
        if self._bytes - self._told >= _PROGRESS_BYTES:
            self._told = self._bytes
            self._on_bytes(self._bytes)


def _rotation(file: Path, webm: bool) -> int:
    """Read by how much players turn the picture; WebM of ours tells none."""
    if webm:
        return 0
    with file.open("rb") as clean:
        return turned(clean, file.stat().st_size)
