"""Bodies of teachers. Their accounts and roles are a matter of their own."""

from __future__ import annotations

from typing import Annotated

import msgspec

from signaling.base.fields import Name
from signaling.base.text import Word, word
from signaling.directory.entries.wire import SchoolRef, SubjectIds, SubjectRef, Version

StaffNumber = Annotated[str, word(40)]  # 工号
Login = Annotated[str, word(64)]


class TeacherForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Fields that may be set of a teacher."""

    name: Name
    school_id: Word
    staff_no: StaffNumber | None = None
    subject_ids: SubjectIds = ()


class TeacherCreate(TeacherForm, frozen=True, kw_only=True):
    """新建教师: an account without a password, which an activation slip opens.

    Without ``login`` the account is known by the staff number.
    """

    login: Login | None = None


class TeacherChange(TeacherForm, frozen=True, kw_only=True):
    """修改教师."""

    version: Version


class TeacherEntry(msgspec.Struct, frozen=True):
    """A teacher of the directory; ``school`` is None for one who belongs to a node above."""

    person_id: str
    name: str
    login: str
    staff_no: str | None
    school: SchoolRef | None
    subjects: tuple[SubjectRef, ...]
    active: bool
    version: int


class TeacherPage(msgspec.Struct, frozen=True):
    """A page of teachers by name; ``total`` counts all that match."""

    entries: tuple[TeacherEntry, ...]
    total: int
    next: str | None
