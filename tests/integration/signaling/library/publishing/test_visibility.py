"""The library holds exactly what the rule in Python allows: lists and search, on both engines."""

import random

import pytest
from sqlalchemy import select

from signaling.access.roles import ROOT_PATH
from signaling.access.signing import Keyring
from signaling.base.cursors import read_cursor
from signaling.base.database import Database
from signaling.library.indexing import index_missing, index_of
from signaling.library.publishing.facets import Facets
from signaling.library.publishing.reading import LibraryReader, Viewer, Wanted
from signaling.library.publishing.tickets import Tickets
from signaling.library.publishing.visibility import may_see
from signaling.library.references.store import shown_references
from signaling.library.versions.ground import ResourceNotFound
from signaling.library.versions.tables import PublicationRow
from tests.integration.signaling.library.random_resources import PATHS, anybody, fill
from tests.support.services import ManualClock

ACTORS = 100


async def _listed(reader: LibraryReader, viewer: Viewer, limit: int) -> list[str]:
    found: list[str] = []
    place = None
    while True:
        page = await reader.listed(viewer, Wanted(), limit=limit, before=place)
        found += [one.resource_id for one in page.resources]
        if page.next is None:
            return found
        place = read_cursor(page.next)


@pytest.mark.parametrize("seed", range(2))
async def test_list_search_and_facets_hold_exactly_what_the_rule_allows(
    database: Database, seed: int
) -> None:
    chance, clock = random.Random(seed), ManualClock()
    await fill(database, chance, clock.now())
    reader = LibraryReader(database, index_of(database), Tickets(Keyring(b"x" * 32), clock), clock)
    facets = Facets(database, index_of(database), clock)
    async with database.read() as session:
        everything = (await session.scalars(select(PublicationRow))).all()
        copies = await shown_references(session, [one.resource_id for one in everything])
    by_time = sorted(everything, key=lambda one: (one.published_at, one.resource_id), reverse=True)
    some = set()
    for number in range(ACTORS):
        actor = anybody(chance) if number else None
        viewer = Viewer(actor)
        allowed = [
            one.resource_id
            for one in by_time
            if may_see(
                actor,
                one,
                PATHS.get(one.node_id, ROOT_PATH),
                clock.now(),
                copies.get(one.resource_id, ()),
            )
        ]
        assert await _listed(reader, viewer, chance.randrange(1, 30)) == allowed
        found = await reader.found(viewer, Wanted("fuli"), limit=100, skip=0)
        assert {one.resource_id for one in found.resources} == set(allowed)
        counted = await facets.of(viewer, {})
        assert sum(one.count for one in counted.subjects) == len(allowed)
        one = chance.choice(by_time)
        if one.resource_id in allowed:
            assert (await reader.one(viewer, one.resource_id)).publication.version == 1
        else:
            with pytest.raises(ResourceNotFound):
                await reader.one(viewer, one.resource_id)
        some.add(len(allowed))
    assert len(some) > 5  # else the actors prove little


async def test_what_is_published_comes_into_an_index_that_is_made_anew(
    database: Database,
) -> None:
    chance, clock = random.Random(7), ManualClock()
    await fill(database, chance, clock.now())
    index = index_of(database)
    reader = LibraryReader(database, index, Tickets(Keyring(b"x" * 32), clock), clock)
    listed = await _listed(reader, Viewer(), 100)
    assert listed
    async with database.write() as session:
        await index.clear(session)
    wanted = Wanted("fl")
    assert (await reader.found(Viewer(), wanted, limit=100, skip=0)).resources == ()
    await index_missing(database, index)
    found = await reader.found(Viewer(), wanted, limit=100, skip=0)
    assert {one.resource_id for one in found.resources} == set(listed)
