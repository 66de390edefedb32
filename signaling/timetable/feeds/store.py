"""Reading and writing calendar feeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.roles import Role
from signaling.audit.log import Work
from signaling.base.database import Database
from signaling.directory.held import holds_at
from signaling.directory.tables import (
    CountyRow,
    GrantRow,
    OrgNodeRow,
    PersonRow,
    RoomRow,
    SchoolRow,
)
from signaling.timetable.feeds.owners import FeedOwner
from signaling.timetable.feeds.tables import CalendarFeedRow

_ENDED_AT_ONCE = 100  # feeds of one round of upkeep


@dataclass(frozen=True, slots=True)
class KnownFeed:
    """A feed that somebody has the secret of.

    Attributes:
        owner: whose it is.
        name: the owner's.
        county_id: whose terms it follows; None for somebody above counties.
        assists_at: the school whose lessons an assistant has, too.
    """

    owner: FeedOwner
    name: str
    county_id: str | None
    assists_at: str | None = None


class FeedStore:
    """Calendar feeds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def made_at(self, owner: FeedOwner) -> datetime | None:
        """Return when somebody's feed was made; None where there is none."""
        async with self._database.read() as session:
            query = select(CalendarFeedRow.made_at).where(_belongs_to(owner))
            found: datetime | None = await session.scalar(query)
            return found

    async def path_of(self, owner: FeedOwner) -> str | None:
        """Return the path of the org node to which somebody belongs; None where nobody is."""
        if owner.room_id is not None:
            node = select(RoomRow.school_id).where(RoomRow.room_id == owner.room_id)
        else:
            node = select(PersonRow.node_id).where(PersonRow.person_id == owner.person_id)
        async with self._database.read() as session:
            query = select(OrgNodeRow.path).where(OrgNodeRow.node_id == node.scalar_subquery())
            found: str | None = await session.scalar(query)
            return found

    async def put(
        self, work: Work, owner: FeedOwner, secret_hash: str, now: datetime, made_by: str
    ) -> None:
        """Give somebody a feed; the one before ends."""
        await self.drop(work, owner)
        work.session.add(
            CalendarFeedRow(
                secret_hash=secret_hash,
                person_id=owner.person_id,
                room_id=owner.room_id,
                made_at=now,
                made_by=made_by,
            )
        )
        await work.session.flush()

    async def drop(self, work: Work, owner: FeedOwner) -> bool:
        """End somebody's feed; whether there was one."""
        statement = delete(CalendarFeedRow).where(_belongs_to(owner))
        dropped = await work.session.scalar(statement.returning(CalendarFeedRow.secret_hash))
        return dropped is not None

    async def known(self, secret_hash: str, now: datetime) -> KnownFeed | None:
        """Return the feed of a secret, unless its account, room or school is closed."""
        async with self._database.read() as session:
            row = await session.get(CalendarFeedRow, secret_hash)
            if row is None:
                return None
            owner = FeedOwner(row.person_id, row.room_id)
            if owner.room_id is not None:
                return await _feed_of_room(session, owner)
            return await _feed_of_person(session, owner, now)

    async def ended(self, now: datetime) -> Sequence[FeedOwner]:
        """Return the first owners of feeds whose account, room or school is closed."""
        people = select(PersonRow.person_id).where(_has_account(now))
        rooms = select(RoomRow.room_id).join(SchoolRow, _IN_SCHOOL).where(_IS_OPEN)
        person_id, room_id = CalendarFeedRow.person_id, CalendarFeedRow.room_id
        closed = or_(
            and_(person_id.is_not(None), person_id.not_in(people)),
            and_(room_id.is_not(None), room_id.not_in(rooms)),
        )
        async with self._database.read() as session:
            query = select(person_id, room_id).where(closed).limit(_ENDED_AT_ONCE)
            return [FeedOwner(*row) for row in await session.execute(query)]


_IN_SCHOOL = RoomRow.school_id == SchoolRow.school_id
_IS_OPEN = and_(RoomRow.active, SchoolRow.active)


def _has_account(now: datetime) -> ColumnElement[bool]:
    return and_(PersonRow.active, or_(PersonRow.left_at.is_(None), PersonRow.left_at > now))


def _belongs_to(owner: FeedOwner) -> ColumnElement[bool]:
    if owner.room_id is not None:
        return CalendarFeedRow.room_id == owner.room_id
    return CalendarFeedRow.person_id == owner.person_id


async def _feed_of_room(session: AsyncSession, owner: FeedOwner) -> KnownFeed | None:
    query = (
        select(SchoolRow.county_id, SchoolRow.name, RoomRow.name)
        .join(RoomRow, _IN_SCHOOL)
        .where(RoomRow.room_id == owner.room_id, _IS_OPEN)
    )
    row = (await session.execute(query)).one_or_none()
    return None if row is None else KnownFeed(owner, f"{row[1]} {row[2]}", row[0])


async def _feed_of_person(
    session: AsyncSession, owner: FeedOwner, now: datetime
) -> KnownFeed | None:
    query = (
        select(PersonRow.name, PersonRow.school_id, SchoolRow.county_id, CountyRow.county_id)
        .outerjoin(SchoolRow, SchoolRow.school_id == PersonRow.school_id)
        .outerjoin(CountyRow, CountyRow.county_id == PersonRow.node_id)
        .where(PersonRow.person_id == owner.person_id, _has_account(now))
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        return None
    name, school_id, school_county, own_county = row
    assists = select(GrantRow.grant_id).where(
        GrantRow.person_id == owner.person_id,
        GrantRow.role == Role.ASSISTANT,
        holds_at(now),
    )
    is_assistant = await session.scalar(assists.limit(1)) is not None
    county_id = own_county if school_county is None else school_county
    return KnownFeed(owner, name, county_id, school_id if is_assistant else None)
