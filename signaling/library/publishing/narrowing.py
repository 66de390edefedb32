"""Keys of the search index that narrow a question to what its viewer may see.

They keep out nothing that `publishing.visibility` allows, and narrow only: its condition decides.
Without them, somebody who may see one record in a hundred would wait for a hundred times as many
rows to be looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.actions import Action
from signaling.access.grants import branches_granted
from signaling.access.roles import ROOT_PATH, Actor
from signaling.directory.branches import nodes_in
from signaling.library.indexing import (
    EVERYBODY,
    FACETS,
    PUBLISHED,
    SIGNED_IN,
    branch_key,
    facet_key,
    node_key,
    owner_key,
    people_of,
)
from signaling.library.publishing.visibility import county_of, home_of
from signaling.library.search.core.query import AnyOf
from signaling.library.versions.wire import ShareScope

_BROAD = frozenset(("stage", "volume"))  # facets of two or three values
MAX_NODES = 300  # of branches; whoever works for more sees too much for keys to be of use


def narrowest_first(facets: Mapping[str, str]) -> Sequence[Mapping[str, str]]:
    """Return the facets whose keys are to be looked for: first without the broad ones, then all.

    Half of all records have one 册. To go through them costs more than to look at twice as many
    records, which the condition keeps out.
    """
    narrow = {name: value for name, value in facets.items() if name not in _BROAD}
    return (narrow, facets) if narrow and len(narrow) < len(facets) else (facets,)


def chosen_keys(facets: Mapping[str, str]) -> tuple[AnyOf, ...]:
    """Return the groups of keys for values by the names in `FACETS`."""
    return tuple((facet_key(name, facets[name]),) for name in FACETS if name in facets)


async def audience(session: AsyncSession, actor: Actor | None) -> AnyOf:
    """Return keys of which each record that somebody, or nobody known, may see has one.

    Args:
        session: a reading transaction.
        actor: the one who asks.
    """
    if actor is None:
        return (EVERYBODY,)
    keys = [EVERYBODY, SIGNED_IN, owner_key(actor.actor_id)]
    keys += [branch_key(part) for part in home_of(actor).split("/") if part]
    if actor.school_id is not None:
        keys.append(people_of(ShareScope.SCHOOL, actor.school_id))
    if county := county_of(actor):
        keys.append(people_of(ShareScope.COUNTY, county))
    paths = branches_granted(actor, Action.READ_RESOURCE)
    if ROOT_PATH in paths:
        return (PUBLISHED,)
    if paths:
        nodes = (await session.scalars(nodes_in(paths).limit(MAX_NODES + 1))).all()
        if len(nodes) > MAX_NODES:
            return (PUBLISHED,)
        keys += map(node_key, nodes)
    return tuple(keys)
