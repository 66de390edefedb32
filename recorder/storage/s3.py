"""Storage in an S3-compatible bucket, with a folder of this machine as the working place.

Lessons are recorded and finished in the folder, whatever the bucket does. `put_away` then brings
the published files to ``recordings/<id>/`` and the archive to ``archives/<id>/``. A file is served
from the folder as long as it is there, and from the bucket after that. Where archives are shipped,
``pieces/<id>/`` has what a lesson recorded so far.

An id may name a place within a recording (``<id>/editions/<edition>``). Such a place has published
files of its own; it is put away, and leaves this machine, with its recording.
"""

from __future__ import annotations

import asyncio
import errno
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakValueDictionary

from recorder.api import PublishedFile
from recorder.storage.api import ARCHIVE_FOLDER, MANIFEST_NAME
from recorder.storage.bucket import RANGE_BYTES, Bucket, NotWanted, ObjectFacts
from recorder.storage.folder import FolderStorage
from recorder.storage.gathering import Gathering, pieces_key
from recorder.storage.leaving import Departure, drop_recorded, fetch_archive
from recorder.storage.multipart import Upload
from recorder.storage.s3_archive import S3Archive, archive_key

OLD_UPLOAD_S = 24 * 3600.0  # s; no upload of one file takes longer, on whatever machine
_FIRST_RANGE_BYTES = 256 * 1024  # of a player's first request, so that it starts early
_FACTS_S = 30.0  # s; how long the facts of an object are believed
_MAX_FACTS = 2000
_BUSY_S = 60.0  # s until a copy that a job uses is looked at again


def recordings_key(recording_id: str, name: str = "") -> str:
    """The key of a published file; without a name, what all of a recording's begin with."""
    return f"recordings/{recording_id}/{name}"


