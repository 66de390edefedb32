"""Bodies of classes."""

from __future__ import annotations

import msgspec

from signaling.base.fields import Name
from signaling.base.text import Word
from signaling.directory.entries.wire import Count, Version


class ClassForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Fields that may be set of a class."""

    name: Name
    grade: Name
    pupils: Count | None = None


class ClassCreate(ClassForm, frozen=True, kw_only=True):
    """新建班级."""

    school_id: Word


class ClassChange(ClassForm, frozen=True, kw_only=True):
    """修改班级."""

    version: Version


class ClassEntry(msgspec.Struct, frozen=True):
    """A class of the directory."""

    class_id: str
    name: str
    grade: str
    pupils: int | None
    school_id: str
    school: str
    school_active: bool
    active: bool
    version: int


class ClassPage(msgspec.Struct, frozen=True):
    """A page of classes by school, grade and name; ``total`` counts all that match."""

    entries: tuple[ClassEntry, ...]
    total: int
    next: str | None
