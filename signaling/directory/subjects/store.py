"""Subjects in the database."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from types import MappingProxyType

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.base.errors import Invalid
from signaling.base.problem_codes import ProblemCode
from signaling.directory.branches import in_branches
from signaling.directory.entries.noun import IN_COUNTY, Noun, Unique
from signaling.directory.entries.store import EntryStore
from signaling.directory.subjects.wire import SubjectEntry
from signaling.directory.tables import CountyRow, SubjectRow


def _lies_in(paths: Collection[str]) -> ColumnElement[bool]:
    return in_branches(SubjectRow.county_id, paths)


SUBJECTS = Noun(
    name="subjects",
    row=SubjectRow,
    key=SubjectRow.subject_id,
    entry=SubjectEntry,
    query=select(
        SubjectRow.subject_id,
        SubjectRow.name,
        SubjectRow.position,
        CountyRow.county_id,
        CountyRow.name,
        SubjectRow.active,
        SubjectRow.version,
    ).join(CountyRow, CountyRow.county_id == SubjectRow.county_id),
    order=(SubjectRow.position, SubjectRow.name),
    searched=(SubjectRow.name,),
    usable=SubjectRow.active.is_(True),
    lies_in=_lies_in,
    home=SubjectRow.county_id,
    fields=("name", "position"),
    fixed=("county_id",),
    places=(IN_COUNTY,),
    filters=MappingProxyType({"county_id": lambda value: SubjectRow.county_id == value}),
    unique=(Unique("name", ("county_id",)),),
)


class SubjectStore(EntryStore[SubjectEntry]):
    """Subjects."""

    noun = SUBJECTS


async def demand_subjects(
    session: AsyncSession, county_id: str, subject_ids: Sequence[str], known: Collection[str]
) -> None:
    """Raise Invalid unless the subjects are the county's and in use.

    Args:
        session: reads.
        county_id: the county.
        subject_ids: as the body names them.
        known: those that the entry has already; they may be out of use meanwhile.
    """
    usable = select(SubjectRow.subject_id).where(
        SubjectRow.subject_id.in_(subject_ids), SubjectRow.county_id == county_id, SubjectRow.active
    )
    allowed = {*known, *await session.scalars(usable)}
    for index, subject_id in enumerate(subject_ids):
        if subject_id not in allowed:
            raise Invalid(code=ProblemCode.UNKNOWN_SUBJECT, field=f"subject_ids[{index}]")
