"""Makes editions: plans, has each source made in a process, and publishes the outcome."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import structlog

from recorder.api import (
    Edition,
    EditionOrder,
    EditionSource,
    Manifest,
    MediaFile,
    PublishedFile,
    RecordingNotFound,
    SourceManifest,
)
from recorder.core.edition_plan import EditionPlan, SourceTask, plan_edition, shown_stage
from recorder.core.manifest import decode_manifest
from recorder.core.pieces import edited
from recorder.editions.process import run_task
from recorder.editions.service import edition_id_of, edition_place, read_edition
from recorder.editions.source import SourceMade
from recorder.editions.worker import INPUTS_FOLDER, MADE_SUFFIX, made_path
from recorder.storage.api import MANIFEST_NAME, RESULTS_FOLDER, Storage

# Bytes that stay free for running lessons; the recorder keeps back as much for itself.
RESERVE_BYTES = 4 * 1024 * 1024 * 1024

_SOUND_BPS = 200_000  # of both codecs; Opus as it came has some 40,000
_log = structlog.get_logger(__name__)
_encoder = msgspec.json.Encoder()


class Maker:
    """Implements `recorder.api.EditionMaker`. One edition is made at a time in one process."""

    def __init__(self, storage: Storage, *, reserve_bytes: int = RESERVE_BYTES) -> None:
        self._storage = storage
        self._reserve_bytes = reserve_bytes

    async def make(self, order: EditionOrder, report: Callable[[int, int], None]) -> Edition:
        """See `EditionMaker`."""
        manifest = await self._manifest(order.recording_id)
        plan = plan_edition(manifest, order)
        edition_id = edition_id_of(order)
        place_id = edition_place(order.recording_id, edition_id)
        made = await read_edition(self._storage, order.recording_id, edition_id)
        if made is not None:
            return made
        await asyncio.to_thread(self._demand_room, plan)
        async with self._storage.working_place(place_id) as place:
            try:
                edition = await self._work(place, manifest, plan, report, edition_id)
            except Exception:
                await asyncio.to_thread(_clean, place)
                raise
            await self._storage.publish(place_id)
        _log.info("edition_made", recording_id=order.recording_id, edition_id=edition_id)
        return edition

    async def _manifest(self, recording_id: str) -> Manifest:
        file = await self._storage.file(recording_id, MANIFEST_NAME)
        if file is None:
            raise RecordingNotFound(recording_id)
        return decode_manifest(b"".join([piece async for piece in file.read()]))

    def _demand_room(self, plan: EditionPlan) -> None:
        """Refuse what would leave too little room. Raises OSError."""
        need = sum(
            (task.end_s - task.start_s) * (_SOUND_BPS + sum(one.bps for one in task.renditions)) / 8
            for task in plan.tasks
        )
        if self._storage.free_bytes() < need + self._reserve_bytes:
            raise OSError(errno.ENOSPC, "no space for an edition")

    async def _work(
        self,
        place: Path,
        manifest: Manifest,
        plan: EditionPlan,
        report: Callable[[int, int], None],
        edition_id: str,
    ) -> Edition:
        """Make what is missing, and leave the results to be published."""
        results = place / RESULTS_FOLDER
        await asyncio.to_thread(results.mkdir, parents=True, exist_ok=True)
        lengths = [max(1, round(task.end_s - task.start_s)) for task in plan.tasks]
        made = []
        for number, task in enumerate(plan.tasks):
            share = _Share(report, sum(lengths[:number]), lengths[number], sum(lengths))
            share(0.0)
            if (found := await asyncio.to_thread(_made, results, task)) is None:
                recording_id = manifest.entry.recording_id
                await bring(self._storage, place / INPUTS_FOLDER, recording_id, task.files)
                await run_task(place, task, share)
                found = await asyncio.to_thread(_demand_made, results, task)
            made.append(found)
        edition = edition_of(edition_id, manifest, plan, made)
        await asyncio.to_thread(_tidy, place, edition)
        return edition


async def bring(
    storage: Storage, folder: Path, recording_id: str, files: Sequence[MediaFile]
) -> None:
    """Bring a recording's files to where a process may read them. Raises RecordingNotFound."""
    await asyncio.to_thread(folder.mkdir, exist_ok=True)
    for media in files:
        file = await storage.file(recording_id, media.name)
        if file is None:
            raise RecordingNotFound(f"{recording_id}/{media.name}")
        target = folder / media.name
        if not await asyncio.to_thread(_linked, file, target):
            await _copied(file, target)


