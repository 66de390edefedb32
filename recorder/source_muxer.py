"""Writes one source's parts, and decides which of its tracks is heard and seen at a time."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from pathlib import Path

import msgspec

from recorder.api import MediaFile
from recorder.core.manifest import SourceResult
from recorder.core.segment_plan import DatedTrack, SourcePlan
from recorder.core.track_pipeline import Item, Missing, Picture, Sound
from recorder.muxer import PartMuxer
from relay.api import MediaKind

MAX_MISSING = 200_000  # some 10% of a day's sound packets; a bound, no more


class SourceMuxer:
    """Sinks one source's dated items.

    A source that was published again has an older and a newer track of a kind, which may overlap:
    the newer one takes over for good where it begins (pictures: at its first key frame).
    """

    def __init__(
        self, folder: Path, plan: SourcePlan, tracks: Mapping[int, DatedTrack], zero: float
    ) -> None:
        self._folder = folder
        self._plan = plan
        self._zero = zero
        self._present = tuple((tracks[n].start, tracks[n].end) for n in plan.tracks)
        self._part_of = {n: i for i, part in enumerate(plan.parts) for n in part.video_tracks}
        self._part_starts = [part.start for part in plan.parts]
        self._turns = _take_turns(plan, tracks)
        self._latest = dict.fromkeys(MediaKind, -1)  # the turn of the track that flowed last
        self._open: dict[int, PartMuxer] = {}
        self._files: list[MediaFile] = []
        self._missing: list[tuple[float, float]] = []

    def add(self, track: int, item: Item) -> None:
        """Take one item of one of the source's tracks."""
        if isinstance(item, Missing):
            if item.end > item.start and len(self._missing) < MAX_MISSING:
                self._missing.append((item.start, item.end))
        elif isinstance(item, Picture):
            self._add_picture(track, item)
        else:
            self._add_sound(track, item)

    def close(self) -> SourceResult:
        """Finish the parts that are still open."""
        self._close_parts_before(len(self._plan.parts))
        return SourceResult(
            self._plan.source_id, tuple(self._files), self._present, tuple(self._missing)
        )

    def _add_picture(self, track: int, picture: Picture) -> None:
        index = self._part_of.get(track)
        if index is not None and self._may_flow(MediaKind.VIDEO, track, picture.time):
            part = self._part(index)
            if part is not None:
                part.write_picture(picture)

    def _add_sound(self, track: int, sound: Sound) -> None:
        if self._plan.parts and self._may_flow(MediaKind.AUDIO, track, sound.time):
            part = self._part(max(0, bisect_right(self._part_starts, sound.time) - 1))
            if part is not None:
                part.write_sound(sound)

    def _may_flow(self, kind: MediaKind, track: int, time: float) -> bool:
        turn = self._turns[track]
        if turn.number < self._latest[kind] or time >= turn.until:
            return False
        self._latest[kind] = turn.number
        return True

    def _part(self, index: int) -> PartMuxer | None:
        """The part, opened if it is its time; None if it is closed already.

        Two parts may be open: sound reaches the next one while pictures of the last are in repair.
        """
        part = self._open.get(index)
        if part is None and all(index > other for other in self._open):
            plan = self._plan.parts[index]
            part = self._open[index] = PartMuxer(self._folder, plan, plan.start)
            self._close_parts_before(index - 1)
        return part

    def _close_parts_before(self, index: int) -> None:
        for number in sorted(self._open):
            if number < index:
                self._close(self._open.pop(number))

    def _close(self, part: PartMuxer) -> None:
        duration = part.close()
        if duration is None:
            return
        self._files.append(
            MediaFile(
                name=part.plan.name,
                mime=part.plan.mime,
                offset_s=round(part.zero - self._zero, 3),
                duration_s=round(duration, 3),
                width=part.width or None,
                height=part.height or None,
                has_audio=part.plan.channels > 0,
                has_video=part.width > 0,
            )
        )


class _Turn(msgspec.Struct, frozen=True):
    """A track's place among those of its kind, and when the next one takes over (Unix seconds)."""

    number: int
    until: float


def _take_turns(plan: SourcePlan, tracks: Mapping[int, DatedTrack]) -> dict[int, _Turn]:
    turns = {}
    for kind in MediaKind:
        ordered = sorted(
            (begin, number)
            for number in plan.tracks
            if (track := tracks[number]).index.begin.kind is kind
            and (begin := track.first_key if kind is MediaKind.VIDEO else track.start) is not None
        )
        following = [begin for begin, _ in ordered[1:]] + [math.inf]
        for place, (_, number) in enumerate(ordered):
            turns[number] = _Turn(place, following[place])
    return turns
