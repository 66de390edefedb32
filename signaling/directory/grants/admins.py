"""Seeing to it that every county keeps an admin."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from signaling.access.roles import Role
from signaling.audit.log import Work
from signaling.base.database import Database
from signaling.base.errors import LastAdmin
from signaling.directory.held import holds_at
from signaling.directory.tables import GrantRow, OrgNodeRow, PersonRow
from signaling.directory.wire import OrgLevel

_ADMINS_LOCK = 0x544B_4144  # PostgreSQL advisory lock: one change of admins at a time

_County = aliased(OrgNodeRow, name="county")
_Other = aliased(GrantRow, name="other")
_OtherNode = aliased(OrgNodeRow, name="other_node")
_OtherPerson = aliased(PersonRow, name="other_person")


class CountyAdmins:
    """The admins of the counties: those who hold the role at a county's node or above it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def lock(self, work: Work) -> None:
        """Let no other change of admins pass until this work is committed."""
        await self._database.serialize(work.session, _ADMINS_LOCK)

    async def demand_others(
        self,
        work: Work,
        now: datetime,
        *,
        person_id: str,
        grant_id: str | None = None,
    ) -> None:
        """Raise LastAdmin if a county would have nobody without this person's admin roles.

        One who stays is not made up for by one whose time ends.

        Args:
            work: the action under way, after `lock`.
            now: roles that end before it do not count.
            person_id: whose roles go.
            grant_id: the one that goes; all of the person's if None.
        """
        bereft = await _bereft(work.session, now, person_id, grant_id)
        if bereft is not None:
            raise LastAdmin(facts={"county": bereft})


async def _bereft(
    session: AsyncSession, now: datetime, person_id: str, grant_id: str | None
) -> str | None:
    """Return the name of a county that would have no admin left."""
    own = and_(GrantRow.person_id == person_id, true() if grant_id is None else _is(grant_id))
    other = _Other.person_id != person_id
    if grant_id is not None:
        other = or_(other, _Other.grant_id != grant_id)
    lasting = _Other.until.is_(None)
    left = exists().where(
        _Other.role == Role.COUNTY_ADMIN,
        other,
        or_(lasting, and_(GrantRow.until.is_not(None), _Other.until > now)),
        _OtherNode.node_id == _Other.node_id,
        _covers(_OtherNode),
        _OtherPerson.person_id == _Other.person_id,
        _OtherPerson.active,
    )
    query = (
        select(_County.name)
        .select_from(GrantRow)
        .join(PersonRow, PersonRow.person_id == GrantRow.person_id)
        .join(OrgNodeRow, OrgNodeRow.node_id == GrantRow.node_id)
        .join(_County, and_(_County.level == OrgLevel.COUNTY, _covers(OrgNodeRow)))
        .where(
            own,
            GrantRow.role == Role.COUNTY_ADMIN,
            holds_at(now),
            PersonRow.active,
            ~left,
        )
        .limit(1)
    )
    return await session.scalar(query)


def _is(grant_id: str) -> ColumnElement[bool]:
    return GrantRow.grant_id == grant_id


def _covers(node: type[OrgNodeRow]) -> ColumnElement[bool]:
    """Return the condition that the county lies at or below a node."""
    return func.substr(_County.path, 1, func.length(node.path)) == node.path
