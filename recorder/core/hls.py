"""HLS playlists (RFC 8216) over fragmented MP4: segments are byte ranges of one file."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import msgspec

from recorder.core.fragments import Layout

# s; fragments are joined to segments of at least this. Coded pictures have a key frame each 4 s,
# those that are copied each 10 s.
SEGMENT_S = 3.0
AAC_CODEC = "mp4a.40.2"  # AAC-LC (RFC 6381)
OPUS_CODEC = "opus"  # lower-case, as Chromium wants it in MP4

_VERSION = 7  # fragmented MP4 with EXT-X-MAP


class Segment(msgspec.Struct, frozen=True):
    """A part of a file that is fetched as one."""

    offset: int
    length: int
    duration_s: float


class Run(msgspec.Struct, frozen=True):
    """Segments of one encoder, with the head that a decoder needs before them."""

    head_offset: int
    head_bytes: int
    segments: tuple[Segment, ...]


class Track(msgspec.Struct, frozen=True):
    """A media file of one track, as playlists see it.

    Attributes:
        codec: as in CODECS.
        name: of the file.
        playlist: the name of its media playlist.
    """

    codec: str
    name: str
    playlist: str
    peak_bps: int
    average_bps: int


class VideoTrack(msgspec.Struct, frozen=True):
    """Pictures of one size."""

    track: Track
    width: int
    height: int
    frame_rate: float


def run_of(layout: Layout, *, at: int, timescale: int, end_s: float) -> Run:
    """Join fragments to segments.

    Args:
        layout: of the run's own file.
        at: bytes before it in the file of all runs.
        timescale: ticks a second.
        end_s: the end of the last fragment, on the clock of the fragments.
    """
    times = [one.decode_time / timescale for one in layout.fragments] + [end_s]
    segments: list[Segment] = []
    first = 0
    for number, fragment in enumerate(layout.fragments):
        duration = times[number + 1] - times[first]
        if duration >= SEGMENT_S or number + 1 == len(layout.fragments):
            begin = layout.fragments[first].offset
            length = fragment.offset + fragment.length - begin
            segments.append(Segment(at + begin, length, max(0.001, duration)))
            first = number + 1
    return Run(at, layout.head_bytes, tuple(segments))


def media_playlist(name: str, runs: Sequence[Run]) -> str:
    """Write the playlist of one file."""
    longest = max(one.duration_s for run in runs for one in run.segments)
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{_VERSION}",
        f"#EXT-X-TARGETDURATION:{math.ceil(longest)}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        "#EXT-X-INDEPENDENT-SEGMENTS",
    ]
    for run in runs:
        lines.append(f'#EXT-X-MAP:URI="{name}",BYTERANGE="{run.head_bytes}@{run.head_offset}"')
        for segment in run.segments:
            lines.append(f"#EXTINF:{segment.duration_s:.6f},")
            lines.append(f"#EXT-X-BYTERANGE:{segment.length}@{segment.offset}")
            lines.append(name)
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""])


def rates(runs: Iterable[Run]) -> tuple[int, int]:
    """Compute the peak and the average bitrate, bits a second."""
    segments = [one for run in runs for one in run.segments]
    peak = max(one.length * 8 / max(one.duration_s, 1.0) for one in segments)
    total = sum(one.length for one in segments) * 8
    return math.ceil(peak), math.ceil(total / max(sum(one.duration_s for one in segments), 0.001))


def multivariant_playlist(videos: Sequence[VideoTrack], sounds: Sequence[tuple[str, Track]]) -> str:
    """Write the playlist that offers every size with every codec of the sound.

    Args:
        videos: the sizes; none for sound alone.
        sounds: each with the name of its group, the one that every player knows first.
    """
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{_VERSION}", "#EXT-X-INDEPENDENT-SEGMENTS"]
    for group, sound in sounds if videos else ():
        lines.append(
            f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="{group}",NAME="main",DEFAULT=YES,AUTOSELECT=YES,'
            f'CHANNELS="2",URI="{sound.playlist}"'
        )
    heard: list[tuple[str, Track] | None] = [*sounds] or [None]
    for group_of in heard:
        for video in videos:
            lines += _variant(video, group_of)
        if not videos and group_of is not None:
            sound = group_of[1]
            lines.append(f"{_rate_of(sound.peak_bps, sound.average_bps, sound.codec)}")
            lines.append(sound.playlist)
    return "\n".join([*lines, ""])


def _variant(video: VideoTrack, sound: tuple[str, Track] | None) -> list[str]:
    peak, average, codecs = video.track.peak_bps, video.track.average_bps, video.track.codec
    if sound is not None:
        peak, average = peak + sound[1].peak_bps, average + sound[1].average_bps
        codecs = f"{codecs},{sound[1].codec}"
    line = _rate_of(peak, average, codecs)
    line += f",RESOLUTION={video.width}x{video.height},FRAME-RATE={video.frame_rate:.3f}"
    return [line + (f',AUDIO="{sound[0]}"' if sound else ""), video.track.playlist]


def _rate_of(peak: int, average: int, codecs: str) -> str:
    return f'#EXT-X-STREAM-INF:BANDWIDTH={peak},AVERAGE-BANDWIDTH={average},CODECS="{codecs}"'


def h264_codec(decoder_configuration: bytes) -> str:
    """Name an H.264 stream (RFC 6381 §3.3) by its `AVCDecoderConfigurationRecord`."""
    return f"avc1.{decoder_configuration[1:4].hex()}"


def highest_codec(codecs: Iterable[str]) -> str:
    """Choose the name that asks the most of a decoder: by profile, then by level."""
    return max(codecs, key=lambda name: (name[:7], name[9:]))
