"""The plan of a recording's files: one row of parts for each source.

A container's codecs are fixed with its first byte, so the parts are planned from the index before
any media is read again. A source makes one part, unless it changes its video codec. Then the next
part begins at the first picture in the new codec, and sound goes with the pictures.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from recorder.core.h264_parameter_sets import ParameterSets
from recorder.core.timeline import TrackClock
from recorder.core.track_index import TrackIndex
from relay.api import MediaKind

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


class PartPlan(msgspec.Struct, frozen=True):
    """One file to be.

    Attributes:
        name: of the file, unique in the recording.
        codec: ``VP8``, ``H264``, or None for sound alone.
        video_tracks: the tracks whose pictures belong here.
        start: Unix seconds of the first media, as the index knows it.
        channels: of the sound; 0 without sound.
    """

    name: str
    mime: str
    codec: str | None
    video_tracks: frozenset[int]
    start: float
    width: int
    height: int
    parameters: ParameterSets | None
    channels: int


class SourcePlan(msgspec.Struct, frozen=True):
    """One source's tracks and parts; `parts` is empty if nothing can be played."""

    source_id: str
    tracks: tuple[int, ...]
    parts: tuple[PartPlan, ...]


class DatedTrack(msgspec.Struct, frozen=True):
    """A track of the index with its clock, begin and end (Unix seconds)."""

    index: TrackIndex
    clock: TrackClock
    start: float
    end: float
    first_key: float | None


def date_tracks(tracks: Iterable[TrackIndex]) -> dict[int, DatedTrack]:
    """Fit each track's clock; tracks without a packet are left out."""
    dated = {}
    for track in tracks:
        if track.first is None or track.last is None:
            continue
        clock = track.clock()
        key = track.first_key
        dated[track.begin.track] = DatedTrack(
            track,
            clock,
            clock.time_at(track.first.timestamp, track.first.arrival),
            clock.time_at(track.last.timestamp, track.last.arrival),
            None if key is None else clock.time_at(key.timestamp, key.arrival),
        )
    return dated


def plan_sources(tracks: dict[int, DatedTrack]) -> list[SourcePlan]:
    """Group tracks into sources and parts, in order of appearance."""
    by_source: dict[str, list[DatedTrack]] = {}
    for track in tracks.values():
        by_source.setdefault(track.index.begin.source_id, []).append(track)
    taken: set[str] = set()
    plans = []
    for source_id, members in by_source.items():
        stem = _file_stem(source_id, taken)
        numbers = tuple(track.index.begin.track for track in members)
        plans.append(SourcePlan(source_id, numbers, tuple(_plan_parts(stem, members))))
    return plans


def _plan_parts(stem: str, members: list[DatedTrack]) -> list[PartPlan]:
    audio = [track for track in members if track.index.begin.kind is MediaKind.AUDIO]
    video = sorted(
        ((track.first_key, track) for track in members if track.first_key is not None),
        key=lambda item: item[0],
    )
    runs: list[list[DatedTrack]] = []
    for _, track in video:
        if not runs or runs[-1][0].index.begin.codec != track.index.begin.codec:
            runs.append([])
        runs[-1].append(track)
    if not runs:
        return [_part(f"{stem}-1", [], audio, min(t.start for t in audio))] if audio else []
    parts = []
    for number, run in enumerate(runs):
        start = run[0].first_key
        assert start is not None
        until = runs[number + 1][0].first_key if number + 1 < len(runs) else None
        if number == 0 and audio:
            start = min(start, *(track.start for track in audio))
        heard = [
            track for track in audio if track.end > start and (until is None or track.start < until)
        ]
        parts.append(_part(f"{stem}-{number + 1}", run, heard, start))
    return parts


def _part(stem: str, video: list[DatedTrack], audio: list[DatedTrack], start: float) -> PartPlan:
    codec = video[0].index.begin.codec if video else None
    # MP4 is the usual container of H.264, WebM of VP8. Chromium plays Opus in both.
    mime = "video/mp4" if codec == "H264" else "video/webm" if codec else "audio/webm"
    largest = max((t.index for t in video), key=lambda t: t.width * t.height, default=None)
    return PartPlan(
        name=f"{stem}.{'mp4' if codec == 'H264' else 'webm'}",
        mime=mime,
        codec=codec,
        video_tracks=frozenset(track.index.begin.track for track in video),
        start=start,
        width=largest.width if largest else 0,
        height=largest.height if largest else 0,
        parameters=next((t.index.parameters for t in video if t.index.parameters), None),
        channels=2 if audio else 0,
    )


def _file_stem(source_id: str, taken: set[str]) -> str:
    """Make a file name for a source. Source ids come from outside and may hold anything."""
    base = _UNSAFE.sub("_", source_id).strip("._")[:80] or "source"
    stem, number = base, 2
    while stem.lower() in taken:
        stem, number = f"{base}_{number}", number + 1
    taken.add(stem.lower())
    return stem
