"""The way of one recording from the folder to the bucket, and of its archive back. All blocks.

Order matters: files, then the manifest, then the archive. Nothing here is removed before the bucket
itself, asked anew, names every file with the size and tag that were seen.
"""

from __future__ import annotations

import contextlib
import errno
import mimetypes
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog

from recorder.storage.api import ARCHIVE_FOLDER, MANIFEST_NAME, RESULTS_FOLDER
from recorder.storage.bucket import Bucket, NotWanted, ObjectFacts
from recorder.storage.folder import SEGMENT_SUFFIX, locked, segment_files, sync_folder
from recorder.storage.receipt import FOLDER as RECEIPT_FOLDER
from recorder.storage.receipt import Seen, read_receipt

# In a recording's folder: an archive on its way out, and one on its way in.
_GONE, _COMING = "archive.gone", "archive.coming"
_INNER = "*/*"  # places within a recording that have published files of their own
_RESERVE_BYTES = 1024**3  # bytes that an archive fetched back leaves free

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Item:
    key: str
    path: Path
    segment: bool = False


class Departure:
    """Brings one recording to the bucket."""

    def __init__(
        self,
        folder: Path,
        bucket: Bucket,
        *,
        published: str,
        archive: str | None,
        wanted: Callable[[], bool],
    ) -> None:
        """Make it.

        Args:
            folder: the recording's.
            bucket: takes it.
            published: what the keys of published files begin with.
            archive: … and those of segments; None if the archive stays.
            wanted: says whether to go on.
        """
        self._folder = folder
        self._bucket = bucket
        self._published = published
        self._archive = archive
        self._wanted = wanted
        self._receipt = read_receipt(folder, bucket.location.identity)

    def bring(self, now: float) -> float | None:
        """Bring up what the bucket has not been seen to hold.

        Returns:
            Unix seconds since when it has all; None if there is nothing to bring.

        Raises:
            NotWanted: it was broken off.
            OSError: some of it could not be brought, or changed meanwhile.
        """
        items = self._items()
        receipt, fresh = self._receipt, False
        if not items:
            return self._left_behind()
        remote: dict[str, ObjectFacts] | None = None
        for item in items:
            if receipt.knows(item.key, item.path):
                continue
            if not self._wanted():
                raise NotWanted
            fresh = True
            if item.segment and remote is None:
                assert self._archive is not None
                remote = self._bucket.objects(self._archive)
            if item.path.name == MANIFEST_NAME:
                self._bring_manifest(item, items)
            else:
                self._bring_one(item, remote if item.segment else None)
        if fresh or not receipt.whole_at:
            receipt.whole_at = now
            receipt.write(self._folder)
            _log.info("recording_stored", recording_id=self._folder.name, files=len(items))
        return receipt.whole_at

    def leave(self) -> None:
        """Remove the copy here, if the bucket has all of it.

        Raises:
            BlockingIOError: a job works here.
            OSError: the bucket lacks something, or does not answer.
        """
        with locked(self._folder, wait=False):
            items = self._items()
            self._demand_held(items)
            archive = self._folder / ARCHIVE_FOLDER
            if archive.exists():  # at once, for half an archive would be read as the whole
                archive.rename(self._folder / _GONE)
                sync_folder(self._folder)
            for name in (_GONE, _COMING, RESULTS_FOLDER):
                shutil.rmtree(self._folder / name, ignore_errors=True)
            for item in items:
                if not item.segment:
                    item.path.unlink(missing_ok=True)
            shutil.rmtree(self._folder / RECEIPT_FOLDER, ignore_errors=True)
            inner = sorted(self._folder.glob(_INNER))
            for place in (*inner, *{place.parent for place in inner}, self._folder):
                with contextlib.suppress(OSError):  # a job works in a place within
                    place.rmdir()
            sync_folder(self._folder.parent)
        _log.info("recording_left_folder", recording_id=self._folder.name)

    # --- inside ---

    def _items(self) -> list[_Item]:
        """List the files here in the order in which they go; empty if nothing is published."""
        if not self._folder.is_dir():
            return []
        items = self._published_in(self._folder)
        for place in sorted(self._folder.glob(_INNER)):
            if (place / MANIFEST_NAME).is_file():
                items += self._published_in(place)
        if not self._is_visible(items):
            return []
        archive = self._folder / ARCHIVE_FOLDER
        if self._archive is not None and archive.is_dir():
            items += [
                _Item(self._archive + path.name, path, segment=True)
                for path in segment_files(archive)
            ]
        return items

    def _published_in(self, place: Path) -> list[_Item]:
        files = [path for path in place.iterdir() if path.is_file()]
        files.sort(key=lambda path: (path.name == MANIFEST_NAME, path.name))
        prefix = self._published + "".join(
            f"{part}/" for part in place.relative_to(self._folder).parts
        )
        return [_Item(prefix + path.name, path) for path in files]

    def _is_visible(self, items: list[_Item]) -> bool:
        """Tell whether the recording has been published, here or in the bucket."""
        manifest = self._published + MANIFEST_NAME
        if any(item.key == manifest for item in items) or manifest in self._receipt.seen:
            return True
        return MANIFEST_NAME in self._bucket.objects(self._published)

    def _bring_one(self, item: _Item, remote: dict[str, ObjectFacts] | None) -> None:
        before = item.path.stat()
        facts = None if remote is None else remote.get(item.path.name)
        if facts is not None:
            if not self._bucket.holds(item.path, item.key, facts):
                # Segments never change once they are closed. Neither copy may be lost.
                raise OSError(errno.EEXIST, f"{item.key}: the bucket has another segment there")
        else:
            mime = mimetypes.guess_type(item.path.name)[0] or "application/octet-stream"
            facts = self._bucket.upload(item.path, item.key, mime, self._wanted)
        self._note(item, before, facts)

    def _bring_manifest(self, item: _Item, items: list[_Item]) -> None:
        """Bring the manifest, if the files that it names are those that were brought.

        Another job may publish now. It replaces the manifest last.
        """
        before, content = item.path.stat(), item.path.read_bytes()
        for other in items[: items.index(item)]:
            if other.path.parent == item.path.parent and not self._receipt.knows(
                other.key, other.path
            ):
                raise OSError(errno.EAGAIN, f"{other.path.name} changed meanwhile")
        facts = self._bucket.upload(content, item.key, "application/json", self._wanted)
        self._note(item, before, facts)

    def _note(self, item: _Item, before: os.stat_result, facts: ObjectFacts) -> None:
        if (facts.size, before.st_mtime_ns) != (before.st_size, item.path.stat().st_mtime_ns):
            raise OSError(errno.EAGAIN, f"{item.path.name} changed meanwhile")
        self._receipt.seen[item.key] = Seen(before.st_size, before.st_mtime_ns, facts.etag)
        self._receipt.whole_at = 0.0
        self._receipt.write(self._folder)

    def _left_behind(self) -> float | None:
        """Look at a folder without files: `leave` was broken off there, or nothing is published."""
        if self._published + MANIFEST_NAME in self._receipt.seen:
            return self._receipt.whole_at or None
        with contextlib.suppress(OSError):
            self._folder.rmdir()
        return None

    def _demand_held(self, items: list[_Item]) -> None:
        held: dict[str, ObjectFacts] = {}
        for prefix in filter(None, (self._published, self._archive)):
            found = self._bucket.objects(prefix)
            held |= {prefix + name: facts for name, facts in found.items()}
        if self._published + MANIFEST_NAME not in held:
            raise OSError(errno.EIO, f"{self._folder.name}: the bucket has no manifest of it")
        for item in items:
            facts, seen = held.get(item.key), self._receipt.seen.get(item.key)
            if (
                facts is None
                or seen is None
                or not self._receipt.knows(item.key, item.path)
                or (facts.size, facts.etag) != (seen.size, seen.etag)
            ):
                self._receipt.seen.pop(item.key, None)
                self._receipt.write(self._folder)
                raise OSError(errno.EIO, f"{item.key}: the bucket has lost it, or another one")


