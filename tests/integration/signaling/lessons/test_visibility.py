"""Lists hold exactly what the table of grants allows, whoever asks and whatever there is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from signaling.access.actions import Action
from signaling.access.grants import GRANTS, granted, may_somewhere, standing
from signaling.access.lists import permitted
from signaling.access.relations import Relation
from signaling.access.roles import ROOT_PATH, Actor, BranchRole, Role
from signaling.audit.log import AuditLog
from signaling.base.clock import SystemClock
from signaling.base.config import Config
from signaling.base.database import Database
from signaling.base.errors import Forbidden, NotFound
from signaling.base.events import Events
from signaling.directory.choices import Choices
from signaling.directory.service import DirectoryService
from signaling.directory.tables import (
    CountyRow,
    GrantRow,
    OrgNodeRow,
    PersonRow,
    RoomRow,
    SchoolRow,
)
from signaling.directory.tree import add_county, add_school
from signaling.directory.wire import PersonRef
from signaling.lessons.parties import led_by, relations, standing_in
from signaling.lessons.service import LessonService
from signaling.lessons.store import LessonStore
from signaling.lessons.tables import LessonRoomRow, LessonRow
from signaling.lessons.visibility import PREDICATES, lessons_in, lessons_of
from signaling.lessons.wire import ClassKind, LessonState
from tests.integration.signaling.stores import AT
from tests.support.services import ManualClock

# What these actions are done to is a school, a county's terms, a job, or a resource: no lesson.
NOT_OF_LESSONS = {
    Action.READ_DIRECTORY,
    Action.READ_TERMS,
    Action.READ_JOB,
    Action.CANCEL_JOB,
    Action.READ_RESOURCE,
    Action.EDIT_RESOURCE,
    Action.CAPTION_RESOURCE,
    Action.SUBMIT_RESOURCE,
    Action.WITHDRAW_RESOURCE,
    Action.DELETE_RESOURCE,
    Action.EXPORT_FILM,
    Action.SHARE_RESOURCE,
    Action.KEEP_SERIES,
    Action.READ_FEDERATED,
}

# The same few names for people and rooms: a terminal must not pass for the person of its id.
NAMES = st.sampled_from(["x0", "x1", "x2", "x3"])
SCHOOLS = st.sampled_from(["s0", "s1", "s2"])
PEOPLE = [role for role in Role if role is not Role.RECEIVE_ROOM]
TABLES = (LessonRoomRow, LessonRow, GrantRow, PersonRow, RoomRow, SchoolRow, CountyRow)
# Two counties, so that a branch holds some and not all.
COUNTIES = {"s0": "c0", "s1": "c0", "s2": "c1"}
PATHS = {
    "cn": ROOT_PATH,
    **{county: f"{ROOT_PATH}{county}/" for county in COUNTIES.values()},
    **{school: f"{ROOT_PATH}{county}/{school}/" for school, county in COUNTIES.items()},
}
NODES = st.sampled_from(sorted(PATHS))


@dataclass(frozen=True)
class Person:
    person_id: str
    school_id: str | None
    roles: frozenset[Role]
    active: bool
    node_id: str
    branch: str

    @property
    def actor(self) -> Actor:
        grants = frozenset(BranchRole(role, PATHS[self.branch]) for role in self.roles)
        county = PATHS.get(COUNTIES.get(self.node_id, ""), "")
        who = self.person_id
        return Actor(who, who, self.roles, self.school_id, grants=grants, county=county)


@dataclass(frozen=True)
class Lesson:
    lesson_id: str
    lead_teacher_id: str
    lead_room_id: str | None
    receive_room_ids: frozenset[str]


@dataclass(frozen=True)
class County:
    rooms: dict[str, str]  # the school of each
    people: Sequence[Person]
    lessons: Sequence[Lesson]
    actors: Sequence[Actor]


_PATHS = st.sampled_from(["", *PATHS.values()])
_GRANTS = st.builds(BranchRole, st.sampled_from(Role), st.sampled_from(sorted(PATHS.values())))


@st.composite
def counties(draw: st.DrawFn) -> County:
    rooms = draw(st.dictionaries(NAMES, SCHOOLS, min_size=1))
    roles = st.frozensets(st.sampled_from(PEOPLE), max_size=3)
    school = st.none() | SCHOOLS
    people = [
        Person(who, draw(school), draw(roles), draw(st.booleans()), draw(NODES), draw(NODES))
        for who in draw(st.sets(NAMES, min_size=1))
    ]
    some_rooms = st.frozensets(st.sampled_from(sorted(rooms)), max_size=3)
    lessons = [
        Lesson(
            f"l{number}",
            draw(st.sampled_from([person.person_id for person in people])),
            draw(st.none() | st.sampled_from(sorted(rooms))),
            draw(some_rooms),
        )
        for number in range(draw(st.integers(0, 6)))
    ]
    terminals = [
        Actor(room_id, room_id, frozenset({Role.RECEIVE_ROOM}), school_id, room_id)
        for room_id, school_id in rooms.items()
    ]
    persons = [person.actor for person in people]
    # Nobody's account can be so, but the rule has an answer for it.
    anybody = Actor(
        draw(NAMES),
        "anybody",
        draw(st.frozensets(st.sampled_from(Role))),
        draw(school),
        draw(st.none() | NAMES),
        grants=draw(st.frozensets(_GRANTS, max_size=3)),
        county=draw(_PATHS),
    )
    return County(rooms, people, lessons, (*terminals, *persons, anybody))


async def put(database: Database, county: County) -> None:
    """Make the database hold this county and nothing else."""
    async with database.write() as session:
        for table in TABLES:
            await session.execute(delete(table))
        await session.execute(delete(OrgNodeRow).where(OrgNodeRow.level == "school"))
        await session.execute(delete(OrgNodeRow).where(OrgNodeRow.level == "county"))
        for county_id in sorted(set(COUNTIES.values())):
            await add_county(session, county_id, county_id)
        for school_id, county_id in COUNTIES.items():
            await add_school(session, school_id, county_id, "s", "school")
        session.add_all(
            RoomRow(room_id=room_id, school_id=school_id, name=room_id)
            for room_id, school_id in county.rooms.items()
        )
        session.add_all(
            PersonRow(
                person_id=person.person_id,
                login=person.person_id,
                name="same name",
                password_hash="x",
                school_id=person.school_id,
                active=person.active,
                node_id=person.node_id,
            )
            for person in county.people
        )
        await session.flush()
        session.add_all(
            GrantRow(
                grant_id=f"{role}-{person.person_id}",
                person_id=person.person_id,
                role=role,
                node_id=person.branch,
            )
            for person in county.people
            for role in person.roles
        )
        session.add_all(_lesson_row(lesson) for lesson in county.lessons)
        await session.flush()
        session.add_all(
            LessonRoomRow(lesson_id=lesson.lesson_id, room_id=room_id, position=place)
            for lesson in county.lessons
            for place, room_id in enumerate(lesson.receive_room_ids)
        )


def _lesson_row(lesson: Lesson) -> LessonRow:
    return LessonRow(
        lesson_id=lesson.lesson_id,
        title="t",
        class_kind=ClassKind.DEDICATED,
        subject="s",
        grade="g",
        state=LessonState.SCHEDULED,
        starts_at=AT,
        ends_at=AT + timedelta(minutes=40),
        lead_teacher_id=lesson.lead_teacher_id,
        lead_room_id=lesson.lead_room_id,
        join_code=lesson.lesson_id,
    )


properties = settings(
    max_examples=settings.default.max_examples // 4,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@given(county=counties())
@properties
async def test_the_list_of_lessons_holds_what_may_be_read(
    database: Database, county: County
) -> None:
    await put(database, county)
    events = Events()
    store = LessonStore(database)
    lessons = LessonService(
        store, AuditLog(database, None, events), events, SystemClock(), Config()
    )
    for actor in county.actors:
        listed, _ = await lessons.listed(actor, AT, AT + timedelta(days=1), None)
        readable = set()
        for lesson in county.lessons:
            try:
                readable.add((await lessons.get(actor, lesson.lesson_id)).lesson_id)
            except NotFound:
                continue
        assert {record.lesson_id for record in listed} == readable


@given(county=counties())
@properties
async def test_every_action_and_relation_means_the_same_in_sql(
    database: Database, county: County
) -> None:
    await put(database, county)
    parties = {
        lesson_id: record.parties
        for lesson_id, record in (
            await LessonStore(database).lessons([one.lesson_id for one in county.lessons])
        ).items()
    }
    async with database.read() as session:
        for actor in county.actors:
            held = {lesson_id: relations(actor, one) for lesson_id, one in parties.items()}
            stands = {lesson_id: standing_in(actor, one) for lesson_id, one in parties.items()}
            for relation in PREDICATES:
                found = set(await session.scalars(lessons_of(relation, actor)))
                assert found == {one for one in parties if relation in held[one]}
            for action in Action:
                if action in NOT_OF_LESSONS:
                    continue
                visible = permitted(actor, action, PREDICATES, lessons_in)
                found = set(await session.scalars(select(LessonRow.lesson_id).where(visible)))
                assert found == {one for one in parties if granted(action, stands[one])}


@given(county=counties())
@properties
async def test_the_directory_lists_the_teachers_for_whom_lessons_may_be_created(
    database: Database, county: County
) -> None:
    await put(database, county)
    service = DirectoryService(Choices(database), ManualClock())
    for actor in county.actors:
        if not may_somewhere(actor, Action.READ_DIRECTORY):
            with pytest.raises(Forbidden):
                await service.directory(actor)
            continue
        directory = await service.directory(actor)
        rooms = {room.room_id for school in directory.schools for room in school.rooms}
        assert rooms == {
            room_id
            for room_id, school_id in county.rooms.items()
            if granted(Action.READ_DIRECTORY, standing(actor, (), [PATHS[school_id]]))
        }
        teachers = [
            PersonRef(person.person_id, "same name")
            for person in sorted(county.people, key=lambda person: person.person_id)
            if person.active
            and Role.LEAD_TEACHER in person.roles
            and granted(
                Action.CREATE_LESSON,
                standing_in(actor, led_by(person.person_id, PATHS[person.node_id])),
            )
        ]
        assert list(directory.lead_teachers) == teachers


def test_every_relation_that_a_grant_of_lessons_names_has_a_predicate() -> None:
    named = {
        relation
        for action, grants in GRANTS.items()
        for _, relation in grants
        if action not in NOT_OF_LESSONS
    }
    assert named - {Relation.NONE, Relation.IN_BRANCH} <= PREDICATES.keys()
