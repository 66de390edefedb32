"""The demo county: a lesson that is open now, and people with their seats."""

from datetime import UTC, date, datetime
from pathlib import Path

from signaling.base.calendar import days
from signaling.command import seed
from signaling.lessons.rules import OPEN_STATES
from signaling.lessons.seats import seat_of
from tests.support.services import ManualClock, lead_teacher, new_lesson, running_services


async def test_the_demo_has_a_lesson_open_at_any_time_of_any_day(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running_services(tmp_path, clock) as services:
        for step in (0, 1, 0.5, 3, 9, 6, 24, 24 * 7):
            clock.advance(hours=step)
            await seed.seed_lessons(services)
            await seed.seed_lessons(services)
            lessons = await seed.todays_lessons(services, clock.now())
            open_now = [lesson for lesson in lessons if seed.is_open(lesson, clock.now())]
            assert len(open_now) == 1
            codes = [lesson.join_code for lesson in lessons if lesson.state in OPEN_STATES]
            assert len(set(codes)) == len(codes)
        text = await seed.introduction(services, "http://x")
        assert open_now[0].join_code in text
        assert seed.DEMO_PASSWORD in text


async def test_a_demo_started_just_after_midnight_has_its_open_lesson_today(tmp_path: Path) -> None:
    clock = ManualClock(datetime(2026, 11, 22, 16, 2, tzinfo=UTC))  # 00:02 in Shanghai
    async with running_services(tmp_path, clock) as services:
        await seed.seed_lessons(services)
        today = days(date(2026, 11, 23), 1, services.config.zone)
        listed, _ = await services.lessons.listed(await lead_teacher(services), *today, None)
        assert seed.is_open(listed[0], clock.now())


async def test_seats_of_the_demo_people(tmp_path: Path) -> None:
    async with running_services(tmp_path) as services:
        record = await services.lesson_store.lesson(await new_lesson(services))
        assert record is not None
        for account, visible in (("wang", True), ("jiaoyan", False), ("xianguan", False)):
            person = await services.people.person_by_login(account)
            assert person is not None
            seat = seat_of(person.actor(services.clock.now()), record.parties)
            assert seat is not None
            assert seat.visible is visible
