"""Writes one source's parts, and decides which of its tracks is heard and seen at a time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from recorder.api import MediaFile
from recorder.core.manifest import SourceResult
from recorder.core.segment_plan import DatedTrack, PartPlan, SourcePlan
from recorder.core.track_pipeline import Item, Missing, Picture, Sound
from recorder.muxer import PartMuxer

MAX_MISSING = 200_000  # some 10% of a day's sound packets; a bound, no more


class SourceMuxer:
    """Sinks one source's dated items.

    A source that was published again has an older and a newer track of a kind, which may overlap
    for a moment: the newer one takes over for good with its first item (of pictures: its first key
    frame).
    """

    def __init__(
        self, folder: Path, plan: SourcePlan, tracks: Mapping[int, DatedTrack], zero: float
    ) -> None:
        self._folder = folder
        self._plan = plan
        self._zero = zero
        self._present = tuple((tracks[n].start, tracks[n].end) for n in plan.tracks)
        self._part_of = {n: i for i, part in enumerate(plan.parts) for n in part.video_tracks}
        by_age = sorted(plan.tracks, key=lambda n: tracks[n].first_key or tracks[n].start)
        self._age = {track: age for age, track in enumerate(by_age)}
        self._seen = self._heard = -1  # the age of the track shown, and of the one heard
        self._next_part = 0
        self._part: PartMuxer | None = None
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
        """Finish the last part."""
        self._close_part()
        return SourceResult(
            self._plan.source_id, tuple(self._files), self._present, tuple(self._missing)
        )

    def _add_picture(self, track: int, picture: Picture) -> None:
        wanted = self._part_of.get(track)
        if wanted is None or self._age[track] < self._seen:
            return
        self._seen = self._age[track]
        while self._next_part <= wanted:
            self._open_part(picture.time)
        if self._part is not None:
            self._part.write_picture(picture)

    def _add_sound(self, track: int, sound: Sound) -> None:
        if self._age[track] < self._heard or not self._plan.parts:
            return
        self._heard = self._age[track]
        if self._part is None:
            self._open_part(sound.time)
        if self._part is not None:
            self._part.write_sound(sound)

    def _open_part(self, now: float) -> None:
        self._close_part()
        plan: PartPlan = self._plan.parts[self._next_part]
        # The first part begins where the index says, for the first item here need not be the
        # earliest.
        zero = plan.start if self._next_part == 0 else now
        self._next_part += 1
        self._part = PartMuxer(self._folder, plan, zero)

    def _close_part(self) -> None:
        part, self._part = self._part, None
        if part is None:
            return
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
