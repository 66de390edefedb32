"""Finishing: from an archive to playable files, thumbnail and manifest. A process of its own.

Two passes over the archive, each reading one segment at a time: the first learns every track's
clock and codecs, the second writes all files side by side. So memory does not grow with the
lesson's length (beyond an index entry for each frame in the muxers), nothing is transcoded, and 45
minutes take some tens of seconds. All is written into a folder aside and moved into place at the
end, the manifest last: a run that is killed leaves nothing behind that the next one does not
replace.
"""

from __future__ import annotations

import errno
import fcntl
import math
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import av
import msgspec

from recorder.api import Manifest, RecorderError
from recorder.archive_files import (
    ARCHIVE_FOLDER,
    MANIFEST_NAME,
    THUMBNAIL_NAME,
    Damage,
    read_archive,
    sync_folder,
)
from recorder.core.archive_format import LessonEnd, Packet, TrackEnd, run_of
from recorder.core.manifest import SourceResult, build_manifest, encode_manifest
from recorder.core.plausible import PlausibleRecords
from recorder.core.run_times import RunTimes
from recorder.core.segment_plan import DatedTrack, SourcePlan, date_tracks, plan_sources
from recorder.core.track_index import ArchiveIndex
from recorder.core.track_pipeline import Item, TrackPipeline
from recorder.sandbox import limit_resources, shut_off_files
from recorder.source_muxer import NOTHING_PLAYABLE, SourceMuxer
from recorder.thumbnail import make_thumbnail

WORK_FOLDER = "finishing"
NICENESS = 10  # a running lesson comes first
_INDEX_SHARE, _MUX_SHARE = 0.3, 0.65  # of the progress bar; the rest is for the thumbnail

# Exit codes of the process; 1 is an exception, as ever.
LASTING_FAILURE = 2
DISK_FULL = 3
DISK_FULL_CODE = "disk_full"

Progress = Callable[[float], None]


class NothingWrittenError(RecorderError):
    """There is media in the archive, and FFmpeg would write none of it."""

    code = "nothing_written"


class NothingRecordedError(RecorderError):
    """The archive holds nothing that can be played; trying again will not help."""

    code = "nothing_recorded"


