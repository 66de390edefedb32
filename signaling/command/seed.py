"""The demo county: what `tongke serve --seed-demo` puts into an empty database.

Ids are fixed, so that links and remembered terminals survive a new seed. The password is public:
never on a server that others can reach (docs/operations.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from signaling.access.roles import Role
from signaling.audit.actions import AuditAction
from signaling.audit.log import SYSTEM, Work
from signaling.base.calendar import days
from signaling.base.errors import Clash
from signaling.command.words import Word
from signaling.directory.branches import concerns_node
from signaling.directory.store import PeopleStore
from signaling.lessons.pages import Span
from signaling.lessons.records import LessonRecord
from signaling.lessons.rules import OPEN_STATES
from signaling.lessons.wire import ClassKind, LessonCreate
from signaling.wiring import Services

log = structlog.get_logger(__name__)

DEMO_PASSWORD = "tongke-demo"  # noqa: S105 - public on purpose, printed at start
COUNTY = ("county-qingshan", "青山县")
CENTER_SCHOOL = "school-center"
LEAD_ROOM = "leadroom1"
LEAD_TEACHER = "teacher-wang"
LESSON_LENGTH = timedelta(minutes=40)
_OPEN_BEFORE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """A demo account."""

    person_id: str
    login: str
    name: str
    role: Role
    school_id: str | None


@dataclass(frozen=True, slots=True)
class DemoSchool:
    """A demo school with its one room."""

    school_id: str
    name: str
    kind: str
    room_id: str
    room: str


SCHOOLS = (
    DemoSchool(CENTER_SCHOOL, "青山中心小学", "center_school", LEAD_ROOM, "录播教室"),
    DemoSchool("school-shanquan", "山泉教学点", "teaching_point", "shanquan1", "一年级教室"),
    DemoSchool("school-yunling", "云岭教学点", "teaching_point", "yunling1", "复式班教室"),
    DemoSchool("school-shiqiao", "石桥教学点", "teaching_point", "shiqiao1", "多媒体教室"),
)
RECEIVE_ROOMS = tuple(s.room_id for s in SCHOOLS if s.kind == "teaching_point")
ACCOUNTS = (
    DemoAccount(LEAD_TEACHER, "wang", "王老师", Role.LEAD_TEACHER, CENTER_SCHOOL),
    DemoAccount("admin-li", "xianguan", "李管理员", Role.COUNTY_ADMIN, None),
    DemoAccount("resource-zhao", "ziyuan", "赵资源", Role.RESOURCE_ADMIN, None),
    DemoAccount("researcher-chen", "jiaoyan", "陈教研", Role.RESEARCHER, None),
)
# What is taught over a day, at hours after the lesson that is open now.
PLAN = (
    (0, "《小小的船》", "语文", "一年级", ClassKind.DEDICATED),
    (1, "认识图形", "数学", "一年级", ClassKind.DEDICATED),
    (2, "《让我们荡起双桨》", "音乐", "二年级", ClassKind.MASTER),
    (4, "美丽的家乡", "美术", "三年级", ClassKind.DEDICATED),
)


async def seed_people(services: Services) -> None:
    """Create places and people, if there is nobody and nothing yet."""
    people = services.people
    if not await people.is_empty():
        return
    password_hash = await services.passwords.hash(DEMO_PASSWORD)
    async with services.audit.work(SYSTEM, AuditAction.SEED_DEMO, COUNTY[0]) as work:
        await people.add_county(work, *COUNTY)
        await concerns_node(work, COUNTY[0])
        for school in SCHOOLS:
            await people.add_school(work, school.school_id, COUNTY[0], school.name, school.kind)
            await people.add_room(work, school.room_id, school.school_id, school.room)
        for account in ACCOUNTS:
            await _add_account(people, work, account, password_hash)
    log.info("demo_county_seeded", county=COUNTY[1])


async def _add_account(
    people: PeopleStore, work: Work, account: DemoAccount, password_hash: str
) -> None:
    await people.add_person(
        work,
        person_id=account.person_id,
        login=account.login,
        name=account.name,
        password_hash=password_hash,
        roles=(account.role,),
        school_id=account.school_id,
        node_id=account.school_id or COUNTY[0],
    )


async def seed_lessons(services: Services) -> None:
    """See to it that a lesson is open now, and that the day has a plan when it begins.

    Run at the start and with the housekeeping, so that a demo left running has lessons tomorrow,
    too.
    """
    if await services.people.person(LEAD_TEACHER) is None:
        return  # somebody else's database: nothing to show in it
    now = services.clock.now()
    today = await todays_lessons(services, now)
    if any(is_open(lesson, now) for lesson in today):
        return
    zone = services.config.zone
    today_starts, midnight = days(now.astimezone(zone).date(), 1, zone)
    plan = PLAN[:1] if any(one.starts_at >= today_starts for one in today) else PLAN
    first = now.replace(second=0, microsecond=0) - _OPEN_BEFORE
    for hours, title, subject, grade, kind in plan:
        starts_at = first + timedelta(hours=hours)
        if hours and starts_at >= midnight:
            continue
        wish = LessonCreate(
            title=title,
            class_kind=kind,
            subject=subject,
            grade=grade,
            starts_at=starts_at,
            ends_at=starts_at + LESSON_LENGTH,
            lead_teacher_id=LEAD_TEACHER,
            receive_room_ids=RECEIVE_ROOMS,
            lead_room_id=LEAD_ROOM,
        )
        path = await services.lesson_store.branch_of_teacher(LEAD_TEACHER)
        try:
            async with services.audit.work(SYSTEM, AuditAction.LESSON_CREATE, detail=title) as work:
                work.target = await services.lesson_store.create(work, wish)
                work.concerns(path, title)
        except Clash:
            continue  # people have arranged something else for that hour


async def todays_lessons(services: Services, now: datetime) -> Sequence[LessonRecord]:
    """The lessons of the county's day; one over midnight is among them."""
    start, end = days(now.astimezone(services.config.zone).date(), 1, services.config.zone)
    return await services.lesson_store.between(Span(start, end, now))