class _Share(msgspec.Struct, frozen=True):
    """Reports the progress of one task as that of all, in seconds of media."""

    report: Callable[[int, int], None]
    before: int
    own: int
    total: int

    def __call__(self, done: float) -> None:
        self.report(self.before + int(done * self.own), self.total)


def edition_of(
    edition_id: str, manifest: Manifest, plan: EditionPlan, made: Sequence[SourceMade]
) -> Edition:
    """Describe an edition of which every source is made."""
    sources = {source.source_id: source for source in manifest.sources}
    files = dict.fromkeys(name for one in made for name in one.files)
    return Edition(
        edition_id=edition_id,
        recording_id=manifest.entry.recording_id,
        duration_s=round(plan.duration_s, 3),
        sources=tuple(
            _source(sources[task.source_id], task, one)
            for task, one in zip(plan.tasks, made, strict=True)
        ),
        stage=shown_stage(manifest, plan),
        files=tuple(files),
        cover=next((one.cover for one in made if one.cover is not None), None),
    )


def _source(source: SourceManifest, task: SourceTask, made: SourceMade) -> EditionSource:
    return EditionSource(
        source_id=source.source_id,
        kind=source.kind,
        name=source.name,
        lead=source.lead,
        playlist=made.playlist,
        offset_s=round(task.start_s, 3),
        duration_s=round(task.end_s - task.start_s, 3),
        width=made.width,
        height=made.height,
        has_audio=made.has_audio,
        has_video=made.width is not None,
        spans=edited(source.spans, task.kept),
        storyboard=made.storyboard,
        waveform=made.waveform,
    )


def _made(results: Path, task: SourceTask) -> SourceMade | None:
    """Find out what an earlier run made of a source; None if it has to be made."""
    try:
        found = msgspec.json.decode(made_path(results, task.stem).read_bytes(), type=SourceMade)
    except (OSError, msgspec.DecodeError):
        return None
    return found if all((results / name).is_file() for name in found.files) else None


def _demand_made(results: Path, task: SourceTask) -> SourceMade:
    if (made := _made(results, task)) is None:
        raise OSError(errno.EIO, f"nothing was made of {task.source_id}")
    return made


def _tidy(place: Path, edition: Edition) -> None:
    """Write the manifest, and remove what is not to be published."""
    results = place / RESULTS_FOLDER
    (results / MANIFEST_NAME).write_bytes(_encoder.encode(edition))
    kept = {*edition.files, MANIFEST_NAME}
    for path in results.iterdir():
        if path.name not in kept and not path.name.endswith(MADE_SUFFIX):
            path.unlink()
    shutil.rmtree(place / INPUTS_FOLDER, ignore_errors=True)


def _clean(place: Path) -> None:
    for folder in (RESULTS_FOLDER, INPUTS_FOLDER):
        shutil.rmtree(place / folder, ignore_errors=True)
    with contextlib.suppress(OSError):
        place.rmdir()


def _linked(file: PublishedFile, target: Path) -> bool:
    """Put a file of this machine in its place without a copy; False if that cannot be."""
    target.unlink(missing_ok=True)
    if file.local is None:
        return False
    try:
        os.link(file.local, target)
    except OSError:
        return False  # another disk
    return True


async def _copied(file: PublishedFile, target: Path) -> None:
    with await asyncio.to_thread(target.open, "wb") as copy:
        async for piece in file.read():
            await asyncio.to_thread(copy.write, piece)
