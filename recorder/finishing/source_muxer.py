"""One source's files, and the choice of the track that is heard and seen at a time."""

from __future__ import annotations

import contextlib
import errno
import math
from bisect import bisect_right
from collections.abc import Mapping
from pathlib import Path

import av
import msgspec
import structlog

from recorder.api import MediaFile
from recorder.core.manifest import SourceFailure, SourceResult
from recorder.core.segment_plan import DatedTrack, PartPlan, SourcePlan
from recorder.core.track_pipeline import Item, Missing, Picture, Sound
from recorder.finishing.media_input import open_media
from recorder.finishing.muxer import PartMuxer
from relay.api import MediaKind

MAX_MISSING = 200_000  # some 10% of a day's sound packets; bounds memory
# Errors of the disk. Every source would fail, and another attempt may not.
_STORAGE_ERRORS = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EMFILE))

TOLD_FROM_S = 1.0  # s; a camera that came in the last moment had no whole picture yet

_log = structlog.get_logger(__name__)


class SourceMuxer:
    """Sinks one source's dated items.

    A source that was published again has an older and a newer track of a kind, which may overlap.
    The newer track takes over for good at its begin; a picture track at its first key frame.

    A refusal of FFmpeg costs this source only. Files before it stay, the rest is a gap, and the
    result says so. Errors of the disk come through.
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
        self._reordered = frozenset(n for n in plan.tracks if tracks[n].index.reorders)
        self._latest = dict.fromkeys(MediaKind, -1)  # the turn of the track that flowed last
        self._open: dict[int, PartMuxer] = {}
        self._files: list[MediaFile] = []
        self._missing: list[tuple[float, float]] = []
        self._failure: SourceFailure | None = None

    def add(self, track: int, item: Item) -> None:
        """Take one item of one of the source's tracks."""
        if self._failure is not None:
            return
        try:
            self._add(track, item)
        except av.FFmpegError as error:
            self._fail(error)

    def close(self) -> SourceResult:
        """Finish the parts that are still open."""
        try:
            self._close_parts_before(len(self._plan.parts))
        except av.FFmpegError as error:
            self._fail(error)
        lasted = max((end - start for start, end in self._present), default=0.0)
        if lasted >= TOLD_FROM_S and not self._files and self._failure is None:
            self._failure = SourceFailure.NOTHING_PLAYABLE
        return SourceResult(
            self._plan.source_id,
            tuple(self._files),
            self._present,
            tuple(self._missing),
            self._failure,
        )

    def _fail(self, error: av.FFmpegError) -> None:
        """Keep the files that are whole; note the rest as missing."""
        if error.errno in _STORAGE_ERRORS:
            raise error
        _log.error("source_failed", source_id=self._plan.source_id, error=str(error))
        self._failure = SourceFailure.NOT_WRITTEN
        for number in sorted(self._open):
            part = self._open.pop(number)
            with contextlib.suppress(av.FFmpegError):
                self._close(part, doubtful=True)
        whole = min(start for start, _ in self._present)
        for file in self._files:
            whole = max(whole, self._zero + file.offset_s + file.duration_s)
        end = max(end for _, end in self._present)
        if end > whole:
            self._missing.append((whole, end))

    def _add(self, track: int, item: Item) -> None:
        if isinstance(item, Missing):
            if item.end > item.start and len(self._missing) < MAX_MISSING:
                self._missing.append((item.start, item.end))
        elif isinstance(item, Picture):
            self._add_picture(track, item)
        else:
            self._add_sound(track, item)

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
        """Find the part, and open it if it is due; None if it is closed already.

        Two parts may be open: sound reaches the next part while pictures of the last are in repair.
        """
        part = self._open.get(index)
        if part is None and all(index > other for other in self._open):
            plan = self._plan.parts[index]
            part = self._open[index] = self._new_part(plan)
            self._close_parts_before(index - 1)
        return part

    def _new_part(self, plan: PartPlan) -> PartMuxer:
        try:
            reorders = not self._reordered.isdisjoint(plan.video_tracks)
            return PartMuxer(self._folder, plan, plan.start, reorders=reorders)
        except av.FFmpegError:
            (self._folder / plan.name).unlink(missing_ok=True)
            raise

    def _close_parts_before(self, index: int) -> None:
        for number in sorted(self._open):
            if number < index:
                self._close(self._open.pop(number))

    def _close(self, part: PartMuxer, *, doubtful: bool = False) -> None:
        """Finish a file: read a doubtful one through, and remove one that fails."""
        try:
            duration = part.close()
            if doubtful and duration is not None:
                _read_through(self._folder / part.plan.name)
        except av.FFmpegError:
            part.discard()
            raise
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


def _read_through(path: Path) -> None:
    """Read a file to its end. Raises av.FFmpegError."""
    with open_media(path) as container:
        for _ in container.demux():
            pass


class _Turn(msgspec.Struct, frozen=True):
    """A track's place among those of its kind, and the begin of the next one (Unix seconds)."""

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
