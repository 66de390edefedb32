"""Rules for files: their purposes and the bounds of their owners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from signaling.access.actions import Action
from signaling.files.core.sniffing import FileKind
from signaling.files.records import FileRecord
from signaling.files.wire import FilePurpose, FileState

_MIB = 1024 * 1024
UPLOAD_LIFE = timedelta(days=1)  # of an unfinished upload after its last byte
MAX_NAME_CHARS = 120
RESERVE_BYTES = 1024 * _MIB  # of the disk that uploads leave to recordings and the database


@dataclass(frozen=True, slots=True)
class PurposeRule:
    """Rules for files of one purpose.

    Attributes:
        most_bytes: the largest size.
        kinds: the kinds that are taken, by their bytes.
        life: how long a finished file is kept.
        upload: what somebody must be permitted to upload one; None for what only jobs make.
        most_files: of one owner.
        most_total: bytes of one owner's files.
        gives_way: the age from which a finished file gives way to a new one, oldest first. A job
            may still wait for a younger one.
    """

    most_bytes: int
    kinds: frozenset[FileKind]
    life: timedelta
    upload: Action | None
    most_files: int
    most_total: int
    gives_way: timedelta


PURPOSES: Mapping[FilePurpose, PurposeRule] = MappingProxyType(
    {
        FilePurpose.IMPORT_WORKBOOK: PurposeRule(
            most_bytes=20 * _MIB,
            kinds=frozenset({FileKind.XLSX, FileKind.XLS, FileKind.TEXT}),
            life=timedelta(days=7),
            upload=Action.UPLOAD_WORKBOOK,
            most_files=30,
            most_total=300 * _MIB,
            gives_way=timedelta(hours=1),
        ),
        FilePurpose.EXPORT: PurposeRule(
            most_bytes=100 * _MIB,
            kinds=frozenset(),
            life=timedelta(days=7),
            upload=None,
            most_files=20,
            most_total=500 * _MIB,
            gives_way=timedelta(0),
        ),
    }
)


def giving_way(
    files: Sequence[FileRecord], rule: PurposeRule, size: int, now: datetime
) -> list[FileRecord]:
    """Return those of an owner's files that give way to a new one of so many bytes.

    Args:
        files: all of the purpose, oldest first.
        rule: the purpose's.
        size: of the new file.
        now: the time.
    """
    count, total = len(files), sum(file.size for file in files)
    gone: list[FileRecord] = []
    for file in files:
        if fits(rule, count, total, size):
            break
        if file.state is FileState.READY and file.created_at <= now - rule.gives_way:
            gone.append(file)
            count, total = count - 1, total - file.size
    return gone


def fits(rule: PurposeRule, count: int, total: int, size: int) -> bool:
    """Tell whether an owner with so many files of so many bytes in all may have another one."""
    return count < rule.most_files and total + size <= rule.most_total


def short_name(name: str) -> str:
    """Return a file's own name without the folders before it, in a bounded length.

    The ending stays, since people and their programs go by it.
    """
    own = name.replace("\\", "/").rpartition("/")[2]
    if len(own) <= MAX_NAME_CHARS:
        return own
    stem, dot, ending = own.rpartition(".")
    if not dot or len(ending) >= MAX_NAME_CHARS // 2:
        return own[:MAX_NAME_CHARS]
    return stem[: MAX_NAME_CHARS - len(ending) - 1] + dot + ending
