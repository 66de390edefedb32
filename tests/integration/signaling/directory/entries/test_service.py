"""Entries of the directory: who may do what, concurrent changes, disabling, the audit row."""

import asyncio
import json
from typing import Any

import pytest

from signaling.access.roles import Actor, Role
from signaling.audit.actions import AuditAction
from signaling.base.errors import (
    ChangedMeanwhile,
    Forbidden,
    Invalid,
    NotFound,
    SignalingError,
    Taken,
)
from signaling.base.problem_codes import ProblemCode
from signaling.directory.classes.wire import ClassChange, ClassCreate
from signaling.directory.entries.pages import Search
from signaling.directory.entries.service import EntryService
from signaling.directory.entries.wire import EntryDisable
from signaling.directory.nodes.wire import NodeChange
from signaling.directory.pairings.wire import PairingChange, PairingCreate
from signaling.directory.rooms.wire import RoomChange, RoomCreate
from signaling.directory.schools.wire import SchoolChange, SchoolCreate
from signaling.directory.subjects.wire import SubjectChange
from signaling.directory.teachers.wire import TeacherChange, TeacherCreate
from signaling.directory.wire import SchoolKind
from tests.integration.signaling.directory.counties import (
    ADMIN,
    NOW,
    OTHER,
    OTHER_TEACHER,
    ROOT,
    TEACHER,
    Counties,
    admin_of,
)

RESEARCHER = Actor("r", "教研员", frozenset({Role.RESEARCHER}))


async def _all(counties: Counties) -> dict[str, tuple[EntryService[Any], str, Any]]:
    """One entry of each noun in c1, with a body that changes it."""
    desk, school = counties.desk, counties.center
    made = await desk.classes.create(ADMIN, ClassCreate(name="1班", grade="一", school_id=school))
    pairing = await desk.pairings.create(
        ADMIN,
        PairingCreate(
            center_school_id=school,
            point_school_id=counties.point,
            subject_ids=(counties.subject,),
            valid_from=NOW.date(),
        ),
    )
    subjects = (counties.subject,)
    change = PairingChange(subject_ids=subjects, valid_from=NOW.date(), max_points=3, version=1)
    return {
        "nodes": (desk.nodes, "c1", NodeChange(name="新青山县", version=1)),
        "schools": (
            desk.schools,
            school,
            SchoolChange(name="新名", kind=SchoolKind.CENTER_SCHOOL, version=1),
        ),
        "rooms": (desk.rooms, counties.room, RoomChange(name="新教室", seats=40, version=1)),
        "classes": (desk.classes, made.class_id, ClassChange(name="2班", grade="一", version=1)),
        "subjects": (desk.subjects, counties.subject, SubjectChange(name="数学", version=1)),
        "pairings": (desk.pairings, pairing.pairing_id, change),
        "teachers": (
            desk.teachers,
            counties.teacher,
            TeacherChange(name="王芳", school_id=counties.point, version=1),
        ),
    }


async def test_what_is_outside_of_the_branch_does_not_exist(counties: Counties) -> None:
    far = admin_of("/cn/c2/" + counties.far + "/")
    for service, entry_id, body in (await _all(counties)).values():
        for who in (OTHER, far, OTHER_TEACHER, RESEARCHER):
            for refused in (
                service.get(who, entry_id),
                service.change(who, entry_id, body, 1),
                service.disable(who, entry_id, EntryDisable(1, confirmed=True)),
                service.enable(who, entry_id, 1),
            ):
                with pytest.raises(NotFound):
                    await refused
        for who in (OTHER, far):
            listed, total, _ = await service.listed(who, Search())
            assert entry_id not in {getattr(one, service.noun.key.key) for one in listed}
            assert len(listed) == total
        with pytest.raises(Forbidden):
            await service.listed(RESEARCHER, Search())


async def test_a_teacher_reads_the_own_county_and_changes_nothing(counties: Counties) -> None:
    for noun, (service, entry_id, body) in (await _all(counties)).items():
        with pytest.raises(NotFound if noun == "teachers" else Forbidden):
            await service.change(TEACHER, entry_id, body, 1)
        with pytest.raises(Forbidden):
            service.demand_may_create(TEACHER)
        if noun != "teachers":
            assert (await service.get(TEACHER, entry_id)).version == 1
            assert (await service.listed(TEACHER, Search()))[1] > 0


async def test_every_change_counts_a_version_and_leaves_one_audit_row(counties: Counties) -> None:
    for noun, (service, entry_id, body) in (await _all(counties)).items():
        changed = await service.change(ADMIN, entry_id, body, 1)
        assert changed.version == 2
        again = await service.change(ADMIN, entry_id, body, 2)
        assert again == changed  # nothing is different: nothing is written
        rows = await counties.audit.entries(AuditAction.DIRECTORY_CHANGE)
        mine = [row for row in rows if row.target == entry_id]
        assert len(mine) == 1 and json.loads(mine[0].detail)["noun"] == noun
        assert mine[0].path.startswith("/cn/c1/")


