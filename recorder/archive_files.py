"""Where a recording's files lie, and reading its archive back."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from recorder.core.archive_format import MAX_SEGMENT_BYTES, ArchiveEnd, Record, SegmentReader

ARCHIVE_FOLDER = "archive"
MANIFEST_NAME = "manifest.json"
THUMBNAIL_NAME = "thumbnail.jpg"
SEGMENT_SUFFIX = ".tka"

# Segments are cut near MAX_SEGMENT_BYTES, after the record that reaches it; a longer file is not
# ours.
_MAX_READ_BYTES = 2 * MAX_SEGMENT_BYTES


def recordings_folder(data_dir: Path) -> Path:
    """The folder that holds one folder for each recording."""
    return data_dir / "recordings"


def segment_path(archive: Path, index: int) -> Path:
    """The file of segment number `index`."""
    return archive / f"{index:06d}{SEGMENT_SUFFIX}"


def segments(archive: Path) -> list[tuple[int, Path]]:
    """(index, path) of an archive's segments, in order; empty if there is no archive."""
    files = archive.glob(f"*{SEGMENT_SUFFIX}")
    return sorted((int(path.stem), path) for path in files if path.stem.isdigit())


@dataclass(slots=True)
class Damage:
    """Damage met while an archive was read: `records` that were spoilt."""

    records: int = 0


def read_archive(
    archive: Path,
    on_progress: Callable[[float], None] | None = None,
    damage: Damage | None = None,
) -> Iterator[Record]:
    """Every readable record of an archive, in order; damage is passed over.

    Args:
        archive: the folder of segments.
        on_progress: told 0…1 after each segment.
        damage: counts what is passed over.
    """
    files = segments(archive)
    for number, (_, path) in enumerate(files, 1):
        reader = SegmentReader(_read(path))
        yield from reader
        if damage is not None:
            damage.records += reader.bad_records
        if on_progress is not None:
            on_progress(number / len(files))


def has_ended(archive: Path) -> bool:
    """Does the archive hold its end marker?"""
    files = segments(archive)
    return bool(files) and any(
        isinstance(record, ArchiveEnd) for record in SegmentReader(_read(files[-1][1]))
    )


def sync_folder(folder: Path) -> None:
    """Make the folder's own entries (new files, renames) survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_READ_BYTES)
    except OSError:
        return b""  # one unreadable segment must not cost the others
