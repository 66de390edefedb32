"""Many players behind the documented nginx: Tongke is asked seldom, and sends no byte of media."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from load_tests.nginx import nginx
from load_tests.players.bench import Published, published, watched
from load_tests.players.site import documented_site, read_logs
from signaling.library.versions.wire import ShareScope
from tests.support.nginx import free_port
from tests.support.waiting import until

PLAYERS = 30
SECONDS = 24
ROUTE = "/media/resources/{resource_id}/{version}/{edition_id}/{file}"
ALWAYS = "10m"  # an answer is kept for longer than the test takes on any machine


async def _counted_by_tongke(lesson: Published) -> int:
    """Requests for files of editions, as the server itself counted them."""
    metrics = await lesson.server.metrics()
    return round(
        sum(
            value
            for name, value in metrics.items()
            if name.startswith("tongke_http_requests_total") and f'route="{ROUTE}"' in name
        )
    )


def _players_by_kind(asked: Counter[tuple[str, str]]) -> dict[str, set[int]]:
    """How many players asked for a segment of pictures, and of each sound."""
    found: dict[str, set[int]] = {"pictures": set(), "aac": set(), "opus": set()}
    for (name, _), players in asked.items():
        kind = next((one for one in ("aac", "opus") if f"-audio-{one}-" in name), "pictures")
        found[kind].add(players)
    return found


async def _status(lesson: Published, path: str, cookies: str = "") -> tuple[int, str, bytes]:
    headers = {"Cookie": cookies, "Range": "bytes=0-99"}
    async with aiohttp.request("GET", lesson.url + path, headers=headers) as answer:
        return answer.status, answer.headers.get("Cache-Control", ""), await answer.read()


async def test_of_a_public_lesson_tongke_sends_no_byte_and_is_asked_once_a_file(
    tmp_path: Path,
) -> None:
    share = ShareScope.PUBLIC
    async with published(
        tmp_path, SECONDS, share, players=PLAYERS, height=360, kept=ALWAYS
    ) as lesson:
        tally = await watched(lesson, PLAYERS, ramp=0, scope=share, in_real_time=False)
        served = read_logs(lesson.folder, lesson.edition_id)
        assert (tally.ended, tally.wrong) == (PLAYERS, {})
        assert len(tally.asked) >= 2 * SECONDS // 5  # pictures and sound, in segments of 4 s
        by_kind = _players_by_kind(tally.asked)
        assert by_kind["pictures"] == {PLAYERS}
        # Both sizes of an edition that has one picture size differ in their sound.
        assert sum(sum(by_kind[kind]) for kind in ("aac", "opus")) == PLAYERS
        assert served.by_tongke == 0
        assert served.by_nginx > tally.bytes  # the playlists, too
        assert set(served.asked.values()) == {1}, served.asked
        assert await _counted_by_tongke(lesson) == served.asked.total()
        assert served.asked.total() <= 1.1 * len(tally.asked)


async def test_viewers_who_must_sign_in_are_asked_for_one_by_one_and_refused_after_withdrawal(
    tmp_path: Path,
) -> None:
    share = ShareScope.SIGNED_IN
    async with published(tmp_path, 8, share, players=PLAYERS, height=360, kept="1s") as lesson:
        tally = await watched(lesson, 3, ramp=0, scope=share, in_real_time=False)
        assert (tally.ended, tally.wrong) == (3, {})
        shown = await lesson.office.shown(lesson.resource_id)
        url = shown.sources[0].files[0].url
        status, kept, _ = await _status(lesson, url, lesson.session)
        assert (status, kept) == (206, "private, max-age=240")
        # What was answered to one viewer is no answer to another.
        for cookies in ("", "tongke_session=none", lesson.session + "x"):
            assert (await _status(lesson, url, cookies))[0] == 404
        assert (await _status(lesson, url, lesson.session))[0] == 206
        inner = f"/_recordings/{lesson.resource_id}/editions/{lesson.edition_id}/manifest.json"
        assert (await _status(lesson, inner, lesson.session))[0] == 404
        served = read_logs(lesson.folder, lesson.edition_id)
        assert served.by_nginx > tally.bytes
        assert served.by_tongke < 4096  # what was refused, in words

        await lesson.office.withdraw(lesson.resource_id)

        async def refused() -> bool:
            return (await _status(lesson, url, lesson.session))[0] == 404

        await until(refused)


async def test_answers_with_bytes_are_passed_on_and_a_stores_address_is_kept(
    tmp_path: Path,
) -> None:
    asked = Counter[str]()
    folder = f"/media/resources/r1/1/{'0' * 32}"

    async def handle(request: web.Request) -> web.Response:
        name = request.path.rpartition("/")[2]
        asked[name] += 1
        if name == "away.mp4":
            return web.Response(status=307, headers={"Location": "https://s3.example/a?signed"})
        if name == "login.mp4":
            headers = {"X-Accel-Redirect": "/_recordings/a.mp4", "Set-Cookie": "session=mine"}
            return web.Response(headers=headers)
        told = f"{request.headers.get('Range')} {request.headers.get('Cookie')}"
        return web.Response(status=206, text=told, headers={"Cache-Control": "public, max-age=240"})

    app = web.Application()
    app.router.add_get(folder + "/{name}", handle)
    (tmp_path / "recordings").mkdir()
    (tmp_path / "recordings" / "a.mp4").write_bytes(b"film")
    port, answers_port = free_port(), free_port()
    async with TestServer(app) as tongke, aiohttp.ClientSession() as http:
        assert tongke.port is not None
        site = documented_site(
            tmp_path, tmp_path / "recordings",
            port=port, answers_port=answers_port, server_port=tongke.port, kept=ALWAYS,
        )  # fmt: skip
        async with nginx(tmp_path, port, site) as url:
            for who in ("a", "b"):
                sent = {"Range": "bytes=4-7", "Cookie": who}
                async with http.get(f"{url}{folder}/here.mp4", headers=sent) as answer:
                    assert (answer.status, await answer.text()) == (206, f"bytes=4-7 {who}")
                async with http.get(f"{url}{folder}/away.mp4", allow_redirects=False) as answer:
                    assert answer.status == 307
                    assert answer.headers["Location"] == "https://s3.example/a?signed"
                async with http.get(f"{url}{folder}/login.mp4") as answer:
                    assert await answer.read() == b"film"
                    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert asked == {"here.mp4": 2, "away.mp4": 1, "login.mp4": 2}  # a cookie is nobody else's


async def test_what_was_withdrawn_is_refused_also_while_others_ask_for_it(tmp_path: Path) -> None:
    asked, decided = asyncio.Event(), asyncio.Event()
    withdrawn = False

    async def handle(request: web.Request) -> web.Response:
        if not withdrawn:
            return web.Response(headers={"X-Accel-Redirect": "/_recordings/a.mp4"})
        asked.set()
        await decided.wait()
        return web.Response(status=404)

    app = web.Application()
    path = f"/media/resources/r1/1/{'0' * 32}/a.mp4"
    app.router.add_get(path, handle)
    (tmp_path / "recordings").mkdir()
    (tmp_path / "recordings" / "a.mp4").write_bytes(b"film")
    port, answers_port = free_port(), free_port()
    async with TestServer(app) as tongke, aiohttp.ClientSession() as http:
        assert tongke.port is not None
        site = documented_site(
            tmp_path, tmp_path / "recordings",
            port=port, answers_port=answers_port, server_port=tongke.port, kept="1s",
        )  # fmt: skip
        async with nginx(tmp_path, port, site) as url:

            async def status() -> int:
                async with http.get(url + path) as answer:
                    return answer.status

            assert await status() == 200
            withdrawn = True

            first = asyncio.create_task(_until_asked(status, asked))
            await asyncio.wait_for(asked.wait(), 30)
            second = asyncio.create_task(status())
            await asyncio.wait([second], timeout=1)  # an answer that was kept would come at once
            decided.set()
            assert (await first, await second) == (404, 404)


async def _until_asked(status: Callable[[], Awaitable[int]], asked: asyncio.Event) -> int:
    """Ask until the kept answer is too old; return what is said then."""
    while True:
        found = await status()
        if asked.is_set():
            return found
        await asyncio.sleep(0.1)
