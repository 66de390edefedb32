"""Room for one more file: on the disk, and among the files of its owner."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import datetime

from signaling.base.errors import StorageFull
from signaling.files.rules import PURPOSES, RESERVE_BYTES, giving_way
from signaling.files.storage import FileStorage
from signaling.files.store import FileStore
from signaling.files.wire import FilePurpose


async def make_room(
    store: FileStore,
    storage: FileStorage,
    owner_id: str,
    purpose: FilePurpose,
    *,
    size: int,
    now: datetime,
) -> None:
    """Delete what gives way to a file of so many bytes."""
    files = await store.of_purpose(owner_id, purpose)
    gone = [file.file_id for file in giving_way(files, PURPOSES[purpose], size, now)]
    if gone:
        # Something else may have taken one over meanwhile: it is nobody's any more but its.
        await delete_files(store, storage, await store.end(owner_id, gone, now))


async def demand_space(storage: FileStorage, size: int, promised: int = 0) -> None:
    """Raise StorageFull unless the disk has room for so many bytes more.

    Args:
        storage: where they come.
        size: of the new file.
        promised: to uploads that are under way.
    """
    if await asyncio.to_thread(storage.free_bytes) < size + promised + RESERVE_BYTES:
        raise StorageFull()


async def delete_files(store: FileStore, storage: FileStorage, file_ids: Collection[str]) -> None:
    """Delete files: their bytes first, so that no bytes are ever without a row."""
    for file_id in file_ids:
        await storage.delete(file_id)
    if file_ids:
        await store.forget(file_ids)
