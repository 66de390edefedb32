"""The REST API's bodies about coverage and use."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from signaling.files.workbooks.languages import WorkbookLanguage
from signaling.library.nominations.wire import SchoolYear


class SchoolCoverage(msgspec.Struct, frozen=True):
    """One school: its active teachers, and those of them with a nominated lesson that is shown."""

    school_id: str
    school: str
    county: str
    teachers: int
    nominated: int
    lessons: int

    @property
    def rate(self) -> float | None:
        """Nominated ÷ active teachers; None where there is no teacher."""
        return self.nominated / self.teachers if self.teachers else None


class Coverage(msgspec.Struct, frozen=True):
    """Coverage of a school year by school of the reader's branches; ``more``: some are left out."""

    school_year: int
    years: tuple[int, ...]
    schools: tuple[SchoolCoverage, ...]
    teachers: int
    nominated: int
    lessons: int
    more: bool


class NominatedLesson(msgspec.Struct, frozen=True):
    """A nominated lesson of a teacher."""

    resource_id: str
    title: str


class TeacherCoverage(msgspec.Struct, frozen=True):
    """An active teacher, with the lessons that are nominated."""

    person_id: str
    name: str
    lessons: tuple[NominatedLesson, ...]


class SchoolTeachers(msgspec.Struct, frozen=True):
    """The active teachers of a school, those without a nominated lesson first."""

    school_id: str
    school: str
    school_year: int
    teachers: tuple[TeacherCoverage, ...]


class UseGrouping(StrEnum):
    """What a line of use stands for."""

    SCHOOL = "school"
    TEACHER = "teacher"
    RESOURCE = "resource"


class UseLine(msgspec.Struct, frozen=True):
    """Use of the resources of a school or teacher, or of one. ``minutes`` are viewers' minutes."""

    key: str
    label: str
    parent: str  # a teacher's school, a resource's teacher
    resources: int
    plays: int
    minutes: int
    downloads: int


class UseTable(msgspec.Struct, frozen=True):
    """Use in the reader's branches, most played first. ``more``: some lines are left out."""

    first: date
    last: date
    lines: tuple[UseLine, ...]
    plays: int
    minutes: int
    downloads: int
    more: bool


class FiguresKind(StrEnum):
    """Which table is exported."""

    COVERAGE = "coverage"
    USE = "use"


class FiguresExportWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """导出 of coverage (``school_year``) or of use (``first``, ``last``, both included)."""

    kind: FiguresKind
    language: WorkbookLanguage
    school_year: SchoolYear | None = None
    first: date | None = None
    last: date | None = None


class FiguresExported(msgspec.Struct, frozen=True):
    """A workbook that was made."""

    file_id: str
    name: str
    rows: Annotated[int, Meta(ge=0)]
