"""Links over time through the API: who may read them, what is told, and in how large pages."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from signaling.command import seed
from signaling.links import service as link_history_module
from signaling.links.rules import Seen
from signaling.links.samples import LinkReading
from signaling.links.wire import LinkLimit, LinkState
from signaling.wiring import Services
from tests.support.control import read
from tests.support.server import Client, ProblemError
from tests.support.services import ManualClock, served

ROOM_A, ROOM_B = (f"room-{room}" for room in seed.RECEIVE_ROOMS[:2])
GOOD = LinkReading(
    LinkState.GOOD, carries_bps=3_000_000, queue_ms=5.0, loss=0.0, rtt_ms=40.0, seen=Seen.HIGH
)
NARROW = LinkReading(
    LinkState.POOR,
    uplink=LinkState.FAIR,
    carries_bps=90_000,
    queue_ms=300.0,
    loss=0.05,
    rtt_ms=80.0,
    limit=LinkLimit.RATE,
    seen=Seen.STILLS,
)


@dataclass
class _County:
    services: Services
    clock: ManualClock
    teacher: Client
    lesson_id: str
    held: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def sign_in(self, login: str) -> Client:
        client = Client(
            self.teacher.base,
            await self.held.enter_async_context(
                aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
            ),
        )
        await client.login(login)
        return client

    async def lasts(self, seconds: int, **readings: LinkReading) -> None:
        """The lesson goes on; `lead`, `a` and `b` have these readings each second."""
        names = {"lead": "lead", "a": ROOM_A, "b": ROOM_B}
        for _ in range(seconds):
            self.services.link_history.note(
                self.lesson_id, [(names[who], reading) for who, reading in readings.items()]
            )
            self.clock.advance(seconds=1)

    async def written(self) -> None:
        self.services.link_history.close_all()
        await self.services.link_history.write()


@pytest.fixture
async def county(tmp_path: Path) -> AsyncIterator[_County]:
    clock = ManualClock()
    async with served(tmp_path, clock) as (services, teacher, lesson_id):
        made = _County(services, clock, teacher, lesson_id)
        async with made.held:
            yield made


def _at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


async def test_a_lessons_links_are_told_in_ten_seconds_lead_first(county: _County) -> None:
    path = f"/api/lessons/{county.lesson_id}/links"
    empty = await county.teacher.call("GET", path)
    assert (empty["start"], empty["series"], empty["next"]) == (None, [], None)
    start = county.clock.now().timestamp()
    await county.lasts(30, lead=GOOD, a=NARROW)
    await county.written()
    links = await county.teacher.call("GET", path)
    assert (links["step_s"], links["next"]) == (10, None)
    assert (_at(links["start"]), _at(links["end"])) == (start, start + 30)
    lead, room = links["series"]
    assert (lead["participant_id"], room["participant_id"]) == ("lead", ROOM_A)
    assert (lead["role"], room["role"]) == ("lead_teacher", "receive_room")
    assert room["name"] and room["school"]
    assert [_at(point["at"]) - start for point in room["points"]] == [0, 10, 20]
    point = room["points"][1]
    assert (point["carries_min_bps"], point["carries_mean_bps"]) == (90_000, 90_000)
    assert (point["queue_ms"], point["rtt_ms"], point["loss"]) == (300.0, 80.0, 0.05)
    assert (point["limit"], point["uplink"], point["switches"]) == ("rate", "fair", 0)
    assert point["seen"]["stills"] == point["link"]["poor"] == 10.0


async def test_a_long_lesson_is_told_in_longer_steps(county: _County) -> None:
    await county.lasts(10, lead=GOOD)
    county.clock.advance(hours=3)
    await county.lasts(10, lead=GOOD)
    await county.written()
    links = await county.teacher.call("GET", f"/api/lessons/{county.lesson_id}/links")
    assert links["step_s"] == 50
    assert len(links["series"][0]["points"]) == 2


async def test_the_series_come_in_pages(county: _County, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_history_module, "PAGE_SERIES", 2)
    await county.lasts(10, lead=GOOD, a=NARROW, b=GOOD)
    await county.written()
    path = f"/api/lessons/{county.lesson_id}/links"
    first = await county.teacher.call("GET", path)
    assert [one["participant_id"] for one in first["series"]] == ["lead", ROOM_A]
    second = await county.teacher.call("GET", f"{path}?after={first['next']}")
    assert [one["participant_id"] for one in second["series"]] == [ROOM_B]
    assert second["next"] is None
    with pytest.raises(ProblemError) as refused:
        await county.teacher.call("GET", f"{path}?after=room-nobody")
    assert (refused.value.status, refused.value.field) == (422, "after")


async def test_the_countys_rooms_are_told_worst_first(
    county: _County, monkeypatch: pytest.MonkeyPatch
) -> None:
    await county.lasts(60, lead=NARROW, a=GOOD, b=NARROW)
    await county.lasts(60, lead=NARROW, a=NARROW, b=NARROW)
    await county.written()
    operator = await county.sign_in("xianguan")
    links = await operator.call("GET", "/api/links")
    worst, other = links["rooms"]  # the lead teacher is no room
    assert (worst["room"]["room_id"], other["room"]["room_id"]) == seed.RECEIVE_ROOMS[1::-1]
    assert (worst["bad_share"], worst["lessons"]) == (1.0, 1)
    assert other["bad_share"] == pytest.approx(0.5, abs=0.01)
    assert worst["link"]["poor"] == pytest.approx(119, abs=0.1)
    assert other["seen"]["h"] == pytest.approx(59, abs=0.1)
    assert other["carries_min_bps"] == 90_000
    monkeypatch.setattr(link_history_module, "PAGE_ROOMS", 1)
    page = await operator.call("GET", "/api/links")
    assert [one["room"]["room_id"] for one in page["rooms"]] == [seed.RECEIVE_ROOMS[1]]
    rest = await operator.call("GET", f"/api/links?after={page['next']}")
    assert [one["room"]["room_id"] for one in rest["rooms"]] == [seed.RECEIVE_ROOMS[0]]
    assert rest["next"] is None


async def test_days_are_the_countys_and_an_interval_is_bounded(county: _County) -> None:
    await county.lasts(10, a=GOOD)
    await county.written()
    operator = await county.sign_in("xianguan")
    day = county.clock.now().date().isoformat()

    async def rooms(query: str) -> int:
        return len((await operator.call("GET", f"/api/links?{query}"))["rooms"])

    assert await rooms(f"from={day}&to={day}") == 1
    assert await rooms("from=2026-11-01&to=2026-11-22") == 0
    for query, name in (
        ("from=2026-11-02&to=2026-11-01", "to"),
        ("from=2026-01-01&to=2026-11-01", "to"),
        ("from=yesterday", "from"),
        ("to=2026-13-01", "to"),
        ("from=0001-01-01&to=0001-01-01", "from"),
        ("to=0001-01-01", "from"),
        ("after=-1", "after"),
        ("after=99999999999999", "after"),
        ("after=x", "after"),
    ):
        with pytest.raises(ProblemError) as refused:
            await rooms(query)
        assert (refused.value.status, refused.value.field) == (422, name), query


async def test_links_are_for_the_county_and_a_lessons_own_lead(county: _County) -> None:
    lesson = f"/api/lessons/{county.lesson_id}/links"
    allowed = {"xianguan": {lesson, "/api/links"}, "jiaoyan": {lesson, "/api/links"}}
    allowed |= {"wang": {lesson}, "ziyuan": set()}
    for login, may in allowed.items():
        client = await county.sign_in(login)
        for path in (lesson, "/api/links"):
            if path in may:
                await client.call("GET", path)
                continue
            with pytest.raises(ProblemError) as refused:
                await client.call("GET", path)
            assert refused.value.status == 403, (login, path)


async def test_old_figures_are_forgotten(county: _County) -> None:
    await county.lasts(10, a=GOOD)
    await county.written()
    county.clock.advance(days=89)
    await county.services.link_history.forget_old()
    path = f"/api/lessons/{county.lesson_id}/links"
    teacher = await county.sign_in("wang")  # the login of before is as old
    assert len((await teacher.call("GET", path))["series"]) == 1
    county.clock.advance(days=2)
    await county.services.link_history.forget_old()
    assert (await teacher.call("GET", path))["series"] == []


async def test_who_came_once_is_recorded_while_the_lesson_is_live(county: _County) -> None:
    services, lesson_id = county.services, county.lesson_id
    async with county.teacher.channel(lesson_id) as ws:
        await read(ws)
        services.hub.judge_links()  # not live yet: nothing is kept
        await county.teacher.call("POST", f"/api/lessons/{lesson_id}/start")
        for _ in range(12):
            services.hub.judge_links()
            county.clock.advance(seconds=1)
        figures = await _metrics(county)
        assert figures['tongke_viewers{seeing="nothing"}'] == 1.0
        assert figures['tongke_viewers_link{state="good"}'] == 1.0
        live = f'tongke_lesson_viewers{{lesson="{lesson_id}",seeing="nothing"}}'
        assert figures[live] == 1.0
    await county.teacher.call("POST", f"/api/lessons/{lesson_id}/end")
    await county.services.link_history.write()
    links = await county.teacher.call("GET", f"/api/lessons/{lesson_id}/links")
    (lead,) = links["series"]  # no room ever came
    assert lead["participant_id"] == "lead"
    assert sum(point["link"]["good"] for point in lead["points"]) >= 9
    figures = await _metrics(county)
    assert figures["tongke_link_samples_written_total"] == 2.0
    assert not any(name.startswith("tongke_lesson_viewers") for name in figures)


async def _metrics(county: _County) -> dict[str, float]:
    async with aiohttp.request("GET", f"{county.teacher.base}/metrics") as response:
        lines = (await response.text()).splitlines()
    pairs: list[Any] = [line.rsplit(" ", 1) for line in lines if not line.startswith("#")]
    return {name: float(value) for name, value in pairs}
