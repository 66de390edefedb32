"""Makes editions: plans, has each source made in a process, and publishes the outcome."""

from __future__ import annotations

import asyncio
import errno
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import structlog

from recorder.api import (
    Edition,
    EditionFailed,
    EditionOrder,
    EditionSource,
    Manifest,
    SourceManifest,
)
from recorder.core.edition_plan import EditionPlan, SourceTask, plan_edition, shown_stage
from recorder.core.pieces import edited
from recorder.editions.child import INPUTS_FOLDER
from recorder.editions.process import ProcessFailed, run_process
from recorder.editions.service import edition_id_of, edition_place, read_edition
from recorder.editions.source import SourceMade
from recorder.editions.staging import RESERVE_BYTES, clean, read_manifest, stage_files
from recorder.editions.worker import MADE_SUFFIX, made_path
from recorder.storage.api import MANIFEST_NAME, RESULTS_FOLDER, Storage

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
        manifest = await read_manifest(self._storage, order.recording_id)
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
                await asyncio.to_thread(clean, place)
                raise
            await self._storage.publish(place_id)
        _log.info("edition_made", recording_id=order.recording_id, edition_id=edition_id)
        return edition

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
                names = [file.name for file in task.files]
                await stage_files(self._storage, manifest.entry.recording_id, names, place)
                await _run(place, task, share)
                found = await asyncio.to_thread(_demand_made, results, task)
            made.append(found)
        edition = edition_of(edition_id, manifest, plan, made)
        await asyncio.to_thread(_tidy, place, edition)
        return edition


async def _run(place: Path, task: SourceTask, share: _Share) -> None:
    """Have one source made in a process of its own. Raises EditionFailed, OSError."""
    try:
        await run_process("recorder.editions.worker", place, task, share)
    except ProcessFailed as error:
        raise EditionFailed(f"{task.source_id}: {error}") from error


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
