"""Teachers: accounts that wait for a password, subjects, a move to another school, an end."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from signaling.access.roles import Role
from signaling.base.errors import Forbidden, Invalid, LastAdmin, Taken
from signaling.base.problem_codes import ProblemCode
from signaling.directory.entries.pages import Search
from signaling.directory.entries.wire import EntryDisable
from signaling.directory.records import NO_PASSWORD
from signaling.directory.store import PeopleStore
from signaling.directory.subjects.wire import SubjectCreate
from signaling.directory.tables import GrantRow
from signaling.directory.teachers.wire import TeacherChange, TeacherCreate
from signaling.identity.tables import SessionRow
from tests.integration.signaling.directory.counties import ADMIN, NOW, OTHER, ROOT, Counties


async def _grants(counties: Counties, person_id: str) -> set[tuple[str, str]]:
    query = select(GrantRow.role, GrantRow.node_id).where(GrantRow.person_id == person_id)
    async with counties.database.read() as session:
        return {(str(role), node) for role, node in (await session.execute(query)).all()}


async def test_a_new_teacher_waits_for_a_first_password(both_counties: Counties) -> None:
    person = await PeopleStore(both_counties.database).person(both_counties.teacher)
    assert person is not None
    assert (person.login, person.password_hash) == ("A001", NO_PASSWORD)
    assert (person.must_change_password, person.school) == (True, "中心小学")
    assert await _grants(both_counties, both_counties.teacher) == {
        (Role.LEAD_TEACHER, both_counties.center)
    }


async def test_a_teacher_who_moves_takes_the_roles_of_the_school_along(
    both_counties: Counties,
) -> None:
    teacher, desk = both_counties.teacher, both_counties.desk
    async with both_counties.database.write() as session:
        for number, (role, node) in enumerate(
            (
                (Role.ASSISTANT, both_counties.center),
                (Role.ASSISTANT, both_counties.point),
                (Role.RESEARCHER, both_counties.center),
            )
        ):
            session.add(GrantRow(grant_id=f"g{number}", person_id=teacher, role=role, node_id=node))
    body = TeacherChange(name="王老师", staff_no="A001", school_id=both_counties.point, version=1)
    moved = await desk.teachers.change(ADMIN, teacher, body, 1)
    assert moved.school is not None and moved.school.school_id == both_counties.point
    assert await _grants(both_counties, teacher) == {
        (Role.LEAD_TEACHER, both_counties.point),
        (Role.ASSISTANT, both_counties.point),
        (Role.RESEARCHER, both_counties.center),  # granted there, not for being there
    }
    with pytest.raises(Invalid):
        await desk.teachers.change(
            ADMIN, teacher, TeacherChange(name="王", school_id=both_counties.far, version=2), 2
        )


async def test_subjects_are_the_countys_and_in_use(counties: Counties) -> None:
    desk = counties.desk
    art = await desk.subjects.create(ROOT, SubjectCreate(name="美术", county_id="c1"))
    far = await desk.subjects.create(ROOT, SubjectCreate(name="美术", county_id="c2"))

    def giving(version: int, *subject_ids: str) -> TeacherChange:
        return TeacherChange(
            name="王老师",
            staff_no="A001",
            school_id=counties.center,
            subject_ids=subject_ids,
            version=version,
        )

    with pytest.raises(Invalid) as refused:
        await desk.teachers.change(
            ADMIN, counties.teacher, giving(1, counties.subject, far.subject_id), 1
        )
    assert refused.value.code is ProblemCode.UNKNOWN_SUBJECT
    both = giving(1, counties.subject, art.subject_id)
    changed = await desk.teachers.change(ADMIN, counties.teacher, both, 1)
    assert {one.name for one in changed.subjects} == {"语文", "美术"}
    await desk.subjects.disable(ADMIN, art.subject_id, EntryDisable(1))
    kept = await desk.teachers.change(ADMIN, counties.teacher, giving(2, art.subject_id), 2)
    assert [one.name for one in kept.subjects] == ["美术"]
    listed = await desk.teachers.listed(ADMIN, Search(filters={"subject_id": art.subject_id}))
    assert listed[1] == 1
    await desk.teachers.change(ADMIN, counties.teacher, giving(3), 3)
    with pytest.raises(Invalid):  # out of use: not for whoever does not have it
        await desk.teachers.change(ADMIN, counties.teacher, giving(4, art.subject_id), 4)


async def test_logins_are_taken_everywhere_and_staff_numbers_in_the_county(
    counties: Counties,
) -> None:
    teachers = counties.desk.teachers
    for body, field in (
        (TeacherCreate(name="李", school_id=counties.point, login="a001"), "login"),
        (
            TeacherCreate(name="李", school_id=counties.point, login="li", staff_no="A001"),
            "staff_no",
        ),
    ):
        with pytest.raises(Taken) as refused:
            await teachers.create(ADMIN, body)
        assert refused.value.field == field
    body = TeacherCreate(name="李", school_id=counties.far, login="li", staff_no="A001")
    assert (await teachers.create(OTHER, body)).staff_no == "A001"


async def test_whoever_holds_roles_beyond_the_branch_is_not_locked_out(
    both_counties: Counties,
) -> None:
    teacher, desk = both_counties.teacher, both_counties.desk
    async with both_counties.database.write() as session:
        grant = GrantRow(grant_id="g", person_id=teacher, role=Role.INSPECTOR, node_id="c2")
        session.add(grant)
    with pytest.raises(Forbidden) as refused:
        await desk.teachers.disable(ADMIN, teacher, EntryDisable(1))
    assert refused.value.code is ProblemCode.BEYOND_BRANCH
    own = replace(ROOT, actor_id=teacher)
    with pytest.raises(Forbidden) as refused:
        await desk.teachers.disable(own, teacher, EntryDisable(1))
    assert refused.value.code is ProblemCode.OWN_ACCOUNT
    assert (await desk.teachers.disable(ROOT, teacher, EntryDisable(1))).disabled


async def test_the_logins_of_a_disabled_teacher_end(counties: Counties) -> None:
    async with counties.database.write() as session:
        session.add(
            SessionRow(
                id_hash="h",
                person_id=counties.teacher,
                room_id=None,
                created_at=NOW,
                expires_at=NOW,
            )
        )
    await counties.desk.teachers.disable(ADMIN, counties.teacher, EntryDisable(1))
    async with counties.database.read() as session:
        assert (await session.scalars(select(SessionRow.id_hash))).all() == []


async def test_the_last_admin_of_a_county_cannot_be_disabled(counties: Counties) -> None:
    async with counties.database.write() as session:
        session.add(
            GrantRow(grant_id="g", person_id=counties.teacher, role=Role.COUNTY_ADMIN, node_id="c1")
        )
    with pytest.raises(LastAdmin):
        await counties.desk.teachers.disable(ADMIN, counties.teacher, EntryDisable(1))
    assert (await counties.desk.teachers.get(ADMIN, counties.teacher)).active