def finish(
    folder: Path, report: Progress, on_passed_over: Callable[[int], None] = lambda count: None
) -> Manifest:
    """Finish the recording in `folder`; may be repeated any number of times.

    Waits for whoever else finishes it: a process that outlived its server, or one started by hand.

    Args:
        folder: of the recording, with its archive.
        report: told the progress, 0…1.
        on_passed_over: told once how many records of the archive were damaged or absurd.

    Raises:
        NothingRecordedError: there is no media in the archive.
        NothingWrittenError: not one source's media could be written.
        OSError: files cannot be read or written.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        raise NothingRecordedError from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # the kernel gives it back, however we end
        return _finish(folder, report, on_passed_over)
    finally:
        os.close(descriptor)


def _finish(folder: Path, report: Progress, on_passed_over: Callable[[int], None]) -> Manifest:
    archive = folder / ARCHIVE_FOLDER
    index = ArchiveIndex()
    plausible, damage, times = PlausibleRecords(), Damage(), RunTimes()
    raw = read_archive(archive, lambda done: report(done * _INDEX_SHARE), damage)
    for record in plausible.of(raw):
        if (placed := times.place(record)) is not None:
            index.add(placed)
    on_passed_over(plausible.passed_over + damage.records)
    tracks = date_tracks(index.tracks.values())
    plans = plan_sources(tracks)
    begin = index.begin
    starts = [part.start for plan in plans for part in plan.parts]
    if begin is None or not starts:
        raise NothingRecordedError
    zero = min(starts)
    work = folder / WORK_FOLDER
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    results = _mux(archive, work, plans, tracks, zero=zero, report=report)
    if not any(result.files for result in results):
        failures = [
            f for result in results if (f := result.failure) not in (None, NOTHING_PLAYABLE)
        ]
        if failures:
            raise NothingWrittenError(failures[0])
        raise NothingRecordedError
    has_thumbnail = make_thumbnail(
        _by_showiness(work, results, begin.facts.lead_sources), work / THUMBNAIL_NAME
    )
    manifest = build_manifest(
        begin.recording_id,
        begin.facts,
        names=index.names,
        zero=zero,
        sources=results,
        stage=index.stage,
        has_thumbnail=has_thumbnail,
        clock_ahead_s=times.ahead,
        cuts=[(cut.start, cut.end) for cut in times.cuts],
    )
    (work / MANIFEST_NAME).write_bytes(encode_manifest(manifest))
    _move_into_place(work, folder)
    report(1.0)
    return manifest


def _mux(
    archive: Path,
    work: Path,
    plans: Sequence[SourcePlan],
    tracks: dict[int, DatedTrack],
    *,
    zero: float,
    report: Progress,
) -> list[SourceResult]:
    """The second pass."""
    muxers = [SourceMuxer(work, plan, tracks, zero) for plan in plans]
    muxer_of = {
        number: muxer for plan, muxer in zip(plans, muxers, strict=True) for number in plan.tracks
    }
    pipelines = {number: TrackPipeline(track) for number, track in tracks.items()}
    times = RunTimes()
    ends: dict[int, float] = {}  # by run: when its lesson ended; a later run goes on after that

    def take(number: int, items: Iterable[Item]) -> None:
        until = ends.get(run_of(number), math.inf)
        for item in items:
            if item.start < until:
                muxer_of[number].add(number, item)

    raw = read_archive(archive, lambda done: report(_INDEX_SHARE + done * _MUX_SHARE))
    for plausible in PlausibleRecords().of(raw):
        record = times.place(plausible)
        if isinstance(record, Packet):
            if (pipeline := pipelines.get(record.track)) is not None:
                take(record.track, pipeline.push(record))
        elif isinstance(record, TrackEnd):
            if (pipeline := pipelines.pop(record.track, None)) is not None:
                take(record.track, pipeline.flush())
        elif isinstance(record, LessonEnd):
            # From here on: what came before is kept, whatever its clock.
            ends[times.run] = record.now
    for number, pipeline in pipelines.items():
        take(number, pipeline.flush())
    return [muxer.close() for muxer in muxers]


def _by_showiness(
    work: Path, results: Sequence[SourceResult], lead_sources: Sequence[str]
) -> list[Path]:
    """Video files in the order in which they make good thumbnails: the lead's camera first."""

    def rank(result: SourceResult) -> tuple[bool, bool]:
        return result.source_id not in lead_sources, not result.source_id.endswith(".camera")

    return [
        work / file.name
        for result in sorted(results, key=rank)
        for file in result.files
        if file.has_video
    ]


def _move_into_place(work: Path, folder: Path) -> None:
    names = sorted(path.name for path in work.iterdir() if path.name != MANIFEST_NAME)
    for name in [*names, MANIFEST_NAME]:
        descriptor = os.open(work / name, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        (work / name).replace(folder / name)
    sync_folder(folder)
    work.rmdir()


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the process's output.

    Attributes:
        progress: 0…1.
        failure: the reason why it failed, as a stable code.
        passed_over: records of the archive that were damaged or absurd.
        damaged_source: one of which not all, or nothing, could be put into files.
        shut_off: whether the files of others are out of its reach; None: this line tells not.
    """

    progress: float = 0.0
    failure: str | None = None
    passed_over: int = 0
    damaged_source: str | None = None
    shut_off: bool | None = None


def _shut_off(folder: Path) -> bool:
    try:
        return shut_off_files(folder)
    except OSError:  # a container may forbid it; a recording that is finished is worth more
        return False


def main(arguments: Sequence[str]) -> int:
    """Finish the folder named; prints `Line`s as JSON. Returns the exit code."""
    encode = msgspec.json.Encoder().encode
    last = -1.0

    def report(progress: float) -> None:
        nonlocal last
        if progress - last >= 0.01 or progress >= 1.0:
            last = progress
            emit(Line(progress=round(progress, 3)))

    def emit(line: Line) -> None:
        sys.stdout.buffer.write(encode(line) + b"\n")
        sys.stdout.buffer.flush()

    folder = Path(arguments[0])
    os.nice(NICENESS)
    limit_resources()
    if folder.is_dir():
        emit(Line(shut_off=_shut_off(folder)))
    try:
        manifest = finish(
            folder, report, lambda count: emit(Line(passed_over=count)) if count else None
        )
    except NothingRecordedError as error:
        emit(Line(failure=error.code))
        return LASTING_FAILURE
    except (OSError, av.FFmpegError) as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        emit(Line(failure=DISK_FULL_CODE))
        return DISK_FULL
    for source in manifest.sources:
        if source.failure is not None:
            emit(Line(progress=1.0, damaged_source=source.source_id))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
