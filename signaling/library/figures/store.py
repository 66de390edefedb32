"""Sums of nominations and of use, within branches of the org tree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Executable, and_, distinct, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.roles import Role
from signaling.directory.branches import in_branches
from signaling.directory.tables import CountyRow, GrantRow, OrgNodeRow, PersonRow, SchoolRow
from signaling.library.figures import wire as w
from signaling.library.nominations.tables import NominationRow
from signaling.library.tables import ResourceRow
from signaling.library.uses.tables import ResourceUseRow
from signaling.library.versions.tables import PublicationRow
from signaling.library.wire import ResourceState

MAX_TEACHERS = 2000  # of one school
MAX_LESSONS = 5000


def _teachers(now: datetime) -> ColumnElement[bool]:
    """Return the condition on people who teach at their school now."""
    teaches = (
        select(GrantRow.grant_id)
        .where(
            GrantRow.person_id == PersonRow.person_id,
            GrantRow.role == Role.LEAD_TEACHER,
            or_(GrantRow.until.is_(None), GrantRow.until > now),
        )
        .exists()
    )
    return and_(PersonRow.active, PersonRow.school_id.is_not(None), teaches)


def _nominated(year: int) -> ColumnElement[bool]:
    """Return the condition on nominations that count."""
    return and_(
        NominationRow.school_year == year,
        NominationRow.revoked_at.is_(None),
        ResourceRow.state == ResourceState.PUBLISHED,
    )


async def coverage(
    session: AsyncSession, paths: Collection[str], year: int, now: datetime, limit: int
) -> list[w.SchoolCoverage]:
    """Return the coverage of each school in some branches, by county and name."""
    query = (
        select(SchoolRow.school_id, SchoolRow.name, CountyRow.name.label("county"))
        .join(CountyRow, CountyRow.county_id == SchoolRow.county_id)
        .where(SchoolRow.active, in_branches(SchoolRow.school_id, paths))
        .order_by(CountyRow.name, SchoolRow.name, SchoolRow.school_id)
        .limit(limit)
    )
    schools = (await session.execute(query)).all()
    here = in_branches(PersonRow.school_id, paths)
    counted = await _by_school(
        session,
        select(PersonRow.school_id, func.count())
        .where(_teachers(now), here)
        .group_by(PersonRow.school_id),
    )
    found = (
        select(
            PersonRow.school_id,
            func.count(distinct(PersonRow.person_id)),
            func.count(NominationRow.nomination_id),
        )
        .join(ResourceRow, ResourceRow.lead_teacher_id == PersonRow.person_id)
        .join(NominationRow, NominationRow.resource_id == ResourceRow.resource_id)
        .where(_teachers(now), here, _nominated(year))
        .group_by(PersonRow.school_id)
    )
    nominated = await _by_school(session, found)
    return [
        w.SchoolCoverage(
            school_id=one.school_id,
            school=one.name,
            county=one.county,
            teachers=counted.get(one.school_id, (0,))[0],
            nominated=nominated.get(one.school_id, (0, 0))[0],
            lessons=nominated.get(one.school_id, (0, 0))[1],
        )
        for one in schools
    ]


async def _by_school(session: AsyncSession, query: Executable) -> dict[str, tuple[int, ...]]:
    return {school_id: tuple(sums) for school_id, *sums in (await session.execute(query)).all()}


async def school(session: AsyncSession, school_id: str) -> tuple[str, str] | None:
    """Return the name and path of a school."""
    query = (
        select(SchoolRow.name, OrgNodeRow.path)
        .join(OrgNodeRow, OrgNodeRow.node_id == SchoolRow.school_id)
        .where(SchoolRow.school_id == school_id)
    )
    found = (await session.execute(query)).first()
    return None if found is None else (found.name, found.path)


async def teachers(
    session: AsyncSession, school_id: str, year: int, now: datetime
) -> list[w.TeacherCoverage]:
    """Return the active teachers of a school, those without a nominated lesson first."""
    query = (
        select(PersonRow.person_id, PersonRow.name)
        .where(_teachers(now), PersonRow.school_id == school_id)
        .order_by(PersonRow.name, PersonRow.person_id)
        .limit(MAX_TEACHERS)
    )
    people = (await session.execute(query)).all()
    lessons: dict[str, list[w.NominatedLesson]] = defaultdict(list)
    found = (
        select(ResourceRow.lead_teacher_id, ResourceRow.resource_id, ResourceRow.title)
        .join(NominationRow, NominationRow.resource_id == ResourceRow.resource_id)
        .join(PersonRow, PersonRow.person_id == ResourceRow.lead_teacher_id)
        .where(PersonRow.school_id == school_id, _nominated(year))
        .order_by(ResourceRow.title, ResourceRow.resource_id)
        .limit(MAX_LESSONS)
    )
    for person_id, resource_id, title in (await session.execute(found)).all():
        lessons[person_id].append(w.NominatedLesson(resource_id, title))
    shown = [
        w.TeacherCoverage(one.person_id, one.name, tuple(lessons[one.person_id])) for one in people
    ]
    return sorted(shown, key=lambda one: bool(one.lessons))


async def use(
    session: AsyncSession,
    paths: Collection[str],
    first: date,
    last: date,
    by: w.UseGrouping,
    *,
    limit: int,
    school_id: str | None = None,
    teacher_id: str | None = None,
) -> list[w.UseLine]:
    """Return use in some branches, most played first; at most `limit` lines."""
    row, publication = ResourceUseRow, PublicationRow
    plays, seconds = func.sum(row.plays), func.sum(row.seconds)
    keys: tuple[Any, ...]
    if by is w.UseGrouping.SCHOOL:
        keys = (publication.node_id, OrgNodeRow.name, None)
    elif by is w.UseGrouping.TEACHER:
        keys = (publication.owner_id, ResourceRow.lead_teacher, OrgNodeRow.name)
    else:
        keys = (publication.resource_id, publication.title, ResourceRow.lead_teacher)
    key, label, parent = keys
    query = (
        select(
            key,
            func.max(label),
            func.max(parent) if parent is not None else func.max(""),
            func.count(distinct(row.resource_id)),
            plays,
            seconds,
            func.sum(row.downloads),
        )
        .join(publication, publication.resource_id == row.resource_id)
        .join(ResourceRow, ResourceRow.resource_id == row.resource_id)
        .outerjoin(OrgNodeRow, OrgNodeRow.node_id == publication.node_id)
        .where(row.day >= first, row.day <= last, in_branches(publication.node_id, paths))
        .group_by(key)
        .order_by(plays.desc(), seconds.desc(), key)
        .limit(limit)
    )
    if school_id is not None:
        query = query.where(publication.node_id == school_id)
    if teacher_id is not None:
        query = query.where(publication.owner_id == teacher_id)
    return [_line(*one) for one in (await session.execute(query)).all()]


def _line(key: str, label: str | None, parent: str | None, number: int, *sums: int) -> w.UseLine:
    plays, seconds, downloads = sums
    return w.UseLine(key, label or "", parent or "", number, plays, seconds // 60, downloads)


async def use_sums(
    session: AsyncSession, paths: Collection[str], first: date, last: date
) -> Sequence[int]:
    """Return plays, seconds and downloads in some branches."""
    row = ResourceUseRow
    query = (
        select(func.sum(row.plays), func.sum(row.seconds), func.sum(row.downloads))
        .join(PublicationRow, PublicationRow.resource_id == row.resource_id)
        .where(row.day >= first, row.day <= last, in_branches(PublicationRow.node_id, paths))
    )
    found = (await session.execute(query)).one()
    return [value or 0 for value in found]
