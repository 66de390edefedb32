"""The working place of a process that makes media of a finished recording."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from recorder.api import Manifest, PublishedFile, RecordingNotFound
from recorder.core.manifest import decode_manifest
from recorder.editions.child import INPUTS_FOLDER
from recorder.storage.api import MANIFEST_NAME, RESULTS_FOLDER, Storage

# Bytes that stay free for running lessons; the recorder keeps back as much for itself.
RESERVE_BYTES = 4 * 1024 * 1024 * 1024


async def read_manifest(storage: Storage, recording_id: str) -> Manifest:
    """Read what a finished recording holds. Raises RecordingNotFound, OSError."""
    file = await storage.file(recording_id, MANIFEST_NAME)
    if file is None:
        raise RecordingNotFound(recording_id)
    return decode_manifest(b"".join([piece async for piece in file.read()]))


async def stage_files(
    storage: Storage, recording_id: str, names: Iterable[str], place: Path
) -> None:
    """Bring files of a recording to where the process may read them.

    Raises:
        RecordingNotFound: one of them is gone.
        OSError: the disk is full, or the storage is away.
    """
    inputs = place / INPUTS_FOLDER
    await asyncio.to_thread(inputs.mkdir, exist_ok=True)
    for name in names:
        file = await storage.file(recording_id, name)
        if file is None:
            raise RecordingNotFound(f"{recording_id}/{name}")
        target = inputs / name
        if not await asyncio.to_thread(_linked, file, target):
            await _copied(file, target)


def clean(place: Path) -> None:
    """Remove what a run left that is not to go on."""
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
