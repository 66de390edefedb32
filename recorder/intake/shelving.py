"""Puts a video that was taken among the recordings, with the previews that a recording has."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import structlog

from recorder.api import Entry, Manifest, MediaFile, RecordingState, SourceManifest, Span
from recorder.config import RecorderConfig
from recorder.core.manifest import MANIFEST_VERSION, encode_manifest
from recorder.editions.child import NO_SPACE
from recorder.finishing.media_process import media_process
from recorder.intake.shelf_worker import Previews, PreviewTask
from recorder.intake_api import IntakeFailed, ShelfOrder
from recorder.storage.api import MANIFEST_NAME, RESULTS_FOLDER, Storage
from recorder.storage.chosen import chosen_storage

SOURCE_ID = "lead.camera"  # players show it as the teacher's picture
RESERVE_BYTES = 4 * 1024 * 1024 * 1024  # that stay free for running lessons
_SUFFIXES = {"video/mp4": ".mp4", "video/webm": ".webm"}
_SIDEWAYS = (90, 270)

_log = structlog.get_logger(__name__)
_decoder = msgspec.json.Decoder(Previews)


class Shelf:
    """Implements `recorder.intake_api.VideoShelf`."""

    def __init__(self, storage: Storage, *, reserve_bytes: int = RESERVE_BYTES) -> None:
        self._storage = storage
        self._reserve_bytes = reserve_bytes

    async def put(
        self, order: ShelfOrder, source: Path, report: Callable[[int, int], None]
    ) -> None:
        """See `VideoShelf`."""
        if await self._storage.file(order.recording_id, MANIFEST_NAME) is not None:
            return
        await asyncio.to_thread(self._demand_room, source)
        async with self._storage.working_place(order.recording_id) as place:
            results = place / RESULTS_FOLDER
            try:
                await asyncio.to_thread(results.mkdir, parents=True, exist_ok=True)
                file = _file(order)
                await asyncio.to_thread(_bring, source, results / file.name)
                report(1, 3)
                made = await _previews(place, file)
                report(2, 3)
                manifest = encode_manifest(_manifest(order, file, made))
                await asyncio.to_thread((results / MANIFEST_NAME).write_bytes, manifest)
            except BaseException:
                await asyncio.to_thread(shutil.rmtree, results, ignore_errors=True)
                raise
            await self._storage.publish(order.recording_id)
        report(3, 3)
        _log.info("video_shelved", recording_id=order.recording_id)

    def _demand_room(self, source: Path) -> None:
        """Refuse what would leave too little room. Raises OSError."""
        if self._storage.free_bytes() < source.stat().st_size + self._reserve_bytes:
            raise OSError(errno.ENOSPC, "no space for a video")


def open_shelf(
    data_dir: Path, database_url: str, storage: str | None, storage_keys: Path | None
) -> Shelf:
    """Open the storage that the server's settings name, for a worker process.

    Raises BadLocation.
    """
    return Shelf(
        chosen_storage(
            RecorderConfig(
                data_dir=data_dir,
                database_url=database_url,
                storage=storage,
                storage_keys=storage_keys,
            )
        )
    )


def _bring(source: Path, target: Path) -> None:
    """Put the video in its place, without a copy where that can be."""
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:  # another disk
        shutil.copyfile(source, target)


async def _previews(place: Path, file: MediaFile) -> Previews:
    """Have the previews made in a process of its own. Raises IntakeFailed, OSError."""
    worker = "recorder.intake.shelf_worker"
    async with media_process(worker, str(place), task=PreviewTask(file)) as process:
        said = await process.output.read()
        code, words = await process.end()
    if code == NO_SPACE:
        raise OSError(errno.ENOSPC, "no space for previews")
    if code != 0:
        raise IntakeFailed(words or f"exit code {code}")
    try:
        return _decoder.decode(said.strip().rpartition(b"\n")[2])
    except msgspec.DecodeError as error:
        raise IntakeFailed("no previews") from error


def _file(order: ShelfOrder) -> MediaFile:
    taken = order.video
    size = (taken.width, taken.height)
    width, height = size[::-1] if taken.rotation in _SIDEWAYS else size
    return MediaFile(
        name=f"{SOURCE_ID}-1{_SUFFIXES[taken.media_type]}",
        mime=taken.media_type,
        offset_s=0.0,
        duration_s=taken.duration_s,
        width=width,
        height=height,
        has_audio=taken.has_audio,
        has_video=True,
    )


def _manifest(order: ShelfOrder, file: MediaFile, made: Previews) -> Manifest:
    entry = Entry(
        recording_id=order.recording_id,
        lesson_id="",
        lead_teacher_id=order.owner_id,
        title=order.title,
        subject=order.subject,
        grade=order.grade,
        class_kind="",
        lead_teacher=order.owner_name,
        started_at=datetime.fromtimestamp(order.started_at, UTC),
        duration_s=file.duration_s,
        state=RecordingState.READY,
        progress=1.0,
        failure=None,
        has_thumbnail=made.thumbnail,
        sealed=True,
    )
    source = SourceManifest(
        source_id=SOURCE_ID,
        kind="camera",
        name=order.owner_name,
        lead=True,
        files=(file,),
        spans=(Span(0.0, file.duration_s),),
        gaps=(),
        storyboard=made.storyboard,
        waveform=made.waveform,
    )
    return Manifest(entry, (source,), (), (), MANIFEST_VERSION)
