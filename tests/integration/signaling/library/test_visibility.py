"""The list in SQL holds exactly what the rule in Python allows, on both engines."""

import random

import pytest

from recorder.api import Entry
from signaling.access.actions import Action
from signaling.access.grants import GRANTS, granted
from signaling.access.relations import Relation
from signaling.access.roles import ROOT_PATH, Actor, BranchRole, Role
from signaling.base.cursors import Place
from signaling.base.database import Database
from signaling.directory.tables import PersonRow, RoomRow
from signaling.directory.tree import add_county, add_school
from signaling.lessons.parties import Parties
from signaling.lessons.store import LessonStore
from signaling.lessons.tables import LessonRoomRow, LessonRow
from signaling.lessons.wire import ClassKind, LessonState
from signaling.library.records import Resource
from signaling.library.store import ResourceStore
from signaling.library.visibility import PREDICATES, standing_to
from tests.integration.signaling.library.entries import AT, an_entry

SCHOOLS = tuple(f"school{n}" for n in range(4))
COUNTIES = ("county0", "county1")
COUNTY_OF = {school: COUNTIES[n % 2] for n, school in enumerate(SCHOOLS)}
NODES = {
    **{county: f"{ROOT_PATH}{county}/" for county in COUNTIES},
    **{school: f"{ROOT_PATH}{county}/{school}/" for school, county in COUNTY_OF.items()},
    "cn": ROOT_PATH,
}
ROOMS = {f"room{n}": SCHOOLS[n % len(SCHOOLS)] for n in range(9)}
PEOPLE = tuple(f"person{n}" for n in range(6))
LESSONS = tuple(f"lesson{n}" for n in range(25))
GONE = ("gone0", "gone1", "gone2")  # lessons that are in no table any more
RECORDINGS = 60
ACTORS = 150


async def _world(database: Database, chance: random.Random) -> list[Entry]:
    """Schools, lessons with random people and rooms, and recordings of them and of lost ones."""
    async with database.write() as session:
        for county in COUNTIES:
            await add_county(session, county, "县")
        for school, county in COUNTY_OF.items():
            await add_school(session, school, county, school, "x")
        session.add_all(RoomRow(room_id=r, school_id=s, name=r) for r, s in ROOMS.items())
        session.add_all(
            PersonRow(person_id=p, login=p, name=p, password_hash="x", node_id=node)
            for p, node in zip(PEOPLE, NODES, strict=False)
        )
        await session.flush()
        for lesson_id in LESSONS:
            lead_room = chance.choice((None, *ROOMS))
            session.add(
                LessonRow(
                    lesson_id=lesson_id,
                    title="课",
                    class_kind=ClassKind.DEDICATED,
                    subject="语文",
                    grade="一年级",
                    state=LessonState.ENDED,
                    starts_at=AT,
                    ends_at=AT,
                    lead_teacher_id=chance.choice(PEOPLE),
                    lead_room_id=lead_room,
                    join_code=lesson_id[:8],
                )
            )
            await session.flush()
            invited = chance.sample(sorted(ROOMS), chance.randrange(4))
            session.add_all(
                LessonRoomRow(lesson_id=lesson_id, room_id=room, position=place)
                for place, room in enumerate(invited)
                if room != lead_room
            )
    return [
        an_entry(
            f"recording{number:02}",
            chance.choice((*LESSONS, *GONE)),
            # It may say another teacher than the lesson, of which the lesson is right.
            teacher=chance.choice(PEOPLE),
            minutes=chance.randrange(20),  # so that many began in the same moment
        )
        for number in range(RECORDINGS)
    ]


MEMBERS = (Role.LEAD_TEACHER, Role.RECEIVE_ROOM, Role.ASSISTANT)  # who needs a relation


def _actor(chance: random.Random) -> Actor:
    """Anybody: people, terminals, strangers, and some whom no login makes."""
    of = chance.choice((MEMBERS, MEMBERS, tuple(Role)))
    roles = frozenset(chance.sample(of, chance.randrange(4)))
    room = chance.choice((None, *chance.sample(sorted(ROOMS), 2), "elsewhere"))
    school = chance.choice((None, *SCHOOLS, "elsewhere"))
    who = room or chance.choice((*PEOPLE, "stranger", ""))
    paths = (*NODES.values(), "/cn/elsewhere/")
    grants = frozenset(BranchRole(role, chance.choice(paths)) for role in roles if room is None)
    county = chance.choice(("", *NODES.values()))
    return Actor(who, "x", roles, school, room, grants=grants, county=county)


async def _all_pages(store: ResourceStore, actor: Actor, limit: int) -> list[Resource]:
    found: list[Resource] = []
    place: Place | None = None
    while True:
        page, place = await store.page(actor, limit=limit, before=place)
        assert len(page) == limit if place is not None else len(page) <= limit
        found += page
        if place is None:
            return found


@pytest.mark.parametrize("seed", range(3))
async def test_the_list_holds_exactly_what_the_rule_allows(database: Database, seed: int) -> None:
    chance = random.Random(seed)
    entries = await _world(database, chance)
    store = ResourceStore(database)
    await store.follow(entries, AT)
    lessons = await LessonStore(database).lessons(LESSONS)
    everything = []
    for entry in entries:
        resource = await store.of_recording(entry.recording_id)
        assert resource is not None
        everything.append(resource)
    everything.sort(key=lambda one: (one.started_at, one.recording_id), reverse=True)

    def parties(resource: Resource) -> Parties | None:
        lesson = lessons.get(resource.lesson_id)
        return None if lesson is None else lesson.parties

    paths = dict(zip(PEOPLE, NODES.values(), strict=False))
    seen = 0
    for _ in range(ACTORS):
        actor = _actor(chance)
        allowed = [
            one
            for one in everything
            if granted(
                Action.READ_RECORDING,
                standing_to(actor, one, parties(one), paths.get(one.lead_teacher_id, "")),
            )
        ]
        assert await _all_pages(store, actor, chance.randrange(1, 30)) == allowed
        seen += len(allowed) not in {0, len(everything)}
    assert seen > ACTORS / 5  # else the actors prove little


def test_every_relation_of_the_grant_has_its_predicate() -> None:
    named = {relation for _, relation in GRANTS[Action.READ_RECORDING]}
    assert named - {Relation.NONE, Relation.IN_BRANCH} <= PREDICATES.keys()


def test_who_may_read_all_recordings_is_shown_all_of_the_branch() -> None:
    branch = Relation.IN_BRANCH
    everywhere = {role for role, held in GRANTS[Action.READ_RECORDING] if held is branch}
    assert {role for role, _ in GRANTS[Action.READ_ALL_RECORDINGS]} == everywhere
