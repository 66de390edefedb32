"""Declaration of a noun of the directory: its table, its list and where its rows lie."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Select
from sqlalchemy.orm import InstrumentedAttribute

from signaling.access.actions import Action
from signaling.base.columns import Base
from signaling.base.problem_codes import ProblemCode
from signaling.directory.entries.lessons import LessonUser
from signaling.directory.wire import OrgLevel

E = TypeVar("E", bound=msgspec.Struct)  # the entry as the API shows it
Column = InstrumentedAttribute[Any]
AnyRow = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Place:
    """A field of a body that names the org node where an entry is put."""

    field: str
    levels: frozenset[OrgLevel]
    unknown: ProblemCode


AT_SCHOOL = Place("school_id", frozenset({OrgLevel.SCHOOL}), ProblemCode.UNKNOWN_SCHOOL)
IN_COUNTY = Place("county_id", frozenset({OrgLevel.COUNTY}), ProblemCode.UNKNOWN_NODE)


@dataclass(frozen=True, slots=True)
class Unique:
    """A field whose value only one entry has among those with the same values in `within`."""

    field: str
    within: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Noun(Generic[E]):
    """Description of a noun, as pages, searches and changes need it.

    Attributes:
        name: as paths and the audit log name it.
        row: the table.
        key: the ids.
        entry: what a row of `query` becomes.
        query: the columns of `entry` in their order, or what the store makes entries of.
        order: the columns by which lists are sorted, before the id; none of them is null.
        searched: the columns in which a search looks.
        filters: a condition for each query parameter, made of its value.
        usable: the condition on entries that may be used.
        lies_in: the condition on entries that lie in any of the branches with these paths.
        home: the column that names the org node to which a row belongs.
        fields: what a form sets: columns, or what the store keeps beside the row.
        fixed: what is set at creation only.
        places: the fields that name org nodes.
        unique: what only one entry may have.
        lessons: how lessons use an entry; None where they do not.
        read: the action that permits to see it.
    """

    name: str
    row: type[Base]
    key: Column
    entry: type[E]
    query: Select[*tuple[Any, ...]]
    order: tuple[Column, ...]
    searched: tuple[Column, ...]
    usable: ColumnElement[bool]
    lies_in: Callable[[Collection[str]], ColumnElement[bool]]
    home: Column
    fields: tuple[str, ...]
    places: tuple[Place, ...]
    fixed: tuple[str, ...] = ()
    filters: Mapping[str, Callable[[str], ColumnElement[bool]]] = field(default_factory=dict)
    unique: tuple[Unique, ...] = ()
    lessons: LessonUser | None = None
    read: Action = Action.READ_DIRECTORY

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of a place in the list."""
        return (*self.order, self.key)
