"""Finishing: the job that makes playable files, thumbnail and manifest from an archive.

Two passes over the archive, each reading one segment at a time. The first learns every track's
clock and codecs, the second writes all files side by side. Memory does not grow with the lesson's
length, beyond an index entry for each frame in the muxers. Nothing is transcoded; sound and key
frames are decoded for the previews. The job leaves its files in the results folder of its working
place, and the storage publishes them.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from recorder.api import Manifest, RecorderError
from recorder.archive.reader import Damage, read_archive
from recorder.core.archive_format import LessonEnd, Packet, TrackEnd, run_of
from recorder.core.manifest import SourceFailure, SourceResult, build_manifest, encode_manifest
from recorder.core.plausible import PlausibleRecords
from recorder.core.run_times import RunTimes
from recorder.core.segment_plan import DatedTrack, SourcePlan, date_tracks, plan_sources
from recorder.core.track_index import ArchiveIndex
from recorder.core.track_pipeline import Item, TrackPipeline
from recorder.finishing.previews import add_previews
from recorder.finishing.source_muxer import SourceMuxer
from recorder.finishing.thumbnail import make_thumbnail
from recorder.storage.api import ARCHIVE_FOLDER, MANIFEST_NAME, RESULTS_FOLDER, THUMBNAIL_NAME
from recorder.storage.folder import FolderArchive, locked

# Shares of the progress; the rest is that of thumbnail and previews.
_INDEX_SHARE, _MUX_SHARE = 0.1, 0.3

Progress = Callable[[float], None]


class NothingWrittenError(RecorderError):
    """The archive holds media, but FFmpeg would write none of it."""

    code = "nothing_written"


class ArchiveMissingError(RecorderError):
    """There is no archive, not even an empty one: its disk may be away, so try again later."""

    code = "archive_missing"


class NothingRecordedError(RecorderError):
    """The archive holds nothing that can be played; trying again will not help."""

    code = "nothing_recorded"


def finish(
    place: Path, report: Progress, on_passed_over: Callable[[int], None] = lambda count: None
) -> Manifest:
    """Make the files of the recording in a working place; may be repeated any number of times.

    Waits for another job in the same place: a process that outlived its server, or one started by
    hand.

    Args:
        place: the working place, with the archive.
        report: told the progress, 0…1.
        on_passed_over: told once how many records of the archive were damaged or absurd.

    Raises:
        ArchiveMissingError: there is no archive.
        NothingRecordedError: there is no media in the archive.
        NothingWrittenError: not one source's media could be written.
        OSError: files cannot be read or written.
    """
    if not (place / ARCHIVE_FOLDER).is_dir():
        raise ArchiveMissingError(place.name)
    with locked(place):
        return _finish(place, report, on_passed_over)


def empty_results(place: Path) -> Path:
    """Make the results folder of a working place, without what an interrupted job left there."""
    results = place / RESULTS_FOLDER
    results.mkdir(exist_ok=True)
    for path in results.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return results


def _finish(place: Path, report: Progress, on_passed_over: Callable[[int], None]) -> Manifest:
    archive = FolderArchive(place / ARCHIVE_FOLDER)
    index = ArchiveIndex()
    plausible, damage, times = PlausibleRecords(), Damage(), RunTimes()
    raw = read_archive(archive, lambda done: report(done * _INDEX_SHARE), damage)
    for record in plausible.of(raw):
        if (placed := times.place(record)) is not None:
            index.add(placed)
    on_passed_over(plausible.passed_over + damage.records + damage.segments)
    tracks = date_tracks(index.tracks.values())
    plans = plan_sources(tracks)
    begin = index.begin
    starts = [part.start for plan in plans for part in plan.parts]
    if begin is None or not starts:
        raise NothingRecordedError
    zero = min(starts)
    work = empty_results(place)
    results = _mux(archive, work, plans, tracks, zero=zero, report=report)
    if not any(result.files for result in results):
        if any(result.failure is SourceFailure.NOT_WRITTEN for result in results):
            raise NothingWrittenError
        raise NothingRecordedError
    has_thumbnail = make_thumbnail(
        _thumbnail_candidates(work, results, begin.facts.lead_sources), work / THUMBNAIL_NAME
    )
    rest = 1.0 - _INDEX_SHARE - _MUX_SHARE
    results = add_previews(
        work, results, begin.facts.lead_sources, lambda done: report(1.0 - rest + done * rest)
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
    report(1.0)
    return manifest


def _mux(
    archive: FolderArchive,
    work: Path,
    plans: Sequence[SourcePlan],
    tracks: dict[int, DatedTrack],
    *,
    zero: float,
    report: Progress,
) -> list[SourceResult]:
    """Read the archive a second time and write all files."""
    muxers = [SourceMuxer(work, plan, tracks, zero) for plan in plans]
    muxer_of = {
        number: muxer for plan, muxer in zip(plans, muxers, strict=True) for number in plan.tracks
    }
    pipelines = {number: TrackPipeline(track) for number, track in tracks.items()}
    times = RunTimes()
    ends: dict[int, float] = {}  # by run: the lesson's end; a later run goes on after that

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
            # Media before this record is kept, whatever its clock.
            ends[times.run] = record.now
    for number, pipeline in pipelines.items():
        take(number, pipeline.flush())
    return [muxer.close() for muxer in muxers]


def _thumbnail_candidates(
    work: Path, results: Sequence[SourceResult], lead_sources: Sequence[str]
) -> list[Path]:
    """List the video files, the best for a thumbnail first: the lead's camera."""

    def rank(result: SourceResult) -> tuple[bool, bool]:
        return result.source_id not in lead_sources, not result.source_id.endswith(".camera")

    return [
        work / file.name
        for result in sorted(results, key=rank)
        for file in result.files
        if file.has_video
    ]
