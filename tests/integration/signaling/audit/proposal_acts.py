"""How each audited action on proposals and calendar feeds is done, and what has to be there."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update

from signaling.command import seed
from signaling.timetable.proposals.tables import ProposalRow
from tests.integration.signaling.audit.timetable_acts import (
    BASE,
    COUNTY_ID,
    County,
)
from tests.integration.signaling.audit.timetable_acts import (
    PREPARED_BY as OF_TIMETABLE,
)

FEED = f"/api/rooms/{seed.LEAD_ROOM}/calendar-feed"
_prepare_plans = OF_TIMETABLE["plan_create"]


async def _start(c: County) -> Any:
    wish = {
        "county_id": COUNTY_ID,
        "term_id": c.kept["term"]["term_id"],
        "school_id": seed.CENTER_SCHOOL,
        "begins": "2026-11-30",
    }
    c.kept["proposal"] = await c.admin.call("POST", f"{BASE}/proposals", wish)


async def _started(c: County) -> None:
    await _prepare_plans(c)
    await _start(c)


async def _found(c: County) -> None:
    await _started(c)
    async with c.services.database.write() as session:
        await session.execute(update(ProposalRow).values(result="{}", placed=1))


async def _decide(c: County, how: str) -> Any:
    path = f"{BASE}/proposals/{c.kept['proposal']['proposal_id']}/{how}"
    return await c.admin.call("POST", path, {"version": 1})


async def _feed(c: County) -> None:
    await c.admin.call("POST", FEED)


ACTS = {
    "proposal_start": _start,
    "proposal_accept": lambda c: _decide(c, "accept"),
    "proposal_discard": lambda c: _decide(c, "discard"),
    "calendar_feed_make": _feed,
    "calendar_feed_revoke": lambda c: c.admin.call("DELETE", FEED),
}
PREPARED_BY = {
    "proposal_start": _prepare_plans,
    "proposal_accept": _found,
    "proposal_discard": _started,
    "calendar_feed_revoke": _feed,
}
BRANCHES = dict.fromkeys(ACTS, seed.CENTER_SCHOOL)
TABLES = ("timetable_proposals", "calendar_feeds")
