"""The list of series holds exactly what the rule in Python allows, on both engines."""

import random

import pytest

from signaling.access.roles import ROOT_PATH
from signaling.base.database import Database
from signaling.library.series import store
from signaling.library.series.tables import SeriesRow
from signaling.library.series.visibility import keeps, kept_by, may_see_series, visible_series
from signaling.library.series.wire import SeriesScope
from tests.integration.signaling.library.entries import AT
from tests.integration.signaling.library.random_resources import (
    COUNTIES,
    COUNTY_OF,
    PATHS,
    PEOPLE,
    anybody,
    fill,
)
from tests.support.services import ManualClock

SERIES, ACTORS = 60, 80


@pytest.mark.parametrize("seed", range(2))
async def test_the_list_holds_what_the_rule_allows(database: Database, seed: int) -> None:
    chance = random.Random(seed)
    await fill(database, chance, ManualClock().now())
    rows = [_series(number, chance) for number in range(SERIES)]
    async with database.write() as session:
        session.add_all(rows)
    async with database.read() as session:
        everything, _ = await store.page(
            session, SeriesRow.series_id.is_not(None), limit=SERIES, before=None
        )
    counted = set()
    for number in range(ACTORS):
        actor = anybody(chance) if number else None
        for rule, condition in (
            (may_see_series, visible_series(actor)),
            *(((keeps, kept_by(actor)),) if actor is not None else ()),
        ):
            allowed = {
                one.row.series_id
                for one in everything
                if rule(actor, one.row, PATHS.get(one.row.node_id, ROOT_PATH))
            }
            async with database.read() as session:
                found, _ = await store.page(session, condition, limit=SERIES, before=None)
            assert {one.row.series_id for one in found} == allowed
            counted.add(len(allowed))
    assert len(counted) > 5  # else the actors prove little


def _series(number: int, chance: random.Random) -> SeriesRow:
    node = chance.choice((*COUNTY_OF, *COUNTIES, "cn", "gone"))
    return SeriesRow(
        series_id=f"s{number:03}",
        title="浮力",
        introduction="",
        scope=chance.choice(tuple(SeriesScope)),
        node_id=node,
        county_id=COUNTY_OF.get(node, node if node in COUNTIES else ""),
        owner_id=chance.choice(PEOPLE),
        owner_name="x",
        created_at=AT,
        updated_at=AT,
        version=1,
    )
