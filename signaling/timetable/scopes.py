"""Branches of the timetable's objects, and what an actor may do in them.

What lies outside of the actor's branches is not found; what lies inside and may only be read is
forbidden.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import ColumnElement, false, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.actions import Action
from signaling.access.grants import allows, branches_granted
from signaling.access.relations import Relation
from signaling.access.roles import ROOT_PATH, Actor
from signaling.base.errors import Forbidden, Invalid, NotFound
from signaling.base.problem_codes import ProblemCode
from signaling.directory.branches import in_branches
from signaling.directory.tables import CountyRow, OrgNodeRow, SchoolRow

MAX_COUNTIES = 200  # of one answer; a province has some 100


async def paths_of(session: AsyncSession, node_ids: Iterable[str]) -> frozenset[str]:
    """Return the paths of counties and schools."""
    query = select(OrgNodeRow.path).where(OrgNodeRow.node_id.in_(set(node_ids)))
    return frozenset(await session.scalars(query))


def demand_in(
    actor: Actor,
    action: Action,
    branches: Collection[str],
    held: Collection[Relation] = (),
    reads: Collection[Action] = (Action.READ_TERMS, Action.READ_TIMETABLE),
) -> None:
    """Raise unless the actor may do this in one of the branches.

    Args:
        actor: the one who asks.
        action: the action.
        branches: paths of the nodes to which the object belongs.
        held: relations of the actor to it.
        reads: by any of these actions the actor knows of the object.

    Raises:
        NotFound: the actor may not even read there.
        Forbidden: the actor may only read there.
    """
    if allows(actor, action, held, branches):
        return
    if any(allows(actor, one, held, branches) for one in reads):
        raise Forbidden()
    raise NotFound()


async def demand_county(
    session: AsyncSession,
    actor: Actor,
    action: Action,
    county_id: str,
    school_id: str | None = None,
) -> None:
    """Raise unless the actor may do this in a county, or in one school of it.

    Raises:
        NotFound: there is no such county for the actor.
        Forbidden: the actor may only read there.
        Invalid: the school is none of the county's.
    """
    known = await session.scalar(
        select(CountyRow.county_id).where(CountyRow.county_id == county_id)
    )
    if known is None:
        raise NotFound(code=ProblemCode.UNKNOWN_COUNTY, field="county_id")
    demand_in(actor, action, await paths_of(session, [school_id or county_id]))
    if school_id is not None:
        of = select(SchoolRow.county_id).where(SchoolRow.school_id == school_id)
        if await session.scalar(of) != county_id:
            raise Invalid(code=ProblemCode.UNKNOWN_SCHOOL, field="school_id")


async def counties_of(session: AsyncSession, actor: Actor) -> list[tuple[str, str, str]]:
    """Return id, name and path of the counties whose terms the actor may see, the own one first."""
    paths = set(branches_granted(actor, Action.READ_TERMS))
    seen = or_(
        OrgNodeRow.path == actor.county,
        in_branches(OrgNodeRow.node_id, paths) if paths else false(),
        # Whoever is granted a school's branch sees the terms of its county.
        OrgNodeRow.path.in_([path[: path.rindex("/", 0, -1) + 1] for path in paths - {ROOT_PATH}]),
    )
    query = (
        select(CountyRow.county_id, CountyRow.name, OrgNodeRow.path)
        .join(OrgNodeRow, OrgNodeRow.node_id == CountyRow.county_id)
        .where(seen)
        .order_by(OrgNodeRow.path != actor.county, CountyRow.name, CountyRow.county_id)
        .limit(MAX_COUNTIES)
    )
    return [(row[0], row[1], row[2]) for row in (await session.execute(query)).all()]


async def own_county(session: AsyncSession, actor: Actor, county_id: str | None) -> str:
    """Return the county that is asked for, or else the actor's own, or the first of the branch.

    Raises:
        NotFound: there is none.
    """
    if county_id is not None:
        return county_id
    found = await counties_of(session, actor)
    if not found:
        raise NotFound(code=ProblemCode.UNKNOWN_COUNTY, field="county")
    return found[0][0]


async def may_manage(session: AsyncSession, actor: Actor, node_id: str) -> bool:
    """Tell whether the actor may change the timetable of a county or school."""
    return allows(actor, Action.MANAGE_TIMETABLE, (), await paths_of(session, [node_id]))


def usable_schools(actor: Actor, county_id: str) -> ColumnElement[bool]:
    """Return the condition on schools whose rooms a plan of the county may use.

    They are the county's own, and those of other counties that the actor manages too.
    """
    own = SchoolRow.county_id == county_id
    paths = branches_granted(actor, Action.MANAGE_TIMETABLE)
    return own | in_branches(SchoolRow.school_id, paths) if paths else own
