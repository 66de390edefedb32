"""Pairings in the database."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from signaling.audit.log import Work
from signaling.base.errors import Invalid, SignalingError, Taken
from signaling.base.problem_codes import ProblemCode
from signaling.directory.branches import in_branches
from signaling.directory.entries.noun import AnyRow, Noun, Place
from signaling.directory.entries.pages import breathe
from signaling.directory.entries.store import EntryStore
from signaling.directory.entries.wire import SchoolRef
from signaling.directory.pairings.rules import Agreement, Conflict, agreement_of, first_conflict
from signaling.directory.pairings.wire import PairingEntry
from signaling.directory.subjects.links import FIELD, OF_PAIRINGS, in_order, without_subjects
from signaling.directory.subjects.store import demand_subjects
from signaling.directory.tables import PairingRow, PairingSubjectRow, SchoolRow
from signaling.directory.wire import OrgLevel, SchoolKind

_Center, _Point = aliased(SchoolRow), aliased(SchoolRow)
_COLUMNS = ("valid_from", "valid_to", "max_points", "textbook")
_SCHOOL = frozenset({OrgLevel.SCHOOL})


def _lies_in(paths: Collection[str]) -> ColumnElement[bool]:
    return and_(
        in_branches(PairingRow.center_school_id, paths),
        in_branches(PairingRow.point_school_id, paths),
    )


def _with_subject(subject_id: str) -> ColumnElement[bool]:
    return PairingRow.pairing_id.in_(
        select(PairingSubjectRow.pairing_id).where(PairingSubjectRow.subject_id == subject_id)
    )


PAIRINGS = Noun(
    name="pairings",
    row=PairingRow,
    key=PairingRow.pairing_id,
    entry=PairingEntry,
    query=select(
        PairingRow.pairing_id,
        _Center.school_id,
        _Center.name,
        _Point.school_id,
        _Point.name,
        PairingRow.valid_from,
        PairingRow.valid_to,
        PairingRow.max_points,
        PairingRow.textbook,
        PairingRow.active,
        PairingRow.version,
    )
    .join(_Center, _Center.school_id == PairingRow.center_school_id)
    .join(_Point, _Point.school_id == PairingRow.point_school_id),
    order=(_Center.name, _Point.name, PairingRow.valid_from),
    searched=(_Center.name, _Point.name, PairingRow.textbook),
    usable=and_(PairingRow.active, _Center.active, _Point.active),
    lies_in=_lies_in,
    home=PairingRow.center_school_id,
    fields=(*_COLUMNS, FIELD),
    fixed=("center_school_id", "point_school_id"),
    places=(
        Place("center_school_id", _SCHOOL, ProblemCode.UNKNOWN_SCHOOL),
        Place("point_school_id", _SCHOOL, ProblemCode.UNKNOWN_SCHOOL),
    ),
    filters=MappingProxyType(
        {
            "center_school_id": lambda value: PairingRow.center_school_id == value,
            "point_school_id": lambda value: PairingRow.point_school_id == value,
            "subject_id": _with_subject,
            "county_id": lambda value: _Center.county_id == value,
        }
    ),
)


class PairingStore(EntryStore[PairingEntry]):
    """Pairings."""

    noun = PAIRINGS

    async def entries(self, session: AsyncSession, rows: Sequence[AnyRow]) -> list[PairingEntry]:
        """Make entries of rows, each with its subjects by position."""
        subjects = await OF_PAIRINGS.refs(session, [row[0] for row in rows])
        made: list[PairingEntry] = []
        for number, (key, center_id, center, point_id, point, *rest) in enumerate(rows):
            await breathe(number)
            schools = SchoolRef(center_id, center), SchoolRef(point_id, point)
            made.append(PairingEntry(key, *schools, subjects.get(key, ()), *rest))
        return made

    def completed(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return wished values with the subjects in their one order."""
        return in_order(values)

    async def present(self, session: AsyncSession, rows: Sequence[Any]) -> list[dict[str, Any]]:
        """Return what is so in each of the rows, by field."""
        return await OF_PAIRINGS.present(session, rows, (*_COLUMNS, *self.noun.fixed))

    async def check(
        self, session: AsyncSession, values: Mapping[str, Any], entry_id: str | None
    ) -> None:
        """Raise Invalid or Taken where a pairing with these values cannot be beside the others."""
        if values["valid_to"] is not None and values["valid_to"] < values["valid_from"]:
            raise Invalid(code=ProblemCode.ENDS_BEFORE_START, field="valid_to")
        county_id = await _demand_schools(session, values)
        known = await OF_PAIRINGS.ids(session, entry_id)
        await demand_subjects(session, county_id, values[FIELD], known)
        found = first_conflict(agreement_of(values), await _beside(session, values, entry_id))
        if found is not None:
            raise await _refusal(session, *found)

    async def add(self, work: Work, entries: Mapping[str, Mapping[str, Any]]) -> None:
        """Create pairings with their subjects."""
        await super().add(work, {key: without_subjects(one) for key, one in entries.items()})
        await OF_PAIRINGS.add(work.session, {key: one[FIELD] for key, one in entries.items()})

    async def put(
        self, work: Work, rows: Mapping[str, Any], changes: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """Write new values into rows, and subjects beside them."""
        await OF_PAIRINGS.put(work.session, changes)
        await super().put(work, rows, {key: without_subjects(one) for key, one in changes.items()})


async def _demand_schools(session: AsyncSession, values: Mapping[str, Any]) -> str:
    """Return the county of both schools. Raises Invalid where they cannot be a pair."""
    if values["center_school_id"] == values["point_school_id"]:
        raise Invalid(code=ProblemCode.SAME_SCHOOL, field="point_school_id")
    center = await session.get_one(SchoolRow, values["center_school_id"])
    point = await session.get_one(SchoolRow, values["point_school_id"])
    if center.county_id != point.county_id:
        raise Invalid(code=ProblemCode.OTHER_COUNTY, field="point_school_id")
    if center.kind == SchoolKind.TEACHING_POINT:
        raise Invalid(code=ProblemCode.NOT_A_CENTER, field="center_school_id")
    return center.county_id


async def _beside(
    session: AsyncSession, values: Mapping[str, Any], entry_id: str | None
) -> list[Agreement]:
    """Return the pairings in use that share a school with the wish."""
    query = select(PairingRow).where(
        or_(
            PairingRow.center_school_id == values["center_school_id"],
            PairingRow.point_school_id == values["point_school_id"],
        ),
        PairingRow.active,
        PairingRow.pairing_id != (entry_id or ""),
    )
    rows = (await session.scalars(query.order_by(PairingRow.pairing_id))).all()
    subjects = await OF_PAIRINGS.refs(session, [row.pairing_id for row in rows])
    return [
        Agreement(
            row.center_school_id,
            row.point_school_id,
            frozenset(one.subject_id for one in subjects.get(row.pairing_id, ())),
            row.valid_from,
            row.valid_to,
            row.textbook,
        )
        for row in rows
    ]


async def _refusal(session: AsyncSession, why: Conflict, other: Agreement) -> SignalingError:
    if why is Conflict.OVERLAP:
        return Taken(code=ProblemCode.PAIRING_OVERLAPS, field="valid_from")
    center = await session.get_one(SchoolRow, other.center)
    point = await session.get_one(SchoolRow, other.point)
    facts = {"center": center.name, "point": point.name, "textbook": other.textbook or ""}
    return Taken(code=ProblemCode.TEXTBOOK_DIFFERS, field="textbook", facts=facts)
