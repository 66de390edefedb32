"""Bodies of pairings."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec

from signaling.base.fields import Name
from signaling.base.text import Word
from signaling.directory.entries.wire import SchoolRef, SomeSubjectIds, SubjectRef, Version

Points = Annotated[int, msgspec.Meta(ge=1, le=64)]


class PairingForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Fields that may be set of a pairing.

    ``valid_to`` is the last day; None: until further notice. ``max_points`` bounds the teaching
    points in one lesson. ``textbook`` is the 教材版本 that both schools use.
    """

    subject_ids: SomeSubjectIds
    valid_from: date
    valid_to: date | None = None
    max_points: Points | None = None
    textbook: Name | None = None


class PairingCreate(PairingForm, frozen=True, kw_only=True):
    """新建结对."""

    center_school_id: Word
    point_school_id: Word


class PairingChange(PairingForm, frozen=True, kw_only=True):
    """修改结对."""

    version: Version


class PairingEntry(msgspec.Struct, frozen=True):
    """A pairing of the directory."""

    pairing_id: str
    center: SchoolRef
    point: SchoolRef
    subjects: tuple[SubjectRef, ...]
    valid_from: date
    valid_to: date | None
    max_points: int | None
    textbook: str | None
    active: bool
    version: int


class PairingPage(msgspec.Struct, frozen=True):
    """A page of pairings by centre school and point; ``total`` counts all that match."""

    entries: tuple[PairingEntry, ...]
    total: int
    next: str | None