async def test_of_two_who_change_the_same_one_is_told(both_counties: Counties) -> None:
    rooms, room = both_counties.desk.rooms, both_counties.room

    async def change(seats: int) -> object:
        try:
            body = RoomChange(name="一年级教室", seats=seats, version=1)
            return await rooms.change(ADMIN, room, body, 1)
        except ChangedMeanwhile as error:
            return error

    answers = await asyncio.gather(*(change(seats) for seats in (30, 40, 50)))
    lost = [one for one in answers if isinstance(one, ChangedMeanwhile)]
    assert [one.facts for one in lost] == [{"version": 2, "fields": "seats"}] * 2
    (won,) = [one for one in answers if not isinstance(one, ChangedMeanwhile)]
    assert await rooms.get(ADMIN, room) == won


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        (RoomCreate(name="一年级教室", school_id="point"), "name", ProblemCode.TAKEN),
        (RoomCreate(name="甲", school_id="far"), "school_id", ProblemCode.UNKNOWN_SCHOOL),
        (RoomCreate(name="甲", school_id="c1"), "school_id", ProblemCode.UNKNOWN_SCHOOL),
        (RoomCreate(name="甲", school_id="none"), "school_id", ProblemCode.UNKNOWN_SCHOOL),
    ],
)
async def test_a_room_that_cannot_be_is_refused_by_the_field(
    counties: Counties, body: RoomCreate, field: str, code: ProblemCode
) -> None:
    place = {"point": counties.point, "far": counties.far}.get(body.school_id, body.school_id)
    with pytest.raises(SignalingError) as refused:
        await counties.desk.rooms.create(ADMIN, RoomCreate(name=body.name, school_id=place))
    assert (refused.value.field, refused.value.code) == (field, code)


async def test_names_are_taken_within_their_school_or_county_only(counties: Counties) -> None:
    desk = counties.desk
    await desk.rooms.create(ADMIN, RoomCreate(name="一年级教室", school_id=counties.center))
    twin = SchoolCreate(name="中心小学", kind=SchoolKind.SCHOOL, county_id="c2", code="2145000001")
    await desk.schools.create(OTHER, twin)
    for county, who in (("c1", ADMIN), ("c2", OTHER)):
        with pytest.raises(Taken):
            await desk.schools.create(
                who, SchoolCreate(name="中心小学", kind=SchoolKind.SCHOOL, county_id=county)
            )
    with pytest.raises(Invalid):
        await desk.schools.create(
            ADMIN, SchoolCreate(name="新校", kind=SchoolKind.SCHOOL, county_id="c2")
        )


async def test_lessons_ahead_have_to_be_confirmed_and_stay(both_counties: Counties) -> None:
    lesson_id = await both_counties.lesson()
    await both_counties.lesson(hours=-2)  # over: nobody is asked about it
    desk = both_counties.desk
    used: list[tuple[EntryService[Any], str]] = [
        (desk.rooms, both_counties.room),
        (desk.teachers, both_counties.teacher),
        (desk.schools, both_counties.point),
    ]
    for service, entry_id in used:
        asked = await service.disable(ADMIN, entry_id, EntryDisable(1))
        assert [one.lesson_id for one in asked.lessons] == [lesson_id]
        assert (asked.disabled, asked.lessons_total) == (False, 1)
        assert asked.lessons[0].lead_teacher == "王老师"
        assert (await service.get(ADMIN, entry_id)).active
    assert await both_counties.audit.entries(AuditAction.DIRECTORY_DISABLE) == ()
    for service, entry_id in used:
        done = await service.disable(ADMIN, entry_id, EntryDisable(1, confirmed=True))
        assert (done.disabled, done.version) == (True, 2)
        with pytest.raises(ChangedMeanwhile):
            await service.disable(ADMIN, entry_id, EntryDisable(1, confirmed=True))
        again = await service.disable(ADMIN, entry_id, EntryDisable(2, confirmed=True))
        assert (again.disabled, again.version) == (True, 2)
    assert len(await both_counties.audit.entries(AuditAction.DIRECTORY_DISABLE)) == len(used)
    for service, entry_id in used:
        opened = await service.enable(ADMIN, entry_id, 2)
        assert opened.active and opened.version == 3


async def test_what_has_no_lessons_ahead_is_disabled_at_once(counties: Counties) -> None:
    await counties.lesson(hours=-2)
    wish = EntryDisable(1, reason="撤点并校")
    done = await counties.desk.rooms.disable(ADMIN, counties.room, wish)
    assert (done.disabled, done.lessons, done.lessons_total) == (True, (), 0)
    (row,) = await counties.audit.entries(AuditAction.DIRECTORY_DISABLE)
    told = {"active": [True, False], "reason": [None, "撤点并校"]}
    assert json.loads(row.detail)["fields"] == told


async def test_a_disabled_school_takes_no_new_rooms(counties: Counties) -> None:
    desk = counties.desk
    await desk.schools.disable(ADMIN, counties.point, EntryDisable(1, confirmed=True))
    with pytest.raises(Invalid) as refused:
        await desk.rooms.create(ADMIN, RoomCreate(name="新", school_id=counties.point))
    assert refused.value.code is ProblemCode.UNKNOWN_SCHOOL
    room = await desk.rooms.get(ADMIN, counties.room)
    assert (room.active, room.school_active) == (True, False)
    assert (await desk.rooms.listed(ADMIN, Search(active=True)))[1] == 0


async def test_a_name_that_was_taken_meanwhile_keeps_an_entry_disabled_or_not(
    counties: Counties,
) -> None:
    rooms = counties.desk.rooms
    with pytest.raises(Taken):
        await rooms.create(ROOT, RoomCreate(name="一年级教室", school_id=counties.point))
    await rooms.disable(ADMIN, counties.room, EntryDisable(1))
    with pytest.raises(Taken):  # a disabled room comes back with its name
        await rooms.create(ROOT, RoomCreate(name="一年级教室", school_id=counties.point))
    assert (await rooms.enable(ADMIN, counties.room, 2)).name == "一年级教室"


async def test_a_teacher_without_login_or_number_is_refused(counties: Counties) -> None:
    with pytest.raises(Invalid) as refused:
        await counties.desk.teachers.create(
            ADMIN, TeacherCreate(name="李", school_id=counties.center)
        )
    assert refused.value.code is ProblemCode.LOGIN_MISSING
