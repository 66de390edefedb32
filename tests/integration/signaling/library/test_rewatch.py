"""补看 on a classroom's screen: its own lessons before any review; nothing to share or save."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.integration.signaling.library.resource_acts import (
    HERE,
    NEXT_DOOR,
    Stage,
    problem,
    stage,
    status_of,
)
from tests.support.resources import LEAD_FILES, shelve
from tests.support.server import Client

SAVED = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
PLAYED = {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "video", "Range": "bytes=0-"}
FILES = [f"/media/recordings/recording-1/{name}" for name in LEAD_FILES.values()]


@pytest_asyncio.fixture
async def at(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path) as one:
        yield one


async def asked(who: Client, path: str, headers: dict[str, str]) -> int:
    async with who.http.get(who.base + path, headers=headers) as answer:
        return answer.status


async def test_a_room_sees_its_own_lessons_before_review_and_no_others(at: Stage) -> None:
    own, other = await at.world.terminal(HERE.room), await at.world.terminal(NEXT_DOOR.room)
    await shelve(
        at.world.services, "recording-2", teacher=NEXT_DOOR.teacher, room=NEXT_DOOR.room, minutes=5
    )
    for who, seen, unseen in ((own, 1, 2), (other, 2, 1)):
        listed = await who.call("GET", "/api/recordings?limit=24")
        assert [one["recording_id"] for one in listed["recordings"]] == [f"recording-{seen}"]
        assert await status_of(who, f"/api/recordings/recording-{seen}") == 200
        assert await status_of(who, f"/media/recordings/recording-{seen}/camera.webm") == 200
        assert await status_of(who, f"/api/recordings/recording-{unseen}") == 404
        assert await status_of(who, f"/media/recordings/recording-{unseen}/camera.webm") == 404


async def test_a_room_plays_but_saves_nothing(at: Stage) -> None:
    room = await at.world.terminal(HERE.room)
    for path in FILES:
        assert await asked(room, path, PLAYED) == 206
        assert await asked(room, path, SAVED) == 403
        assert await asked(at.teacher, path, SAVED) == 200  # whose lesson it is


async def test_a_room_shares_nothing(at: Stage) -> None:
    room = await at.world.terminal(HERE.room)
    links = f"{at.path}/share-links"
    made = await problem(room.call("POST", links, {"days": 7}))
    assert made[0] in {403, 404}
    assert (await problem(room.call("GET", links)))[0] in {403, 404}
    # What was not published is no resource of 资源库: it has no downloads, and no address there.
    assert await status_of(room, f"/api/library/{at.resource_id}") == 404
    assert await status_of(room, f"/media/resources/{at.resource_id}/1/camera.webm") == 404
    await at.published("school")
    assert (await problem(room.call("POST", links, {"days": 7})))[0] in {403, 404}
    assert (await at.teacher.call("GET", links))["links"] == []
