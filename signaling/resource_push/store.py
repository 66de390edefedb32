"""Reading and writing the lists of lessons, and what was played of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.audit.log import Work
from signaling.resource_push.rules import Kept
from signaling.resource_push.tables import LessonPushRow, LessonResourceRow, ResourcePlayRow


@dataclass(frozen=True, slots=True)
class Chosen:
    """A resource as it was chosen for a lesson."""

    resource_id: str
    title: str
    length_s: float


async def revision_of(session: AsyncSession, lesson_id: str) -> int:
    """Return how often the list of a lesson was changed."""
    row = await session.get(LessonPushRow, lesson_id)
    return 0 if row is None else row.revision


async def chosen_for(
    session: AsyncSession, lesson_ids: Collection[str]
) -> Mapping[str, Sequence[Chosen]]:
    """Return the lists of lessons, each in its order."""
    row = LessonResourceRow
    query = (
        select(row)
        .where(row.lesson_id.in_(lesson_ids), row.position.is_not(None))
        .order_by(row.lesson_id, row.position)
    )
    found: dict[str, list[Chosen]] = defaultdict(list)
    for one in await session.scalars(query):
        found[one.lesson_id].append(Chosen(one.resource_id, one.title, one.length_s))
    return found


async def ever_chosen(session: AsyncSession, lesson_id: str) -> Mapping[str, Chosen]:
    """Return all that was ever on the list of a lesson, by resource."""
    row = LessonResourceRow
    rows = await session.scalars(select(row).where(row.lesson_id == lesson_id))
    return {one.resource_id: Chosen(one.resource_id, one.title, one.length_s) for one in rows}


async def plays_of(
    session: AsyncSession, lesson_ids: Collection[str], room_id: str | None = None
) -> Sequence[ResourcePlayRow]:
    """Return what rooms played in lessons; of one room, if it is named."""
    row = ResourcePlayRow
    query = select(row).where(row.lesson_id.in_(lesson_ids))
    if room_id is not None:
        query = query.where(row.room_id == room_id)
    query = query.order_by(row.lesson_id, row.room_id, row.first_at, row.resource_id)
    return (await session.scalars(query)).all()


async def write_list(
    work: Work, lesson_id: str, chosen: Sequence[Chosen], by: str, now: datetime
) -> None:
    """Write the list of a lesson. What is no longer on it keeps its row, without a place."""
    session = work.session
    row = await session.get(LessonPushRow, lesson_id)
    if row is None:
        session.add(LessonPushRow(lesson_id=lesson_id, revision=1, changed_at=now, changed_by=by))
    else:
        row.revision, row.changed_at, row.changed_by = row.revision + 1, now, by
    rows = await session.scalars(
        select(LessonResourceRow).where(LessonResourceRow.lesson_id == lesson_id)
    )
    known = {one.resource_id: one for one in rows}
    for one in known.values():
        one.position = None
    for position, wanted in enumerate(chosen):
        there = known.get(wanted.resource_id)
        if there is None:
            session.add(
                LessonResourceRow(
                    lesson_id=lesson_id,
                    resource_id=wanted.resource_id,
                    position=position,
                    title=wanted.title,
                    length_s=wanted.length_s,
                )
            )
        else:
            there.position, there.title = position, wanted.title
            there.length_s = wanted.length_s
    await session.flush()


async def write_plays(
    session: AsyncSession,
    seat: tuple[str, str],
    plays: Mapping[str, Kept],
    about: Mapping[str, Chosen],
    now: datetime,
) -> None:
    """Write what counts for a room, `seat` with its lesson, from now on."""
    lesson_id, room_id = seat
    for resource_id, kept in plays.items():
        row = await session.get(ResourcePlayRow, (lesson_id, room_id, resource_id))
        if row is None:
            row = ResourcePlayRow(
                lesson_id=lesson_id,
                room_id=room_id,
                resource_id=resource_id,
                first_at=kept.at,
            )
            session.add(row)
        row.title, row.length_s = about[resource_id].title, about[resource_id].length_s
        row.watched_s, row.last_at, row.told_at = kept.watched_s, kept.at, now
    await session.flush()
