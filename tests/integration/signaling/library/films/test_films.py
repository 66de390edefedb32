"""导出 MP4 over HTTP: who may, what it is bound to, and when it goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from recorder.api import Film, FilmFailed, FilmMaker, RecordingNotFound
from signaling.access.roles import Role
from signaling.jobs.kinds import JobKinds
from signaling.library.films.kind import FILM
from signaling.library.films.making import film_handler
from signaling.library.films.rules import LIFE, MAX_OPEN, REMOVE_AFTER
from signaling.library.films.tables import FilmRow
from signaling.library.films.wire import MOST_READY_FILMS
from signaling.library.versions.checks import MissingSource
from tests.integration.signaling.library.resource_acts import (
    HERE,
    NEXT_DOOR,
    Stage,
    problem,
    stage,
    status_of,
)
from tests.integration.signaling.stores import on_both_stores
from tests.support.jobs import carry_out_jobs
from tests.support.resources import film_made, shelve
from tests.support.server import Client


@pytest.fixture
async def at(tmp_path: Path, store: dict[str, str]) -> AsyncIterator[Stage]:
    async with stage(tmp_path, **store) as made:
        yield made


def _film(at: Stage, number: int = 1) -> str:
    return f"{at.path}/versions/{number}/film"


async def _status(at: Stage, who: Client | None = None, number: int = 1) -> Any:
    return await (who or at.teacher).call("GET", _film(at, number))


async def _ordered(at: Stage, who: Client | None = None, number: int = 1) -> Any:
    return await (who or at.teacher).call("POST", _film(at, number))


async def _rows(at: Stage) -> list[FilmRow]:
    async with at.world.services.database.read() as session:
        return list((await session.scalars(select(FilmRow))).all())


def _folder(at: Stage, row: FilmRow) -> Path:
    data = at.world.services.config.data
    return data / "recordings" / row.recording_id / "films" / row.film_id


async def _carried(at: Stage, maker: Callable[[], Any]) -> None:
    """Carry out all runs of the jobs with a maker of the test's."""
    for _ in range(3):
        await carry_out_jobs(at.world.services, JobKinds().add(FILM, film_handler(maker)))
        at.clock.advance(seconds=60)


