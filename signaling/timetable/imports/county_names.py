"""Names of a county, read at once for matching."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.actions import Action
from signaling.access.grants import branches_granted
from signaling.access.roles import Actor
from signaling.directory.branches import in_branches
from signaling.directory.held import may_lead
from signaling.directory.tables import (
    ClassRow,
    PairingRow,
    PairingSubjectRow,
    PersonRow,
    RoomRow,
    SchoolRow,
    SubjectRow,
    TeacherSubjectRow,
)
from signaling.timetable.bells import load_schedules
from signaling.timetable.core.bells import Period
from signaling.timetable.core.calendar import Term
from signaling.timetable.imports.core.catalogue import (
    Catalogue,
    Index,
    Named,
    Pairing,
    SchoolClass,
    class_key,
)
from signaling.timetable.scopes import paths_of, usable_schools


async def load_catalogue(
    session: AsyncSession, actor: Actor, county_id: str, term: Term, now: datetime
) -> Catalogue:
    """Read what an actor may plan with in a county: what is in use, and nothing else."""
    schools = await _schools(session, actor, county_id)
    names = {school.id: school.name for school in schools}
    return Catalogue(
        schools=Index(schools),
        rooms=Index(await _rooms(session, names)),
        classes=Index(await _classes(session, names), class_key),
        subjects=Index(await _subjects(session, county_id)),
        teachers=Index(await _teachers(session, actor, county_id, now)),
        subjects_of_teachers=await _subjects_of_teachers(session),
        pairings=await _pairings(session, term),
        bells=await _bells(session, county_id, names, term),
    )


async def _schools(session: AsyncSession, actor: Actor, county_id: str) -> list[Named]:
    query = (
        select(SchoolRow.school_id, SchoolRow.name)
        .where(SchoolRow.active, usable_schools(actor, county_id))
        .order_by(SchoolRow.name, SchoolRow.school_id)
    )
    return [Named(row.school_id, row.name) for row in await session.execute(query)]


async def _rooms(session: AsyncSession, schools: dict[str, str]) -> list[Named]:
    query = (
        select(RoomRow.room_id, RoomRow.name, RoomRow.school_id)
        .where(RoomRow.active)
        .order_by(RoomRow.name, RoomRow.room_id)
    )
    return [
        Named(row.room_id, row.name, row.school_id, schools[row.school_id])
        for row in await session.execute(query)
        if row.school_id in schools
    ]


async def _classes(session: AsyncSession, schools: dict[str, str]) -> list[SchoolClass]:
    query = (
        select(ClassRow.class_id, ClassRow.name, ClassRow.school_id, ClassRow.grade)
        .where(ClassRow.active)
        .order_by(ClassRow.name, ClassRow.class_id)
    )
    return [
        SchoolClass(row.class_id, row.name, row.school_id, schools[row.school_id], row.grade)
        for row in await session.execute(query)
        if row.school_id in schools
    ]


async def _subjects(session: AsyncSession, county_id: str) -> list[Named]:
    query = (
        select(SubjectRow.subject_id, SubjectRow.name)
        .where(SubjectRow.county_id == county_id, SubjectRow.active)
        .order_by(SubjectRow.position, SubjectRow.subject_id)
    )
    return [Named(row.subject_id, row.name) for row in await session.execute(query)]


async def _teachers(
    session: AsyncSession, actor: Actor, county_id: str, now: datetime
) -> list[Named]:
    """Return those who may lead lessons in the county, or elsewhere in the actor's branches."""
    branches = branches_granted(actor, Action.MANAGE_TIMETABLE)
    branches |= await paths_of(session, [county_id])
    query = (
        select(PersonRow.person_id, PersonRow.name, PersonRow.school_id, PersonRow.staff_no)
        .where(may_lead(now), in_branches(PersonRow.node_id, branches))
        .order_by(PersonRow.name, PersonRow.person_id)
    )
    return [
        Named(row.person_id, row.name, row.school_id or "", row.staff_no or "")
        for row in await session.execute(query)
    ]


async def _subjects_of_teachers(session: AsyncSession) -> dict[str, frozenset[str]]:
    query = select(TeacherSubjectRow.person_id, TeacherSubjectRow.subject_id)
    found: defaultdict[str, set[str]] = defaultdict(set)
    for row in await session.execute(query):
        found[row.person_id].add(row.subject_id)
    return {person_id: frozenset(subjects) for person_id, subjects in found.items()}


async def _pairings(session: AsyncSession, term: Term) -> tuple[Pairing, ...]:
    """Return the pairings that hold on some day of the term."""
    query = (
        select(
            PairingRow.pairing_id,
            PairingRow.center_school_id,
            PairingRow.point_school_id,
            PairingSubjectRow.subject_id,
        )
        .join(PairingSubjectRow, PairingSubjectRow.pairing_id == PairingRow.pairing_id)
        .where(
            PairingRow.active,
            PairingRow.valid_from < term.end,
            or_(PairingRow.valid_to.is_(None), PairingRow.valid_to >= term.starts_on),
        )
    )
    found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for row in await session.execute(query):
        found[row.center_school_id, row.point_school_id].add(row.subject_id)
    return tuple(
        Pairing(center, point, frozenset(subjects)) for (center, point), subjects in found.items()
    )


async def _bells(
    session: AsyncSession, county_id: str, schools: dict[str, str], term: Term
) -> dict[str, list[tuple[Period, ...]]]:
    """Return the bell schedules that hold on some day of the term, by school."""
    found: defaultdict[str, list[tuple[Period, ...]]] = defaultdict(list)
    for _, schedule in await load_schedules(session, county_id, schools):
        begins = schedule.valid_from is None or schedule.valid_from < term.end
        if begins and (schedule.valid_to is None or schedule.valid_to >= term.starts_on):
            found[schedule.school_id or ""].append(schedule.periods)
    return dict(found)
