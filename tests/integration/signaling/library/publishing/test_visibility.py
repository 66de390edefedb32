"""The library holds exactly what the rule in Python allows: lists and search, on both engines."""

import random
from collections.abc import Mapping

import pytest
from sqlalchemy import select

from signaling.access.roles import ROOT_PATH
from signaling.access.signing import Keyring
from signaling.base.cursors import read_cursor
from signaling.base.database import Database
from signaling.library.indexing import index_missing, index_of
from signaling.library.publishing import reading
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


async def _listed(
    reader: LibraryReader, viewer: Viewer, limit: int, facets: Mapping[str, str] | None = None
) -> list[str]:
    found: list[str] = []
    place, wanted = None, Wanted(facets=facets or {})
    while True:
        page = await reader.listed(viewer, wanted, limit=limit, before=place)
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


@pytest.mark.parametrize("few", [1, 6, 2_000])
async def test_however_few_are_sorted_facets_leave_the_same(
    database: Database, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_FEW", few)
    chance, clock = random.Random(few), ManualClock()
    await fill(database, chance, clock.now())
    index = index_of(database)
    async with database.write() as session:
        for row in (await session.scalars(select(PublicationRow))).all():
            row.edition, row.volume = chance.choice("AB"), chance.choice(("上册", "下册"))
        await index.clear(session)
    await index_missing(database, index)
    reader = LibraryReader(database, index, Tickets(Keyring(b"x" * 32), clock), clock)
    async with database.read() as session:
        rows = {one.resource_id: one for one in await session.scalars(select(PublicationRow))}
    sizes = set()
    for number in range(ACTORS // 4):
        viewer = Viewer(anybody(chance) if number else None)
        row = chance.choice(list(rows.values()))
        every = {"edition": row.edition, "volume": row.volume, "stage": row.stage or ""}
        facets = {name: every[name] for name in chance.sample(sorted(every), 2) if every[name]}
        left = [
            one
            for one in await _listed(reader, viewer, 100)
            if all(getattr(rows[one], name) == value for name, value in facets.items())
        ]
        assert await _listed(reader, viewer, 7, facets) == left, facets
        sizes.add(len(left))
    assert len(sizes) > 2


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
