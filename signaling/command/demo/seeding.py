"""Making the demo county: at the first start all of it, at later ones what has passed meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from importlib.resources import files

import structlog
from sqlalchemy import select, update

from recorder.api import LessonFacts
from signaling.audit.actions import AuditAction
from signaling.audit.log import SYSTEM
from signaling.base.calendar import days
from signaling.command.demo import consents, county, ledger
from signaling.command.demo.history import teach
from signaling.command.demo.places import add_places
from signaling.command.demo.term import at_times_of, change_some, first_monday, plan_term
from signaling.directory.tables import PersonRow
from signaling.lessons.sources import LEAD_SOURCES
from signaling.lessons.tables import LessonRow
from signaling.timetable.tables import PlannedLessonRow
from signaling.wiring import Services

log = structlog.get_logger(__name__)

RECORDED = 8  # of the lessons that were held last
_CLIP = files("signaling.command.demo") / "clips" / "lesson.tka"

KeepCopy = Callable[[bytes, str, LessonFacts, float], Awaitable[None]]


async def seed_county(services: Services, keep_copy: KeepCopy, password: str) -> None:
    """Make the demo county in an empty database; hold its lessons up to yesterday.

    Before the recorder starts, which finishes the recordings. Any other database stays as it is.

    Args:
        services: over the database.
        keep_copy: `RecorderService.keep_copy`.
        password: everybody's.
    """
    zone = services.config.zone
    now = services.clock.now()
    today = now.astimezone(zone).date()
    fresh = await services.people.is_empty()
    if fresh:
        password_hash = await services.passwords.hash(password)
        action = AuditAction.SEED_DEMO
        async with services.audit.work(SYSTEM, action, county.COUNTY_ID) as work:
            await add_places(work, services.people, password_hash, first_monday(today))
        at = at_times_of(services)
        await plan_term(at, zone, today)
        await change_some(at, zone, today)
        await ledger.require(services, today)
        await consents.give(services)
    elif not await _is_ours(services):
        return
    midnight, _ = days(today, 1, zone)
    held = await teach(services, midnight)
    await ledger.count(services, midnight - timedelta(weeks=county.WEEKS), now)
    await _record(services, keep_copy, held[-RECORDED:])
    log.info("demo_county_ready", fresh=fresh, held=len(held))


async def _is_ours(services: Services) -> bool:
    """Tell whether the database holds the timetable of the demo county."""
    query = select(PlannedLessonRow.lesson_id).where(PlannedLessonRow.county_id == county.COUNTY_ID)
    async with services.database.read() as session:
        return await session.scalar(query.limit(1)) is not None


async def _record(services: Services, keep_copy: KeepCopy, lesson_ids: Sequence[str]) -> None:
    """Give lessons that were held a recording each."""
    clip = await asyncio.to_thread(_CLIP.read_bytes)
    query = (
        select(LessonRow, PersonRow.name)
        .join(PersonRow, PersonRow.person_id == LessonRow.lead_teacher_id)
        .where(LessonRow.lesson_id.in_(lesson_ids))
    )
    async with services.database.read() as session:
        found = (await session.execute(query)).all()
    for lesson, teacher in found:
        recording_id = f"demo{lesson.lesson_id}"
        begin: datetime = lesson.held_from or lesson.starts_at
        await keep_copy(clip, recording_id, _facts(lesson, teacher), begin.timestamp())
        async with services.database.write() as session:
            await session.execute(
                update(LessonRow)
                .where(LessonRow.lesson_id == lesson.lesson_id)
                .values(recording_id=recording_id)
            )


def _facts(lesson: LessonRow, teacher: str) -> LessonFacts:
    return LessonFacts(
        lesson_id=lesson.lesson_id,
        title=lesson.title,
        subject=lesson.subject,
        grade=lesson.grade,
        class_kind=lesson.class_kind,
        lead_teacher_id=lesson.lead_teacher_id,
        lead_teacher=teacher,
        source_names=dict.fromkeys(LEAD_SOURCES, teacher),
        lead_sources=LEAD_SOURCES,
    )
