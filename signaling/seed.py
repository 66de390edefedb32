"""The demo county: what `tongke serve --seed-demo` puts into an empty database.

Ids are fixed, so that links and remembered terminals survive a new seed. The password is public:
never on a server that others can reach (docs/operations.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from signaling.core.calendar import days
from signaling.core.lesson_state import OPEN_STATES
from signaling.core.resources import ClassKind, LessonCreate, Role
from signaling.db.audit_log import SYSTEM, Work
from signaling.db.lesson_store import Span
from signaling.db.people_store import PeopleStore
from signaling.errors import Clash
from signaling.records import LessonRecord
from signaling.services import Services

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
    async with services.audit.work(SYSTEM, "seed_demo", COUNTY[0]) as work:
        await people.add_county(work, *COUNTY)
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
        try:
            async with services.audit.work(SYSTEM, "lesson_create", detail=title) as work:
                work.target = await services.lesson_store.create(work, wish)
        except Clash:
            continue  # people have arranged something else for that hour


async def todays_lessons(services: Services, now: datetime) -> Sequence[LessonRecord]:
    """The lessons of the county's day; one over midnight is among them."""
    start, end = days(now.astimezone(services.config.zone).date(), 1, services.config.zone)
    return await services.lesson_store.between(Span(start, end, now), None)


def is_open(lesson: LessonRecord, now: datetime) -> bool:
    """Whether a lesson can be held now."""
    return lesson.state in OPEN_STATES and lesson.starts_at <= now < lesson.ends_at


async def introduction(services: Services, url: str) -> str:
    """What a first-time user is told, in the terminal."""
    now = services.clock.now()
    lines = [
        "",
        f"  同课 Tongke 已启动   {url}",
        "",
        f"  老师与管理员   {url}/login        密码均为 {DEMO_PASSWORD}",
    ]
    lines += [f"    {a.login:<10} {a.name}({_ROLE_NAMES[a.role]})" for a in ACCOUNTS]
    lines += [f"  教室大屏       {url}/classroom    凭课程码登录", "", "  今日课程"]
    zone = services.config.zone
    for lesson in await todays_lessons(services, now):
        mark = " ← 现在可以开始" if is_open(lesson, now) else ""
        if lesson.state in OPEN_STATES:
            at = lesson.starts_at.astimezone(zone)
            lines.append(f"    {at:%H:%M}  课程码 {lesson.join_code}  {lesson.title}{mark}")
    return "\n".join([*lines, ""])


_ROLE_NAMES = {
    Role.LEAD_TEACHER: "主讲教师",
    Role.COUNTY_ADMIN: "县级管理员",
    Role.RESOURCE_ADMIN: "资源管理员",
    Role.RESEARCHER: "教研员",
}
