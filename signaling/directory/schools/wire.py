"""Bodies of schools."""

from __future__ import annotations

from typing import Annotated

import msgspec

from signaling.base.fields import Name
from signaling.base.text import Word, word
from signaling.directory.entries.wire import Version
from signaling.directory.wire import SchoolKind

SchoolCode = Annotated[str, word(10, pattern=r"^[0-9]{10}$")]  # 学校标识码
Mbps = Annotated[float, msgspec.Meta(gt=0, le=100_000)]  # Mbit/s
Lessons = Annotated[int, msgspec.Meta(ge=1, le=1000)]


class SchoolForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Fields that may be set of a school.

    ``uplink_mbps`` is what lessons may use of its line. ``max_lessons`` is how many lessons the
    school leads at once. None: no bound is known.
    """

    name: Name
    kind: SchoolKind
    code: SchoolCode | None = None
    uplink_mbps: Mbps | None = None
    max_lessons: Lessons | None = None


class SchoolCreate(SchoolForm, frozen=True, kw_only=True):
    """新建学校."""

    county_id: Word


class SchoolChange(SchoolForm, frozen=True, kw_only=True):
    """修改学校."""

    version: Version


class SchoolEntry(msgspec.Struct, frozen=True):
    """A school of the directory."""

    school_id: str
    name: str
    kind: SchoolKind
    code: str | None
    uplink_mbps: float | None
    max_lessons: int | None
    county_id: str
    county: str
    active: bool
    version: int


class SchoolPage(msgspec.Struct, frozen=True):
    """A page of schools by name; ``total`` counts all that match, ``next`` is for `after`."""

    entries: tuple[SchoolEntry, ...]
    total: int
    next: str | None