class S3Storage:
    """Implements `Storage` over a folder and a bucket."""

    def __init__(
        self,
        local: FolderStorage,
        bucket: Bucket,
        clock: Callable[[], float] = time.time,
        *,
        ships: bool = False,
    ) -> None:
        """Make it; `clock` gives Unix seconds, and `ships` is explained at `Storage`."""
        self._ships = ships
        self._local = local
        self._bucket = bucket
        self._clock = clock
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._deleted: list[str] = []  # recordings of which something is being deleted now
        self._working: dict[str, int] = {}  # jobs in the working place of each
        self._facts: dict[str, tuple[float, ObjectFacts]] = {}  # by key, with the time they expire

    @property
    def ships(self) -> bool:
        """See `Storage`."""
        return self._ships

    # --- recording: this machine's folder, from which pieces are shipped ---

    def open(self) -> None:
        """See `Storage`."""
        self._local.open()

    def free_bytes(self) -> int:
        """See `Storage`."""
        return self._local.free_bytes()

    def archive(self, recording_id: str) -> S3Archive:
        """See `Storage`."""
        folder = self._local.folder(recording_id) / ARCHIVE_FOLDER
        return S3Archive(
            self._local.archive(recording_id), folder, self._bucket, recording_id, ships=self._ships
        )

    def archived(self) -> Sequence[str]:
        """See `Storage`."""
        return self._local.archived()

    async def distant(self) -> Sequence[str]:
        """See `Storage`."""
        found = await asyncio.to_thread(self._bucket.folders, "archives/")
        here = set(await asyncio.to_thread(self._local.archived))
        return [recording_id for recording_id in found if recording_id not in here]

    # --- finishing ---

    async def gather(self, recording_id: str) -> None:
        """See `Storage`."""
        if self._ships:
            async with self._lock(recording_id):
                await asyncio.to_thread(self._gathering(recording_id).gather)

    def _gathering(self, recording_id: str) -> Gathering:
        return Gathering(self._bucket, recording_id, self._local.folder(recording_id))

    @asynccontextmanager
    async def working_place(self, recording_id: str) -> AsyncIterator[Path]:
        """See `Storage`."""
        self._working[recording_id] = self._working.get(recording_id, 0) + 1
        try:
            if "/" not in recording_id:
                async with self._lock(recording_id):
                    folder = self._local.folder(recording_id)
                    key = archive_key(recording_id)
                    await asyncio.to_thread(fetch_archive, self._bucket, key, folder)
                await self.gather(recording_id)
            async with self._local.working_place(recording_id) as place:
                yield place
        finally:
            self._working[recording_id] -= 1
            if not self._working[recording_id]:
                del self._working[recording_id]

    async def publish(self, recording_id: str) -> None:
        """See `Storage`."""
        await self._local.publish(recording_id)

    # --- serving ---

    async def published(self, recording_id: str) -> Sequence[PublishedFile]:
        """See `Storage`."""
        if await self._local.file(recording_id, MANIFEST_NAME) is not None:
            return await self._local.published(recording_id)
        prefix = recordings_key(recording_id)
        found = await asyncio.to_thread(self._bucket.objects, prefix)
        return [
            self._file(prefix + name, facts)
            for name, facts in sorted(found.items())
            if "/" not in name
        ]

    async def file(self, recording_id: str, name: str) -> PublishedFile | None:
        """See `Storage`."""
        if not _is_plain(name) or not all(map(_is_plain, recording_id.split("/"))):
            return None
        if (here := await self._local.file(recording_id, name)) is not None:
            return here
        key = recordings_key(recording_id, name)
        now = time.monotonic()
        known = self._facts.get(key)
        facts = known[1] if known is not None and known[0] > now else await self._bucket.facts(key)
        if facts is None:
            return None
        if known is None or known[0] <= now:
            if len(self._facts) >= _MAX_FACTS:
                self._facts.clear()
            self._facts[key] = (now + _FACTS_S, facts)
        return self._file(key, facts)

    def _file(self, key: str, facts: ObjectFacts) -> S3File:
        name = key.rsplit("/", 1)[-1]
        url = self._bucket.url(key)
        return S3File(name, facts.size, facts.modified_ns, url, self._bucket, key, facts.etag)

    def _lock(self, recording_id: str) -> asyncio.Lock:
        return self._locks.setdefault(recording_id.split("/", maxsplit=1)[0], asyncio.Lock())

    def _forget(self, recording_id: str) -> None:
        prefix = recordings_key(recording_id)
        self._facts = {k: v for k, v in self._facts.items() if not k.startswith(prefix)}

    # --- the lasting place ---

    def waiting(self) -> Sequence[str]:
        """See `Storage`."""
        return self._local.kept()

    async def put_away(self, recording_id: str, *, sealed: bool) -> float | None:
        """See `Storage`."""
        broken_off = threading.Event()
        async with self._lock(recording_id):
            departure = Departure(
                self._local.folder(recording_id),
                self._bucket,
                published=recordings_key(recording_id),
                archive=archive_key(recording_id) if sealed else None,
                wanted=lambda: not broken_off.is_set() and recording_id not in self._deleted,
            )
            work = asyncio.ensure_future(asyncio.to_thread(departure.bring, self._clock()))
            try:
                whole_at = await asyncio.shield(work)
            except asyncio.CancelledError:
                broken_off.set()
                await asyncio.wait([work])  # it ends with the part of a file that is under way
                raise
            except NotWanted:
                raise BlockingIOError(errno.EAGAIN, "something of it is deleted") from None
            finally:
                self._forget(recording_id)
            if whole_at is None or not sealed:
                return None
            if self._ships:
                await asyncio.to_thread(self._gathering(recording_id).forget)
            left_s = whole_at + self._bucket.location.keep_hours * 3600 - self._clock()
            if left_s > 0:
                return left_s
            if any(place.split("/")[0] == recording_id for place in self._working):
                return _BUSY_S
            await asyncio.to_thread(departure.leave)
        return None

    async def drop_copy(self, recording_id: str) -> bool:
        """See `Storage`."""
        folder, key = self._local.folder(recording_id), archive_key(recording_id)
        async with self._lock(recording_id):
            return await asyncio.to_thread(drop_recorded, self._bucket, key, folder)

    async def tidy(self) -> None:
        """See `Storage`."""
        here = set(await asyncio.to_thread(self._local.kept))
        old = self._clock() - OLD_UPLOAD_S

        def is_left_over(upload: Upload) -> bool:
            # Another server may be uploading its own recordings to the same place.
            owner = upload.key.split("/")[1]
            return owner in here or upload.begun.timestamp() < old

        for prefix in ("recordings/", "archives/"):
            await asyncio.to_thread(self._bucket.abort_uploads, prefix, is_left_over)

    def close(self) -> None:
        """See `Storage`."""
        self._bucket.close()

    async def delete(self, recording_id: str) -> None:
        """See `Storage`."""
        if not all(map(_is_plain, recording_id.split("/"))):
            raise FileNotFoundError(recording_id)
        root = recording_id.split("/", maxsplit=1)[0]
        self._deleted.append(root)
        try:
            async with self._lock(recording_id):
                await asyncio.to_thread(self._delete, recording_id)
                await self._local.delete(recording_id)
        finally:
            self._deleted.remove(root)
            self._forget(recording_id)

    def _delete(self, recording_id: str) -> None:
        (self._local.folder(recording_id) / MANIFEST_NAME).unlink(missing_ok=True)
        self._bucket.delete([recordings_key(recording_id, MANIFEST_NAME)])
        for key in (recordings_key, archive_key, pieces_key):
            prefix = key(recording_id)
            self._bucket.delete([prefix + name for name in self._bucket.objects(prefix)])
            self._bucket.abort_uploads(prefix)


@dataclass(frozen=True, slots=True)
class S3File:
    """Implements `PublishedFile`."""

    name: str
    size: int
    modified_ns: int
    url: str | None
    bucket: Bucket
    key: str
    etag: str
    local: None = None
    internal: None = None

    async def read(self, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        """See `PublishedFile`."""
        end = self.size if stop is None else min(stop, self.size)
        most = _FIRST_RANGE_BYTES
        while start < end:
            until = min(start + most, end)
            yield await self.bucket.piece(self.key, start, until, self.etag)
            start, most = until, min(most * 4, RANGE_BYTES)


def _is_plain(name: str) -> bool:
    """Tell whether a name leads nowhere else."""
    return name not in {"", ".", ".."} and Path(name).name == name
