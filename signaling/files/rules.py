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
GIB = 1024 * _MIB
UPLOAD_LIFE = timedelta(days=1)  # of an unfinished workbook after its last byte
REFUSED_LIFE = timedelta(days=7)  # of the row that tells why a file was refused
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
            may still wait for a younger one. None for files that stay until their owner deletes
            them or their time is over.
        patience: how long an unfinished upload is kept after its last byte.
        copies: how many times its bytes lie on the disk while it is checked.
        checked: a job decides about it.
    """

    most_bytes: int
    kinds: frozenset[FileKind]
    life: timedelta
    upload: Action | None
    most_files: int
    most_total: int
    gives_way: timedelta | None
    patience: timedelta = UPLOAD_LIFE
    copies: int = 1
    checked: bool = False


_PICTURES = frozenset({FileKind.PNG, FileKind.JPEG, FileKind.GIF, FileKind.WEBP})
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
        FilePurpose.VIDEO: PurposeRule(
            most_bytes=8 * GIB,
            kinds=frozenset({FileKind.MP4, FileKind.MOV, FileKind.MATROSKA}),
            life=timedelta(days=30),
            upload=Action.UPLOAD_MATERIAL,
            most_files=500,
            most_total=200 * GIB,
            gives_way=None,
            patience=timedelta(days=7),
            copies=2,
            checked=True,
        ),
        FilePurpose.ATTACHMENT: PurposeRule(
            most_bytes=200 * _MIB,
            kinds=_PICTURES
            | {FileKind.PDF, FileKind.DOCX, FileKind.PPTX, FileKind.XLSX, FileKind.ZIP}
            | {FileKind.XLS, FileKind.OLE, FileKind.TEXT, FileKind.HTML, FileKind.SVG},
            life=timedelta(days=30),
            upload=Action.UPLOAD_MATERIAL,
            most_files=2000,
            most_total=20 * GIB,
            gives_way=None,
            patience=timedelta(days=7),
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
        # A page that a consent takes over belongs to the consent, and counts no longer here.
        FilePurpose.CONSENT_FORM: PurposeRule(
            most_bytes=50 * _MIB,
            kinds=frozenset({FileKind.PDF, FileKind.JPEG, FileKind.PNG}),
            life=timedelta(days=1),
            upload=Action.KEEP_CONSENT,
            most_files=60,
            most_total=500 * _MIB,
            gives_way=timedelta(hours=1),
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
    if rule.gives_way is None:
        return []
    count, total = len(files), sum(file.size for file in files)
    gone: list[FileRecord] = []
    for file in files:
        if fits(rule, count, total, size):
            break
        if file.state is FileState.READY and file.created_at <= now - rule.gives_way:
            gone.append(file)
            count, total = count - 1, total - file.size
    return gone


def promised_bytes(purpose: FilePurpose, state: FileState, size: int, received: int) -> int:
    """Return the bytes that uploads of a purpose will still put on the disk.

    Args:
        purpose: of the uploads.
        state: of the uploads.
        size: the bytes of all of them.
        received: those of them that are there.
    """
    rule = PURPOSES[purpose]
    if state is FileState.COMING:
        return size * rule.copies - received
    return size * (rule.copies - 1) if state is FileState.CHECKING else 0


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
