"""Lists of resources at work hold exactly what the rule in Python allows, on both engines."""

import random
from collections.abc import Awaitable, Callable, Sequence

import pytest
from sqlalchemy import select

from signaling.access.actions import Action
from signaling.access.grants import GRANTS, granted
from signaling.access.relations import Relation
from signaling.access.roles import ROOT_PATH
from signaling.base.cursors import Place
from signaling.base.database import Database
from signaling.library.review import store as review_store
from signaling.library.tables import ResourceRow
from signaling.library.versions.records import Held
from signaling.library.versions.store import load, page_of_own
from signaling.library.versions.visibility import PREDICATES, standing_at_work
from signaling.library.versions.wire import VersionState
from tests.integration.signaling.library.entries import AT
from tests.integration.signaling.library.random_resources import PATHS, anybody, fill

ACTORS = 100
Page = Callable[[Place | None], Awaitable[tuple[Sequence[Held], Place | None]]]


async def _all(page: Page) -> list[str]:
    found: list[str] = []
    place = None
    while True:
        some, place = await page(place)
        found += [one.resource_id for one in some]
        if place is None:
            return found


@pytest.mark.parametrize("seed", range(2))
async def test_lists_hold_exactly_what_the_rule_allows(database: Database, seed: int) -> None:
    chance = random.Random(seed)
    await fill(database, chance, AT)
    async with database.read() as session:
        ids = (await session.scalars(select(ResourceRow.resource_id))).all()
        everything = [held for one in ids if (held := await load(session, one)) is not None]
        assert len(everything) == len(ids)
        assert all(one.path == PATHS.get(one.row.node_id, ROOT_PATH) for one in everything)
        some = 0
        for _ in range(ACTORS):
            actor, limit = anybody(chance), chance.randrange(1, 30)

            def may(action: Action) -> list[Held]:
                return [
                    one
                    for one in everything
                    if granted(action, standing_at_work(actor, one.owner_id, one.path))  # noqa: B023
                ]

            own = sorted(
                may(Action.EDIT_RESOURCE),
                key=lambda one: (one.row.started_at, one.resource_id),
                reverse=True,
            )
            shown = await _all(lambda at: page_of_own(session, actor, limit=limit, before=at))  # noqa: B023
            assert shown == [one.resource_id for one in own]
            wanted = review_store.waiting(actor, VersionState.IN_REVIEW, None)
            queued = await _all(
                lambda at: review_store.queue(session, wanted, limit=limit, after=at)  # noqa: B023
            )
            waiting = [
                one
                for one in may(Action.REVIEW_RESOURCE)
                if one.working is not None and one.state is VersionState.IN_REVIEW
            ]
            waiting.sort(key=lambda one: (one.working.submitted_at, one.resource_id))  # type: ignore[union-attr]
            assert queued == [one.resource_id for one in waiting]
            assert await review_store.count(session, wanted) == len(waiting)
            some += bool(shown) + bool(queued)
    assert some > ACTORS / 5  # else the actors prove little


def test_every_relation_of_the_grants_has_its_predicate() -> None:
    for action in (Action.READ_RESOURCE, Action.EDIT_RESOURCE, Action.REVIEW_RESOURCE):
        named = {relation for _, relation in GRANTS[action]}
        assert named - {Relation.NONE, Relation.IN_BRANCH} <= PREDICATES.keys()
