"""Downloads of what is published: the recording's files and 单个 MP4, and never on a terminal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio

from signaling.library.versions.checks import MissingSource
from tests.integration.signaling.library.resource_acts import (
    HERE,
    NEXT_DOOR,
    Stage,
    problem,
    stage,
    status_of,
)
from tests.support.resources import film_made
from tests.support.server import Client

# What a program may send so that it is taken for a player.
FORGED = {
    "Sec-Fetch-Mode": "no-cors",
    "Sec-Fetch-Dest": "video",
    "Sec-Fetch-Site": "same-origin",
    "Range": "bytes=0-",
}


@pytest_asyncio.fixture
async def at(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path) as one:
        yield one


async def published(at: Stage, scope: str = "school", **metadata: Any) -> None:
    await at.save(downloadable=True, **metadata)
    await at.submit()
    await at.pass_()
    await at.publish(scope)


async def filmed(at: Stage) -> bytes:
    await at.school_admin.call("POST", f"{at.path}/versions/1/film")
    return await film_made(at.world.services, at.resource_id)


async def shown(at: Stage, who: Client) -> Any:
    return await who.call("GET", f"/api/library/{at.resource_id}")


async def asked(who: Client, path: str, headers: dict[str, str] | None = None) -> int:
    async with who.http.get(who.base + path, headers=headers or {}) as answer:
        return answer.status


async def test_viewers_are_offered_the_film_once_it_is_ready(at: Stage) -> None:
    await published(at, "public")
    guest = at.world.client()
    before = await shown(at, guest)
    assert (before["may_download"], before["film"]) == (True, None)
    assert before["downloads"]
    await at.school_admin.call("POST", f"{at.path}/versions/1/film")
    assert (await shown(at, guest))["film"] is None  # it is on its way
    data = await film_made(at.world.services, at.resource_id)
    film = (await shown(at, guest))["film"]
    assert (film["name"], film["size"]) == ("浮力的秘密.mp4", len(data))
    async with guest.http.get(guest.base + film["url"]) as answer:
        assert await answer.read() == data
        assert answer.headers["Content-Type"] == "video/mp4"
        assert answer.headers["Content-Disposition"].startswith("attachment;")
        assert answer.headers["Cache-Control"] == "no-store"
    async with guest.http.get(guest.base + film["url"], headers={"Range": "bytes=2-4"}) as answer:
        assert (answer.status, await answer.read()) == (206, data[2:5])
    for one in before["downloads"]:
        async with guest.http.get(guest.base + one["url"]) as answer:
            assert answer.status == 200
            assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert await status_of(guest, f"/media/downloads/{at.resource_id}/1/thumbnail.jpg") == 404
    await at.withdraw()
    assert await status_of(guest, film["url"]) == 404


async def test_without_downloads_allowed_there_is_neither(at: Stage) -> None:
    await at.save()
    await at.submit()
    await at.pass_()
    await at.publish("public")
    await filmed(at)
    guest = at.world.client()
    detail = await shown(at, guest)
    assert (detail["may_download"], detail["film"], detail["downloads"]) == (False, None, [])
    for name in ("film.mp4", "camera.webm"):
        assert await status_of(guest, f"/media/downloads/{at.resource_id}/1/{name}") == 404


async def test_a_film_with_cuts_is_offered_where_the_recording_is_not(at: Stage) -> None:
    await at.save({"keep": [{"start_s": 10.0, "end_s": 100.0}]}, downloadable=True)
    await at.submit()
    await at.pass_()
    await at.publish("public")
    data = await filmed(at)
    detail = await shown(at, at.world.client())
    assert detail["playback"]["waits"]
    assert (detail["downloads"], detail["film"]["size"]) == ([], len(data))
    folder = f"/media/downloads/{at.resource_id}/1"
    assert await status_of(at.world.client(), f"{folder}/camera.webm") == 404


async def test_whoever_may_not_see_it_has_no_film(at: Stage) -> None:
    await published(at)
    await filmed(at)
    film = (await shown(at, at.teacher))["film"]
    for who in (at.world.client(), await at.world.sign_in(NEXT_DOOR.teacher)):
        assert await status_of(who, film["url"]) == 404
    assert await status_of(at.teacher, film["url"].replace("/1/", "/2/")) == 404


class Gate:
    """Lacks the consent of one room to be seen by anybody."""

    async def missing(
        self, recording_id: str, sources: Any, scope: str, *, within: Any = None
    ) -> list[MissingSource]:
        room = next((one for one in sources if one.startswith("room")), None)
        return [] if room is None or scope == "school" else [MissingSource(room, "一小")]


async def test_a_film_goes_nowhere_once_a_consent_was_taken_back(at: Stage) -> None:
    await published(at)
    await filmed(at)
    film = (await shown(at, at.teacher))["film"]
    at.world.services.resources.checks.gate = Gate()
    assert (await shown(at, at.teacher))["film"] is None
    assert await status_of(at.teacher, film["url"]) == 404


async def test_a_terminal_is_told_of_none_and_is_refused_whatever_it_says(at: Stage) -> None:
    await published(at)
    await filmed(at)
    for_people = await shown(at, at.teacher)
    room = await at.world.terminal(HERE.room)
    detail = await shown(at, room)
    assert (detail["may_download"], detail["downloads"], detail["film"]) == (False, [], None)
    assert detail["sources"]  # it plays
    urls = [for_people["film"]["url"], *(one["url"] for one in for_people["downloads"])]
    assert len(urls) > 1
    for url in urls:
        assert await asked(at.teacher, url) == 200
        for headers in ({}, FORGED, {"Sec-Fetch-Mode": "navigate"}):
            assert await asked(room, url, headers) == 403
            assert (await problem(room.call("GET", url)))[0] == 403
    refused = await at.world.services.audit.entries("resource_refused")  # type: ignore[arg-type]
    assert {(one.actor_id, one.target) for one in refused} == {(HERE.room, at.resource_id)}
    assert '"deed":"download"' in refused[0].detail


async def test_what_a_terminal_plays_is_opened_in_no_other_way(at: Stage) -> None:
    await published(at)
    room = await at.world.terminal(HERE.room)
    played = [one["url"] for s in (await shown(at, room))["sources"] for one in s["files"]]
    assert played
    for url in played:
        assert await asked(room, url, FORGED) == 206
        assert await asked(room, url, {"Sec-Fetch-Mode": "navigate"}) == 403
        assert await asked(at.teacher, url, {"Sec-Fetch-Mode": "navigate"}) == 200
    refused = await at.world.services.audit.entries("resource_refused")  # type: ignore[arg-type]
    assert [(one.actor_id, one.target) for one in refused] == [(HERE.room, at.resource_id)] * len(
        played
    )