def fetch_archive(bucket: Bucket, prefix: str, folder: Path) -> None:
    """Bring an archive back into a recording's folder, if it is not there.

    Raises:
        OSError: the bucket does not answer, or the disk has no room.
    """
    archive, coming = folder / ARCHIVE_FOLDER, folder / _COMING
    if archive.exists():
        return
    found = bucket.objects(prefix)
    if not found:
        return
    size = sum(facts.size for facts in found.values())
    free = shutil.disk_usage(folder if folder.exists() else folder.parent).free
    if free < size + _RESERVE_BYTES:
        raise OSError(errno.ENOSPC, f"{folder.name}: its archive has {size} bytes")
    shutil.rmtree(coming, ignore_errors=True)
    coming.mkdir(parents=True)
    for name, facts in _segments(found):
        with (coming / name).open("xb") as file:
            for piece in bucket.pieces(prefix + name, facts):
                file.write(piece)
    coming.rename(archive)


def drop_recorded(bucket: Bucket, prefix: str, folder: Path) -> bool:
    """Remove an archive from a folder in which nothing was finished, if the bucket has all of it.

    Returns:
        Whether it is gone.

    Raises:
        BlockingIOError: a job works here.
        OSError: the bucket does not answer.
    """
    archive = folder / ARCHIVE_FOLDER
    if not archive.is_dir() or {path.name for path in folder.iterdir()} - {ARCHIVE_FOLDER, _GONE}:
        return False  # whoever finished it puts it away
    with locked(folder, wait=False):
        found = bucket.objects(prefix)
        for path in segment_files(archive):
            facts = found.get(path.name)
            if facts is None or not bucket.holds(path, prefix + path.name, facts):
                return False
        archive.rename(folder / _GONE)
        sync_folder(folder)
        shutil.rmtree(folder / _GONE, ignore_errors=True)
    with contextlib.suppress(OSError):
        folder.rmdir()
    _log.info("recording_left_folder", recording_id=folder.name)
    return True


def _segments(found: dict[str, ObjectFacts]) -> Iterator[tuple[str, ObjectFacts]]:
    for name, facts in sorted(found.items()):
        stem = name.removesuffix(SEGMENT_SUFFIX)
        if stem.isdigit() and name == stem + SEGMENT_SUFFIX:
            yield name, facts
