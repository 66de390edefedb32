"""Two counties with two schools each, and somebody of every role: who sees what of the other?

Every id and name of a county has its mark, so that a test finds in any answer what leaks.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp

from signaling.access.roles import Actor, Role
from signaling.access.signing import fingerprint
from signaling.audit.log import SYSTEM, Work
from signaling.base.columns import Base
from signaling.directory.tables import ClassRow, PairingRow, SubjectRow
from signaling.identity.store import DeviceOrigin
from signaling.ledger.tables import RequirementRow
from signaling.lessons.wire import ClassKind, DeliveryMode, LessonCreate
from signaling.timetable.plan_wire import PlanKind
from signaling.timetable.proposals.tables import ProposalRow
from signaling.timetable.proposals.wire import ProposalState
from signaling.timetable.tables import BellScheduleRow, PlanRow, TermRow, UnwantedPeriodRow
from signaling.wiring import Services
from tests.support.server import Client
from tests.support.services import ManualClock, running_services, serving

PASSWORD = "Qingshan-2026"
ROLES = tuple(role for role in Role if role is not Role.RECEIVE_ROOM)


@dataclass(frozen=True)
class Place:
    """A school of a county. Ids of what belongs to it follow from its own."""

    county: str
    number: int

    @property
    def school(self) -> str:
        return f"{self.county}-school-{self.number}"

    @property
    def room(self) -> str:
        return f"{self.school}-room"

    def person(self, role: Role) -> str:
        """Somebody of the school with this role there."""
        return f"{self.school}-{role}"

    @property
    def teacher(self) -> str:
        return self.person(Role.LEAD_TEACHER)


@dataclass(frozen=True)
class County:
    """A county: `mark` stands in every id and name of it."""

    mark: str

    def school(self, number: int) -> Place:
        return Place(self.mark, number)

    @property
    def schools(self) -> tuple[Place, Place]:
        return self.school(1), self.school(2)

    def person(self, role: Role) -> str:
        """Somebody of the county itself with this role in all of it."""
        return f"{self.mark}-{role}"


OURS, THEIRS = County("jiaxian"), County("yixian")
COUNTIES = (OURS, THEIRS)


@dataclass
class World:
    """The services with both counties in them, and their HTTP face."""

    services: Services
    base: str
    http: aiohttp.ClientSession

    async def sign_in(self, person_id: str) -> Client:
        """A client of a person; its cookies are its own."""
        client = self.client()
        await client.login(person_id, PASSWORD)
        return client

    def client(self) -> Client:
        """A client that is not signed in."""
        session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self._clients.append(session)
        return Client(self.base, session)

    async def terminal(self, room_id: str) -> Client:
        """The terminal of a room, bound by a code."""
        room = await self.services.people.room(room_id)
        assert room is not None
        admin = await self.actor(
            COUNTIES[room_id.startswith(THEIRS.mark)].person(Role.COUNTY_ADMIN)
        )
        made = await self.services.identity_desk.bindings.make_code(admin, room_id, self.base)
        client = self.client()
        body = {"code": made.code}
        client.identity = await client.call("POST", "/api/terminal/redeem", body)
        return client

    async def actor(self, person_id: str) -> Actor:
        """A person as one who asks the services."""
        person = await self.services.people.person(person_id)
        assert person is not None
        return person.actor(self.services.clock.now())

    def __post_init__(self) -> None:
        self._clients: list[aiohttp.ClientSession] = []

    async def close(self) -> None:
        for session in self._clients:
            await session.close()


@asynccontextmanager
async def two_counties(
    data: Path, clock: ManualClock | None = None, **more: Any
) -> AsyncIterator[World]:
    """Both counties, served in this process; `more` settings may be given."""
    settings = {"http_host": "127.0.0.1", "http_port": 0, "log_level": "warning", **more}
    async with running_services(data, clock, seeded=False, **settings) as services:
        await furnish(services)
        async with serving(services) as http, aiohttp.ClientSession() as session:
            world = World(services, http.url, session)
            try:
                yield world
            finally:
                await world.close()


async def furnish(services: Services) -> None:
    """Put both counties into the database."""
    hashed = await services.passwords.hash(PASSWORD)
    async with services.audit.work(SYSTEM, "test") as work:
        for county in COUNTIES:
            await services.people.add_county(work, county.mark, county.mark)
            work.session.add(_subject(county))
            await _add_people(services, work, county.person, hashed, county.mark, None)
            for place in county.schools:
                await _add_school(services, work, place, hashed)
            await work.session.flush()
            work.session.add(_pairing(county, services))
            work.session.add_all(_timetable(county, services))
            await work.session.flush()
            work.session.add_all(_plan(place, services) for place in county.schools)
            work.session.add_all(_proposal(place, services) for place in county.schools)


async def _add_school(services: Services, work: Work, place: Place, hashed: str) -> None:
    kind = "center_school" if place.number == 1 else "teaching_point"
    await services.people.add_school(work, place.school, place.county, place.school, kind)
    await services.people.add_room(work, place.room, place.school, place.room)
    work.session.add(
        ClassRow(
            class_id=f"{place.school}-class",
            school_id=place.school,
            name=f"{place.school}-class",
            grade="一年级",
        )
    )
    await services.logins.add_device(
        work,
        fingerprint(place.room),
        place.room,
        DeviceOrigin.ISSUED,
        services.clock.now(),
    )
    await _add_people(services, work, place.person, hashed, place.school, place.school)


async def _add_people(
    services: Services, work: Work, name: Any, hashed: str, node_id: str, school_id: str | None
) -> None:
    for role in ROLES:
        who = name(role)
        await services.people.add_person(
            work,
            person_id=who,
            login=who,
            name=who,
            password_hash=hashed,
            roles=(role,),
            school_id=school_id,
            node_id=node_id,
        )


def _subject(county: County) -> SubjectRow:
    name = f"{county.mark}-subject"
    return SubjectRow(subject_id=name, county_id=county.mark, name=name, position=1)


def _timetable(county: County, services: Services) -> Iterable[Base]:
    """Yield one row of every noun with which a county plans lessons, and of what it must give."""
    mark, today = county.mark, services.clock.now().date()
    yield TermRow(
        term_id=f"{mark}-term", county_id=mark, name=f"{mark}-term", starts_on=today, weeks=20
    )
    yield BellScheduleRow(schedule_id=f"{mark}-bells", county_id=mark, name=f"{mark}-bells")
    yield UnwantedPeriodRow(wish_id=f"{mark}-unwanted", county_id=mark, period=1)
    yield RequirementRow(
        requirement_id=f"{mark}-requirement",
        node_id=mark,
        grade="一年级",
        subject=f"{mark}-subject",
        periods=2,
        first=today,
    )


def _plan(place: Place, services: Services) -> PlanRow:
    return PlanRow(
        plan_id=f"{place.school}-plan",
        county_id=place.county,
        term_id=f"{place.county}-term",
        kind=PlanKind.PERIODIC,
        class_kind=ClassKind.DEDICATED,
        delivery_mode=DeliveryMode.LEAD_WITH_PUPILS,
        subject_id=f"{place.county}-subject",
        title=f"{place.school}-plan",
        grade="一年级",
        lead_teacher_id=place.teacher,
        weekday=1,
        weeks=0b10,  # the first week
        dates="",
        period=1,
        period_count=1,
        created_at=services.clock.now(),
    )


def _proposal(place: Place, services: Services) -> ProposalRow:
    now = services.clock.now()
    return ProposalRow(
        proposal_id=f"{place.school}-proposal",
        county_id=place.county,
        term_id=f"{place.county}-term",
        school_id=place.school,
        begins=now.date(),
        state=ProposalState.OPEN,
        wish="{}",
        job_id="none",
        made_by=place.teacher,
        made_by_name=place.teacher,
        made_at=now,
    )


def _pairing(county: County, services: Services) -> PairingRow:
    center, point = county.schools
    return PairingRow(
        pairing_id=f"{county.mark}-pairing",
        center_school_id=center.school,
        point_school_id=point.school,
        valid_from=services.clock.now().date(),
    )


async def held_lesson(world: World, place: Place) -> str:
    """A lesson from a school to its own room and no other, that has begun; its id."""
    services = world.services
    teacher = await world.actor(place.teacher)
    now = services.clock.now()
    wish = LessonCreate(
        title=f"{place.school}-lesson",
        class_kind=ClassKind.DEDICATED,
        subject="语文",
        grade="一年级",
        starts_at=now,
        ends_at=now + timedelta(minutes=40),
        lead_teacher_id=place.teacher,
        receive_room_ids=(place.room,),
    )
    lesson = await services.lessons.create(teacher, wish)
    await services.lessons.start(teacher, lesson.lesson_id)
    return lesson.lesson_id


def leaks(text: str, county: County) -> bool:
    """Tell whether a text tells anything of a county."""
    return county.mark in text


def people_of(county: County) -> Iterable[str]:
    """Somebody of every role, in all of the county and in its first school alone."""
    for role in ROLES:
        yield county.person(role)
        yield county.school(1).person(role)