def is_open(lesson: LessonRecord, now: datetime) -> bool:
    """True if a lesson can be held now."""
    return lesson.state in OPEN_STATES and lesson.starts_at <= now < lesson.ends_at


async def introduction(services: Services, url: str) -> str:
    """Return the words for a first-time user at the terminal."""
    now, zone = services.clock.now(), services.config.zone
    people = (
        Word.DEMO_ACCOUNT(login=a.login, name=a.name, role=_ROLE_NAMES[a.role]()) for a in ACCOUNTS
    )
    lessons = [
        Word.DEMO_LESSON(
            at=f"{lesson.starts_at.astimezone(zone):%H:%M}",
            join_code=lesson.join_code,
            title=lesson.title,
            mark=Word.DEMO_OPEN_NOW() if is_open(lesson, now) else "",
        )
        for lesson in await todays_lessons(services, now)
        if lesson.state in OPEN_STATES
    ]
    lines = [
        Word.DEMO_STARTED(url=url),
        "",
        Word.DEMO_PEOPLE(url=url, password=DEMO_PASSWORD),
        *people,
        Word.DEMO_ROOMS(url=url),
        "",
        Word.DEMO_TODAY(),
        *lessons,
    ]
    return "\n".join(["", *(f"  {line}" if line else "" for line in lines), ""])


_ROLE_NAMES = {
    Role.LEAD_TEACHER: Word.LEAD_TEACHER,
    Role.COUNTY_ADMIN: Word.COUNTY_ADMIN,
    Role.RESOURCE_ADMIN: Word.RESOURCE_ADMIN,
    Role.RESEARCHER: Word.RESEARCHER,
}
