"""The demo county: whatever the day, every page has something to show and a lesson can begin."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Select, func, select

from recorder.api import LessonFacts
from recorder.config import RecorderConfig
from recorder.service import RecorderService
from relay.config import RelayConfig
from relay.node import RelayNode
from signaling.access.actions import Action
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.base.calendar import days
from signaling.base.config import load
from signaling.command.demo import county
from signaling.command.demo.open_lesson import can_begin, keep_one_open
from signaling.command.demo.seeding import RECORDED, seed_county
from signaling.command.demo.term import admin_of
from signaling.command.seed import DEMO_PASSWORD, todays_lessons
from signaling.consent.reading import Question
from signaling.consent.wire import ConsentState
from signaling.directory.held import may_lead
from signaling.directory.tables import PersonRow
from signaling.ledger.tables import LedgerUnitRow
from signaling.ledger.wire import UnitOutcome
from signaling.lessons.records import shown
from signaling.lessons.tables import LessonRow
from signaling.lessons.wire import LessonState
from signaling.timetable.tables import PlannedLessonRow
from signaling.wiring import Services
from tests.support.services import ManualClock

ZONE = ZoneInfo("Asia/Shanghai")


class Copies:
    """The recordings that were kept."""

    def __init__(self) -> None:
        self.lessons: dict[str, float] = {}

    async def keep(self, clip: bytes, recording_id: str, facts: LessonFacts, at: float) -> None:
        assert clip.startswith(b"TKARCH")
        assert recording_id not in self.lessons
        self.lessons[recording_id] = at


@asynccontextmanager
async def services_at(data: Path, clock: ManualClock) -> AsyncIterator[Services]:
    config = load(overrides={"data_dir": str(data)})
    relay = RelayNode(RelayConfig(hosts=("127.0.0.1",), udp_port=0))
    recorder = RecorderService(RecorderConfig(data_dir=data, database_url=config.database))
    services = Services(config, relay, recorder, clock=clock)
    await services.prepare()
    try:
        yield services
    finally:
        await services.database.close()


async def _count(services: Services, query: Select[int]) -> int:
    async with services.database.read() as session:
        return await session.scalar(query) or 0


@pytest.mark.parametrize(
    "day",
    [
        pytest.param("2026-11-28T10:00", id="Saturday"),
        pytest.param("2026-10-01T23:30", id="National Day, late"),
        pytest.param("2027-03-10T09:00", id="a year without a holiday notice"),
    ],
)
async def test_a_lesson_can_begin_and_the_weeks_before_were_taught(
    tmp_path: Path, day: str
) -> None:
    clock = ManualClock(datetime.fromisoformat(day).replace(tzinfo=ZONE))
    copies = Copies()
    async with services_at(tmp_path, clock) as services:
        await seed_county(services, copies.keep, DEMO_PASSWORD)
        await keep_one_open(services)
        now = clock.now()
        ready = [one for one in await todays_lessons(services, now) if can_begin(one, now)]
        assert ready
        teacher = await services.people.person(ready[0].lead_teacher.person_id)
        assert teacher is not None
        assert Action.START_LESSON in shown(ready[0], teacher.actor(now)).may

        held = select(func.count()).select_from(LedgerUnitRow)
        held = held.where(LedgerUnitRow.outcome == UnitOutcome.HELD)
        assert await _count(services, held) > 200
        planned = select(func.count()).select_from(PlannedLessonRow)
        assert await _count(services, planned) > 500
        assert len(copies.lessons) == RECORDED
        assert max(copies.lessons.values()) < now.timestamp()
        reader = services.consents.reader
        page = await reader.listed(await admin_of(services), Question(), 200)
        assert page.term is not None
        assert all(one.classes > 0 for one in page.counts if one.state is not ConsentState.EXPIRED)


async def _teachers(services: Services) -> Sequence[str]:
    query = select(PersonRow.person_id).where(may_lead(services.clock.now()))
    async with services.database.read() as session:
        return (await session.scalars(query)).all()


async def test_a_later_start_adds_what_passed_and_nothing_twice(tmp_path: Path) -> None:
    clock = ManualClock(datetime(2026, 11, 23, 8, 0, tzinfo=ZONE))
    copies = Copies()
    ended = select(func.count()).select_from(LessonRow).where(LessonRow.state == LessonState.ENDED)
    async with services_at(tmp_path, clock) as services:
        await seed_county(services, copies.keep, DEMO_PASSWORD)
        first = await _count(services, ended)
        people = len(await _teachers(services))
        await seed_county(services, copies.keep, DEMO_PASSWORD)
        assert await _count(services, ended) == first
        clock.advance(days=1)
        await seed_county(services, copies.keep, DEMO_PASSWORD)
        midnight, _ = days(clock.now().astimezone(ZONE).date(), 1, ZONE)
        open_before = select(func.count()).select_from(LessonRow)
        open_before = open_before.where(
            LessonRow.state == LessonState.SCHEDULED, LessonRow.ends_at < midnight
        )
        assert first < await _count(services, ended) <= first + len(list(county.weekly_lessons()))
        assert await _count(services, open_before) < 10  # a teacher did not come
        assert len(await _teachers(services)) == people


async def test_somebody_elses_county_stays_as_it_is(tmp_path: Path) -> None:
    clock = ManualClock(datetime(2026, 11, 23, 8, 0, tzinfo=ZONE))
    async with services_at(tmp_path, clock) as services:
        async with services.audit.work(Actor("x", "x"), AuditAction.IMPORT) as work:
            await services.people.add_county(work, "elsewhere", "别县")
        await seed_county(services, Copies().keep, DEMO_PASSWORD)
        await keep_one_open(services)
        assert not await services.people.has_people()
