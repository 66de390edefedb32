"""Bodies of subjects."""

from __future__ import annotations

import msgspec

from signaling.base.fields import Name
from signaling.base.text import Word
from signaling.directory.entries.wire import Count, Version


class SubjectForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Fields that may be set of a subject; lists show subjects by ``position``."""

    name: Name
    position: Count = 0


class SubjectCreate(SubjectForm, frozen=True, kw_only=True):
    """新建学科."""

    county_id: Word


class SubjectChange(SubjectForm, frozen=True, kw_only=True):
    """修改学科."""

    version: Version


class SubjectEntry(msgspec.Struct, frozen=True):
    """A subject of the directory."""

    subject_id: str
    name: str
    position: int
    county_id: str
    county: str
    active: bool
    version: int


class SubjectPage(msgspec.Struct, frozen=True):
    """A page of subjects by position; ``total`` counts all that match."""

    entries: tuple[SubjectEntry, ...]
    total: int
    next: str | None
