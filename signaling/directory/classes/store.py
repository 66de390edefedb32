"""Classes in the database."""

from __future__ import annotations

from collections.abc import Collection
from types import MappingProxyType

from sqlalchemy import ColumnElement, and_, select

from signaling.directory.branches import in_branches
from signaling.directory.classes.wire import ClassEntry
from signaling.directory.entries.lessons import LessonUser
from signaling.directory.entries.noun import AT_SCHOOL, Noun, Unique
from signaling.directory.entries.store import EntryStore
from signaling.directory.tables import ClassRow, SchoolRow


def _lies_in(paths: Collection[str]) -> ColumnElement[bool]:
    return in_branches(ClassRow.school_id, paths)


CLASSES = Noun(
    name="classes",
    row=ClassRow,
    key=ClassRow.class_id,
    entry=ClassEntry,
    query=select(
        ClassRow.class_id,
        ClassRow.name,
        ClassRow.grade,
        ClassRow.pupils,
        SchoolRow.school_id,
        SchoolRow.name,
        SchoolRow.active,
        ClassRow.active,
        ClassRow.version,
    ).join(SchoolRow, SchoolRow.school_id == ClassRow.school_id),
    order=(SchoolRow.name, ClassRow.grade, ClassRow.name),
    searched=(ClassRow.name, ClassRow.grade, SchoolRow.name),
    usable=and_(ClassRow.active, SchoolRow.active),
    lies_in=_lies_in,
    home=ClassRow.school_id,
    fields=("name", "grade", "pupils"),
    fixed=("school_id",),
    places=(AT_SCHOOL,),
    filters=MappingProxyType(
        {
            "school_id": lambda value: ClassRow.school_id == value,
            "county_id": lambda value: SchoolRow.county_id == value,
            "grade": lambda value: ClassRow.grade == value,
        }
    ),
    unique=(Unique("name", ("school_id",)),),
    lessons=LessonUser.CLASS,
)


class ClassStore(EntryStore[ClassEntry]):
    """Classes."""

    noun = CLASSES
