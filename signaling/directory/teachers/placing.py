"""The org node to which a teacher or assistant belongs: who has none below a county, and moving.

An upgrade from a version without the org tree knew no county of people without a school. With
several counties they stand above all of them, and see neither terms nor rooms of any.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.roles import Role
from signaling.directory.tables import GrantRow, OrgNodeRow, PersonRow
from signaling.directory.wire import OrgLevel

# Roles that move with a person to another school.
AT_SCHOOL = (Role.LEAD_TEACHER, Role.ASSISTANT)
MOST_UNPLACED = 100  # of one answer
_PLACES = (OrgLevel.COUNTY, OrgLevel.SCHOOL)


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A person whose roles want a county, and who belongs to none."""

    person_id: str
    login: str
    name: str


async def unplaced(session: AsyncSession) -> Sequence[Unplaced]:
    """Return the first people with such roles who belong to no county, by login."""
    holds = select(GrantRow.person_id).where(GrantRow.role.in_(AT_SCHOOL))
    query = (
        select(PersonRow.person_id, PersonRow.login, PersonRow.name)
        .join(OrgNodeRow, OrgNodeRow.node_id == PersonRow.node_id)
        .where(PersonRow.active, OrgNodeRow.level.not_in(_PLACES), PersonRow.person_id.in_(holds))
        .order_by(PersonRow.login)
        .limit(MOST_UNPLACED)
    )
    return [Unplaced(*row) for row in await session.execute(query)]


async def move(session: AsyncSession, row: PersonRow, node_id: str) -> None:
    """Let a person belong to a school or county, with the roles of the node before."""
    there = select(GrantRow.role).where(
        GrantRow.person_id == row.person_id, GrantRow.node_id == node_id
    )
    held = set(await session.scalars(there))
    at_former = (GrantRow.person_id == row.person_id) & (GrantRow.node_id == row.node_id)
    for role in AT_SCHOOL:
        grant = at_former & (GrantRow.role == role)
        if role in held:
            await session.execute(delete(GrantRow).where(grant))
        else:
            await session.execute(update(GrantRow).where(grant).values(node_id=node_id))
    row.node_id = node_id
