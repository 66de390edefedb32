"""Writing the demo county's directory: nodes, schools, rooms, classes, people, pairings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.roles import Role
from signaling.audit.log import Work
from signaling.command.demo import county
from signaling.directory.branches import concerns_node
from signaling.directory.store import PeopleStore
from signaling.directory.tables import (
    ClassRow,
    PairingRow,
    PairingSubjectRow,
    SchoolRow,
    SubjectRow,
    TeacherSubjectRow,
)

TEXTBOOK = "人教版"
MAX_POINTS = 3  # teaching points in one lesson
MAX_LESSONS = 4  # that a centre school leads at once


async def add_places(work: Work, people: PeopleStore, password_hash: str, since: date) -> None:
    """Write the whole directory into an empty database.

    Args:
        work: the action under way.
        people: writes accounts and places.
        password_hash: of everybody's password.
        since: the day from which the pairings hold.
    """
    await people.add_county(work, county.COUNTY_ID, county.COUNTY)
    await concerns_node(work, county.COUNTY_ID)
    for school in county.SCHOOLS:
        await _add_school(work, people, school)
    work.session.add_all(_subjects())
    await work.session.flush()
    for teacher in county.TEACHERS:
        await people.add_person(
            work,
            person_id=teacher.person_id,
            login=teacher.login,
            name=teacher.name,
            password_hash=password_hash,
            roles=(Role.LEAD_TEACHER,),
            school_id=teacher.school_id,
        )
    for person in county.PEOPLE:
        await people.add_person(
            work,
            person_id=person.person_id,
            login=person.login,
            name=person.name,
            password_hash=password_hash,
            roles=(person.role,),
            school_id=None if person.node_id == county.COUNTY_ID else person.node_id,
            node_id=person.node_id,
        )
    await _add_relations(work.session, since)


def subject_id(name: str) -> str:
    """Return the id of a subject of the demo county."""
    return f"subject-{county.SUBJECTS.index(name) + 1}"


async def _add_school(work: Work, people: PeopleStore, school: county.DemoSchool) -> None:
    await people.add_school(work, school.school_id, county.COUNTY_ID, school.name, school.kind)
    row = await work.session.get_one(SchoolRow, school.school_id)
    row.uplink_mbps = school.link_mbps
    row.max_lessons = MAX_LESSONS if school.kind == "center_school" else None
    await people.add_room(work, school.room_id, school.school_id, school.room)
    work.session.add_all(
        ClassRow(
            class_id=one.class_id,
            school_id=school.school_id,
            name=one.name,
            grade=one.grade,
            pupils=one.pupils,
        )
        for one in school.classes
    )
    await work.session.flush()


def _subjects() -> Iterator[SubjectRow]:
    for position, name in enumerate(county.SUBJECTS):
        yield SubjectRow(
            subject_id=subject_id(name),
            county_id=county.COUNTY_ID,
            name=name,
            position=position,
        )


async def _add_relations(session: AsyncSession, since: date) -> None:
    """Write who gives what, and which schools are paired."""
    session.add_all(
        TeacherSubjectRow(person_id=teacher.person_id, subject_id=subject_id(subject))
        for teacher in county.TEACHERS
        for subject in teacher.subjects
    )
    pairs = [(center, point) for center in county.CENTERS for point in county.points_of(center)]
    session.add_all(
        PairingRow(
            pairing_id=f"pairing-{point.school_id}",
            center_school_id=center.school_id,
            point_school_id=point.school_id,
            valid_from=since,
            max_points=MAX_POINTS,
            textbook=TEXTBOOK,
        )
        for center, point in pairs
    )
    await session.flush()
    given = {
        center.school_id: {
            subject
            for teacher in county.TEACHERS
            if teacher.school_id == center.school_id
            for subject in teacher.subjects
        }
        for center in county.CENTERS
    }
    session.add_all(
        PairingSubjectRow(pairing_id=f"pairing-{point.school_id}", subject_id=subject_id(subject))
        for center, point in pairs
        for subject in sorted(given[center.school_id])
    )
    await session.flush()
