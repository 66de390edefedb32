"""The pictures of a source in all sizes: copied where that can be, else coded anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import av
import msgspec
from av.video.frame import VideoFrame

from recorder.core.edition_plan import Rendition, SourceTask
from recorder.core.hls import VideoTrack
from recorder.core.picture_runs import PictureFacts, RunPlan, plan_runs
from recorder.core.pieces import Piece
from recorder.editions.copying import copy_run, picture_facts
from recorder.editions.pictures import LATE_S, EncodedRun, pictures
from recorder.editions.track_file import WrittenRun, finish_track
from recorder.finishing.media_input import UnknownMediaError

_EARLY_S = 0.001  # s by which a picture may come before its run, for numbers are rounded
_MAX_FRAME_RATE = 60.0  # Hz; a run of a moment has no rate

_Written = dict[str, list[WrittenRun]]  # by name of the size


class _Due(msgspec.Struct, frozen=True):
    """A run that is to be coded, and its file."""

    run: RunPlan
    size: Rendition
    path: Path


class PictureTracks:
    """The tracks of one source, being made."""

    def __init__(self, folder: Path, work: Path, task: SourceTask, pieces: Sequence[Piece]) -> None:
        """`pieces` are those of the task, on the clock of the playlist; see `make_source`."""
        self._folder, self._work = folder, work
        self._task, self._pieces = task, pieces

    def make(self, tick: Callable[[float], None]) -> list[VideoTrack]:
        """Make them, the smallest size first. `tick` is told how far the timeline is coded."""
        sizes = self._task.renditions
        written: _Written = {size.name: [] for size in sizes}
        due: list[_Due] = []
        facts = self._facts() if sizes else {}
        for size in sizes:
            runs = plan_runs(self._pieces, self._task.files, facts, size)
            for number, run in enumerate(runs):
                path = self._work / f"{self._task.stem}-{size.name}-{number}.part"
                if run.copied is not None:
                    written[size.name].append(copy_run(path, self._folder, run))
                else:
                    due.append(_Due(run, size, path))
        if due:
            self._encode(due, written, tick)
        return [self._track(size, written[size.name]) for size in sizes]

    def _encode(
        self, due: Sequence[_Due], written: _Written, tick: Callable[[float], None]
    ) -> None:
        """Code what is not copied, all sizes side by side: the media is decoded once."""
        coder = _Coder(due, written)
        wanted = [(one.run.start_s, one.run.end_s) for one in due]
        for at_s, frame in pictures(self._folder, _within(self._pieces, wanted)):
            tick(at_s)
            coder.show(at_s, frame)
        coder.show(float("inf"), None)

    def _track(self, size: Rendition, written: Sequence[WrittenRun]) -> VideoTrack:
        runs = sorted(written, key=lambda one: one.end_s)
        track = finish_track(self._work, f"{self._task.stem}-{size.name}", ".mp4", runs)
        rate = sum(one.frames for one in runs) / max(runs[-1].end_s, 0.001)
        return VideoTrack(track, size.width, size.height, min(rate, _MAX_FRAME_RATE))

    def _facts(self) -> dict[str, PictureFacts]:
        facts = {}
        for file in self._task.files:
            try:
                found = picture_facts(self._folder / file.name)
            except (av.FFmpegError, UnknownMediaError):
                continue
            if found is not None:
                facts[file.name] = found
        return facts


class _Coder:
    """Gives each picture to the runs whose time it is, in all sizes."""

    def __init__(self, due: Sequence[_Due], written: _Written) -> None:
        self._waiting = sorted(due, key=lambda one: one.run.start_s)
        self._open: list[tuple[str, EncodedRun]] = []
        self._written = written
        self._held: VideoFrame | None = None

    def show(self, at_s: float, frame: VideoFrame | None) -> None:
        """Take a picture that stands from `at_s` on; at the end of time all runs are finished."""
        while self._waiting and self._waiting[0].run.start_s <= at_s + _EARLY_S:
            due = self._waiting.pop(0)
            run = EncodedRun(due.path, due.size, due.run.start_s, due.run.end_s)
            self._open.append((due.size.name, run))
            if at_s >= due.run.end_s or at_s - due.run.start_s > LATE_S:
                run.add(due.run.start_s, self._held)
        for name, run in list(self._open):
            if run.end_s <= at_s:
                self._open.remove((name, run))
                self._written[name].append(run.close())
            else:
                run.add(at_s, frame)
        self._held = frame


def _within(pieces: Sequence[Piece], wanted: Sequence[tuple[float, float]]) -> list[Piece]:
    """Cut the pieces to what is to be decoded."""
    cut = []
    for piece in pieces:
        inside = [
            (max(start, piece.at_s), min(end, piece.until_s))
            for start, end in wanted
            if start < piece.until_s and end > piece.at_s
        ]
        if inside:
            start, end = min(one[0] for one in inside), max(one[1] for one in inside)
            shift = piece.start_s - piece.at_s
            cut.append(Piece(piece.name, start + shift, end + shift, start))
    return cut
