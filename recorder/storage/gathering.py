"""Gathering: an archive's segments made whole here, out of the pieces in the bucket. All blocks.

A segment that is here already is kept if it has as much as the pieces. A piece that is missing or
spoilt ends its segment there, as a crash does.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import structlog

from recorder.storage.api import ARCHIVE_FOLDER
from recorder.storage.bucket import Bucket
from recorder.storage.folder import FolderArchive, segment_files, sync_folder
from recorder.storage.pieces import (
    MAX_PIECE_BYTES,
    Piece,
    chain,
    covered,
    read_pieces,
    segments_wanted,
)

_AT_ONCE = 8  # pieces that are asked for; 16 MiB
_RESERVE_BYTES = 1024**3  # bytes that gathering leaves free

_log = structlog.get_logger(__name__)


def pieces_key(recording_id: str, name: str = "") -> str:
    """The key of a piece; without a name, what all of a recording's begin with."""
    return f"pieces/{recording_id}/{name}"


def list_pieces(bucket: Bucket, recording_id: str, *, soon: bool = False) -> list[Piece]:
    """List a recording's pieces; with `soon`, for a lesson that waits. Raises OSError."""
    found = bucket.objects(pieces_key(recording_id), soon=soon)
    return read_pieces({name: facts.size for name, facts in found.items()})


class Gathering:
    """Gathers one recording's archive in its folder."""

    def __init__(self, bucket: Bucket, recording_id: str, folder: Path) -> None:
        self._bucket = bucket
        self._recording_id = recording_id
        self._archive = folder / ARCHIVE_FOLDER

    def gather(self) -> None:
        """Bring here what other machines recorded.

        Raises:
            OSError: the bucket does not answer, or the disk has no room.
        """
        wanted = segments_wanted(list_pieces(self._bucket, self._recording_id))
        if not wanted:
            return
        self._archive.mkdir(parents=True, exist_ok=True)
        self._demand_room(sum(covered(pieces) for pieces in wanted.values()))
        for segment, pieces in wanted.items():
            self._make_whole(segment, pieces)
        sync_folder(self._archive)

    def forget(self) -> None:
        """Delete the pieces, if the archive here has all that they hold.

        Raises:
            OSError: the bucket does not answer.
        """
        pieces = list_pieces(self._bucket, self._recording_id)
        files = FolderArchive(self._archive)
        for segment, some in segments_wanted(pieces).items():
            if covered(some) > (files.size(segment) or 0):
                # They came after finishing, or one is spoilt.
                _log.error("archive_pieces_kept", recording_id=self._recording_id, segment=segment)
                return
        names = self._bucket.objects(pieces_key(self._recording_id))
        self._bucket.delete([pieces_key(self._recording_id, name) for name in names])

    # --- inside ---

    def _demand_room(self, size: int) -> None:
        here = sum(path.stat().st_size for path in segment_files(self._archive))
        if shutil.disk_usage(self._archive).free < size - here + _RESERVE_BYTES and size > here:
            raise OSError(errno.ENOSPC, f"{self._recording_id}: its archive has {size} bytes")

    def _make_whole(self, segment: int, pieces: list[Piece]) -> None:
        path = FolderArchive(self._archive).path(segment)
        here = _begin_of(path, pieces)
        if covered(pieces, len(here)) <= len(here):
            return
        fresh = path.with_suffix(".coming")
        with fresh.open("wb") as file:
            file.write(here)
            for data in self._read(pieces, len(here)):
                file.write(data)
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
        if path.exists() and here and size == len(here):
            fresh.unlink()  # the first piece that was new is spoilt
        else:
            fresh.replace(path)

    def _read(self, pieces: Iterable[Piece], offset: int) -> Iterable[bytes]:
        """Read from an offset on, up to what is missing."""
        left = list(pieces)
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="gathering") as threads:
            while picked := chain(left, offset)[:_AT_ONCE]:
                for piece, data in zip(picked, threads.map(self._get, picked), strict=True):
                    if data is None:
                        left.remove(piece)  # another one may have the same bytes
                        break
                    yield data[offset - piece.start :]
                    offset = piece.stop

    def _get(self, piece: Piece) -> bytes | None:
        """Read a piece; None if it is gone or spoilt. Raises OSError."""
        key = pieces_key(self._recording_id, piece.name)
        with contextlib.suppress(FileNotFoundError):
            data = self._bucket.get(key, MAX_PIECE_BYTES)
            if piece.is_of(data):
                return data
        _log.error("archive_piece_spoilt", key=key)
        return None


def _begin_of(path: Path, pieces: Iterable[Piece]) -> bytes:
    """Read what is here of a segment; nothing, if another take made it."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return b""
    firsts = [piece for piece in pieces if piece.start == 0]
    if any(piece.is_of(data[: piece.stop]) for piece in firsts):
        return data
    return b""
