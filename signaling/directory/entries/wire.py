"""Bodies that all nouns of the directory share.

An entry is one row of a noun: a school, a room, a class. `version` counts its changes. A body that
changes an entry carries the version that its author saw.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from signaling.base.fields import Reason
from signaling.base.text import Word

_MAX_COUNT = 100_000  # of seats, pupils, positions in a list
_MAX_SUBJECTS = 40  # of one teacher or pairing

Version = Annotated[int, msgspec.Meta(ge=1)]
Count = Annotated[int, msgspec.Meta(ge=0, le=_MAX_COUNT)]
SubjectIds = Annotated[tuple[Word, ...], msgspec.Meta(max_length=_MAX_SUBJECTS)]
SomeSubjectIds = Annotated[tuple[Word, ...], msgspec.Meta(min_length=1, max_length=_MAX_SUBJECTS)]


class EntryEnable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """启用."""

    version: Version


class EntryDisable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """停用. Without `confirmed`, an entry with lessons ahead stays as it is.

    The ``reason`` stands in the audit log.
    """

    version: Version
    confirmed: bool = False
    reason: Reason | None = None


class AffectedLesson(msgspec.Struct, frozen=True):
    """A lesson ahead that needs the entry that is to be disabled."""

    lesson_id: str
    title: str
    starts_at: datetime
    ends_at: datetime
    lead_teacher: str


class EntryDisabled(msgspec.Struct, frozen=True):
    """Outcome of 停用. The lessons stay as they are, confirmed or not.

    ``lessons`` are the first of ``lessons_total`` lessons ahead. ``disabled`` is false where they
    have to be confirmed.
    """

    disabled: bool
    version: int
    lessons: tuple[AffectedLesson, ...]
    lessons_total: int


class SchoolRef(msgspec.Struct, frozen=True):
    """A school, by name."""

    school_id: str
    name: str


class SubjectRef(msgspec.Struct, frozen=True):
    """A subject, by name."""

    subject_id: str
    name: str