@on_both_stores
async def test_from_the_order_to_the_download(at: Stage) -> None:
    await at.save()
    before = await _status(at)
    assert (before["state"], before["stale"], before["url"]) == ("none", False, None)
    assert before["minutes"] >= 1
    ordered = await _ordered(at)
    assert (ordered["state"], ordered["version"]) == ("waiting", 1)
    assert (await _ordered(at))["state"] == "waiting"  # one at a time
    (row,) = await _rows(at)
    data = await film_made(at.world.services, at.resource_id)
    made = await _status(at, at.school_admin)
    assert (made["state"], made["size"], made["duration_s"]) == ("ready", len(data), 1.0)
    async with at.school_admin.http.get(at.school_admin.base + made["url"]) as answer:
        assert await answer.read() == data
        assert answer.headers["Content-Type"] == "video/mp4"
        assert answer.headers["Content-Disposition"].startswith("attachment;")
        assert "%E6%B5%AE%E5%8A%9B" in answer.headers["Content-Disposition"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    (noted,) = await at.world.services.audit.entries("film_download")  # type: ignore[arg-type]
    assert HERE.school in noted.path
    await _in_ranges(at, made["url"], data)
    assert (await _ordered(at))["state"] == "ready"  # what is there is not made again
    assert [one.job_id for one in await _rows(at)] == [row.job_id]


async def _in_ranges(at: Stage, url: str, data: bytes) -> None:
    """Fetch a film in pieces, at once and again after an hour: one row for each person and hour."""
    audit = at.world.services.audit

    async def rows() -> list[str | None]:
        noted = await audit.entries("film_download")  # type: ignore[arg-type]
        return sorted(one.actor_id or "" for one in noted)

    async def piece(who: Client, start: int) -> bytes:
        headers = {"Range": f"bytes={start}-{start + 3}"}
        async with who.http.get(who.base + url, headers=headers) as answer:
            assert answer.status == 206
            return await answer.read()

    teacher, admin = HERE.teacher, HERE.person(Role.RESOURCE_ADMIN)
    starts = range(0, len(data), 4)
    pieces = await asyncio.gather(*(piece(at.school_admin, start) for start in starts))
    assert b"".join(pieces) == data
    assert await rows() == [admin]
    # From byte 4 on is all but nothing: it has a row.
    await asyncio.gather(*(piece(at.teacher, start) for start in starts[1:]))
    assert await rows() == sorted([admin, teacher])
    at.clock.advance(seconds=3600)
    await asyncio.gather(*(piece(at.teacher, start) for start in starts))
    assert await rows() == sorted([admin, teacher, teacher])


@on_both_stores
async def test_a_changed_draft_makes_it_stale(at: Stage) -> None:
    await at.save()
    await _ordered(at)
    await film_made(at.world.services, at.resource_id)
    url = (await _status(at))["url"]
    await at.save({"hidden_pictures": ["lead.courseware"]})
    stale = await _status(at)
    assert (stale["state"], stale["stale"], stale["url"]) == ("none", True, None)
    assert await status_of(at.teacher, url) == 404
    await _ordered(at)
    now = await _status(at)
    assert (now["state"], now["stale"]) == ("waiting", False)
    former = [row for row in await _rows(at) if row.expires_at <= at.clock.now()]
    assert len(former) == 1
    assert _folder(at, former[0]).exists()
    at.clock.advance(seconds=REMOVE_AFTER.total_seconds())
    await at.world.services.resources.films.keep_up()
    assert not _folder(at, former[0]).exists()
    assert len(await _rows(at)) == 1


async def test_who_may(at: Stage) -> None:
    await at.save()
    assistant = await at.world.sign_in(HERE.person(Role.ASSISTANT))
    neighbour = await at.world.sign_in(NEXT_DOOR.teacher)
    for who, wanted in (
        (at.operator, (403, "forbidden")),
        (assistant, (404, "resource_not_found")),
        (neighbour, (404, "resource_not_found")),
    ):
        for method in ("GET", "POST", "DELETE"):
            assert await problem(who.call(method, _film(at))) == wanted
        assert await status_of(who, f"{_film(at)}/content") == wanted[0]
    assert await problem(at.world.client().call("POST", _film(at))) == (401, "not_signed_in")
    assert await _rows(at) == []
    for who in (at.school_admin, at.county_admin, at.teacher):
        assert (await _ordered(at, who))["state"] == "waiting"
    assert "export_film" in (await at.detail())["summary"]["may"]
    assert "export_film" not in (await at.detail(at.operator))["summary"]["may"]


class Gate:
    """Lacks the consent of one room."""

    def __init__(self) -> None:
        self.scopes: list[str] = []

    async def missing(
        self, recording_id: str, sources: Any, scope: str, *, within: Any = None
    ) -> list[MissingSource]:
        self.scopes.append(scope)
        room = next((one for one in sources if one.startswith("room")), None)
        return [] if room is None else [MissingSource(room, "一小")]


async def test_a_source_without_consent_is_in_none(at: Stage) -> None:
    await at.save({"hidden_sources": []})
    await _ordered(at)
    await film_made(at.world.services, at.resource_id)
    url = (await _status(at))["url"]
    gate = at.world.services.resources.checks.gate = Gate()
    # The consent was withdrawn since: the file that is there is not given out.
    assert await status_of(at.teacher, url) == 409
    assert await problem(at.teacher.call("POST", _film(at))) == (409, "consent_missing")
    assert set(gate.scopes) == {"password"}  # a file goes to whoever is given it
    refused = await at.world.services.audit.entries("resource_refused")  # type: ignore[arg-type]
    assert len(refused) == 2
    detail = await at.detail()
    rooms = [one["source_id"] for one in detail["recording"]["sources"] if not one["lead"]]
    await at.save({"hidden_sources": rooms})
    assert (await _ordered(at))["state"] == "waiting"


async def test_it_is_cancelled_and_deleted_by_hand(at: Stage) -> None:
    await at.save()
    await _ordered(at)
    cancelled = await at.teacher.call("DELETE", _film(at))
    assert (cancelled["state"], cancelled["stale"]) == ("none", False)
    (row,) = await _rows(at)
    job = await at.world.services.job_store.job(row.job_id)
    assert job is not None
    assert job.state == "cancelled"
    await _ordered(at)
    await film_made(at.world.services, at.resource_id)
    await at.teacher.call("DELETE", _film(at))
    assert await status_of(at.teacher, f"{_film(at)}/content") == 404
    at.clock.advance(seconds=REMOVE_AFTER.total_seconds())
    await at.world.services.resources.films.keep_up()
    assert await _rows(at) == []
    assert not _folder(at, row).exists()


@on_both_stores
async def test_it_ends_with_its_time_and_with_its_version(at: Stage) -> None:
    await at.published()
    await _ordered(at, at.school_admin)
    await film_made(at.world.services, at.resource_id)
    (row,) = await _rows(at)
    await at.withdraw()
    assert (await _status(at))["state"] == "none"
    assert await problem(at.teacher.call("POST", _film(at))) == (409, "resource_state")
    assert await status_of(at.teacher, f"{_film(at)}/content") == 409
    keep_up = at.world.services.resources.films.keep_up
    await keep_up()
    at.clock.advance(seconds=REMOVE_AFTER.total_seconds())
    await keep_up()
    assert await _rows(at) == []
    assert not _folder(at, row).exists()

    await at.teacher.call("POST", f"{at.path}/versions")
    await _ordered(at, number=2)
    await film_made(at.world.services, at.resource_id)
    at.clock.advance(seconds=LIFE.total_seconds())
    later = await at.world.sign_in(HERE.teacher)
    assert (await _status(at, later, number=2))["state"] == "none"
    assert await status_of(later, f"{_film(at, 2)}/content") == 404


@on_both_stores
async def test_a_failure_is_told_and_it_may_be_ordered_again(at: Stage) -> None:
    class Broken:
        async def make(self, order: Any, report: Any) -> Any:
            raise FilmFailed("x")

    class Full:
        async def make(self, order: Any, report: Any) -> Any:
            raise OSError(28, "no space for a film")

    await at.save()
    for maker, code in ((Broken, "film_failed"), (Full, "storage_full")):
        assert (await _ordered(at))["state"] == "waiting"
        await _carried(at, maker)
        failed = await _status(at)
        assert (failed["state"], failed["problem"]) == ("failed", code)
    assert (await _ordered(at))["state"] == "waiting"


@on_both_stores
async def test_a_few_of_one_person_at_a_time(at: Stage) -> None:
    services, first = at.world.services, at.resource_id
    await at.save()
    for number in range(MAX_OPEN):
        at.resource_id = await shelve(
            services, f"more-{number}", teacher=HERE.teacher, room=HERE.room
        )
        await _ordered(at)  # of what nobody has saved yet
    at.resource_id = first
    assert await problem(at.teacher.call("POST", _film(at))) == (409, "too_many_jobs")
    assert (await _ordered(at, at.school_admin))["state"] == "waiting"


@on_both_stores
async def test_the_oldest_goes_when_a_person_has_as_many_as_there_may_be(at: Stage) -> None:
    services, first = at.world.services, at.resource_id

    class Maker:
        async def make(self, order: Any, report: Any) -> Film:
            film_id = services.recorder.films.film_id(order)
            folder = services.config.data / "recordings" / order.recording_id / "films" / film_id
            folder.mkdir(parents=True)
            film = Film(film_id, order.recording_id, 1.0, 4)
            (folder / "manifest.json").write_bytes(msgspec.json.encode(film))
            (folder / "film.mp4").write_bytes(b"film")
            return film

    async def make(who: Client, name: str | None = None) -> str:
        if name is not None:
            at.resource_id = await shelve(services, name, teacher=HERE.teacher, room=HERE.room)
        await _ordered(at, who)
        await carry_out_jobs(services, JobKinds().add(FILM, film_handler(Maker)))
        at.clock.advance(seconds=60)
        assert (await _status(at, who))["state"] == "ready"
        return at.resource_id

    await make(at.school_admin)  # of another person, and the oldest of all
    made = [await make(at.teacher, f"more-{number}") for number in range(MOST_READY_FILMS)]
    removed = await services.audit.entries("film_remove")  # type: ignore[arg-type]
    assert removed == ()
    made.append(await make(at.teacher, "one-more"))
    states = {}
    for at.resource_id in (first, *made):
        states[at.resource_id] = (await _status(at))["state"]
    assert states == dict.fromkeys([first, *made[1:]], "ready") | {made[0]: "none"}
    (removed_one,) = await services.audit.entries("film_remove")  # type: ignore[arg-type]
    assert (removed_one.target, removed_one.actor_id) == (made[0], "system")
    assert HERE.school in removed_one.path
    (over,) = [row for row in await _rows(at) if row.resource_id == made[0]]
    assert _folder(at, over).exists()
    at.clock.advance(seconds=REMOVE_AFTER.total_seconds())
    await services.resources.films.keep_up()
    assert not _folder(at, over).exists()
    assert len(await _rows(at)) == MOST_READY_FILMS + 1


@on_both_stores
async def test_a_deleted_resource_takes_its_film_along(at: Stage) -> None:
    await _ordered(at)
    (row,) = await _rows(at)
    await at.teacher.call("POST", f"{at.path}/delete", {"note": "拍错了"})
    assert await _rows(at) == []
    job = await at.world.services.job_store.job(row.job_id)
    assert job is not None
    assert job.state == "cancelled"


async def test_the_job_hands_its_order_over(at: Stage) -> None:
    orders: list[Any] = []

    class Maker:
        async def make(self, order: Any, report: Any) -> Any:
            orders.append(order)
            report(1, 2)
            raise RecordingNotFound("x")

    maker: Callable[[], FilmMaker] = Maker
    await at.save({"hidden_sources": ["lead.courseware"]})
    await _ordered(at)
    await _carried(at, maker)
    order = orders[0]
    assert (order.title, order.recording_id) == ("浮力的秘密", "recording-1")
    assert order.hidden_sources == ("lead.courseware",)
    assert at.world.services.recorder.films.film_id(order) == (await _rows(at))[0].film_id
    assert (await _status(at))["problem"] == "recording_not_found"
    assert at.clock.now() < (await _rows(at))[0].ordered_at + timedelta(days=1)
