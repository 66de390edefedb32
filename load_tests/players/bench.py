"""`python -m load_tests players`: one published lesson, many players, the documented nginx.

Everything is real but the players: the server in its own process, its worker, Debian's nginx with
the site of docs/deploy, and a film that was uploaded, reviewed and published.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp

from load_tests.beside.figures import percentile
from load_tests.control import ApiClient
from load_tests.nginx import nginx_process
from load_tests.players.player import Player, Tally
from load_tests.players.playlists import BadPlaylist
from load_tests.players.site import documented_site, read_logs
from load_tests.publishing import Office, write_lesson
from load_tests.server import ServerProcess, process_cpu_s
from signaling.library.versions.wire import ShareScope

TITLE = "浮力的秘密"
LARGE = 3  # of four players have the line for the largest size
CONNECTIONS_EACH = 4  # of nginx for a player: two of the player's, with one behind each
SESSION = "tongke_session"


@dataclass(frozen=True)
class Published:
    """A published lesson behind nginx."""

    server: ServerProcess
    folder: Path  # of nginx's logs
    url: str
    nginx_pid: int
    office: Office
    author: ApiClient
    resource_id: str
    edition_id: str

    @property
    def session(self) -> str:
        """Cookie of somebody who is signed in."""
        jar = {one.key: one.value for one in self.author.http.cookie_jar}
        return f"{SESSION}={jar[SESSION]}"


async def players(*, players: int, seconds: int, ramp: float, scope: str) -> dict[str, Any]:
    """Let so many play; returns the figures of the JSON line.

    Args:
        players: how many.
        seconds: length of the lesson.
        ramp: seconds over which they come.
        scope: for whom it is published: `public` or `signed_in`.
    """
    share = ShareScope(scope)
    with TemporaryDirectory(prefix="tongke-players-") as made:
        async with published(Path(made), seconds, share, players=players) as lesson:
            tongke, proxy = lesson.server.usage(), process_cpu_s(lesson.nginx_pid)
            tally = await watched(lesson, players, ramp=ramp, scope=share)
            after, proxy = lesson.server.usage(), process_cpu_s(lesson.nginx_pid) - proxy
            lasted = after.taken_at - tongke.taken_at
            return {
                "test": "players", "players": players, "seconds": seconds, "scope": scope,
                "load": round(os.getloadavg()[0], 1),
                **figures(lesson, tally),
                "lasted_s": round(lasted, 1),
                "tongke_cpu_percent": round(100 * (after.cpu_s - tongke.cpu_s) / lasted, 1),
                "nginx_cpu_percent": round(100 * proxy / lasted, 1),
            }  # fmt: skip


def figures(lesson: Published, tally: Tally) -> dict[str, Any]:
    """Count who served what."""
    served = read_logs(lesson.folder, lesson.edition_id)
    took = sorted(tally.took_s)
    asked = sum(served.asked.values())
    return {
        "ended": tally.ended,
        "wrong": dict(tally.wrong),
        "late_segments": tally.late,
        "segments": len(tally.asked),
        "segments_fetched": len(took),
        "megabytes": round(tally.bytes / 1e6, 1),
        "bytes_by_nginx": served.by_nginx,
        "bytes_by_tongke": served.by_tongke,
        "tongke_asked": asked,
        "asked_a_segment": round(asked / max(1, len(tally.asked)), 3),
        "segment_ms": {
            "p50": round(percentile(took, 0.5) * 1000, 1),
            "p99": round(percentile(took, 0.99) * 1000, 1),
        },
    }


@asynccontextmanager
async def published(
    folder: Path,
    seconds: int,
    scope: ShareScope,
    *,
    players: int,
    height: int = 720,
    kept: str | None = None,
) -> AsyncIterator[Published]:
    """Publish a lesson on a server of its own behind nginx; see `documented_site` for `kept`."""
    port, answers_port = _free_ports(2)
    url = f"http://127.0.0.1:{port}"
    config = folder / "tongke.toml"
    config.write_text(
        f'public_url = "{url}"\ntrusted_proxies = ["127.0.0.1"]\n'
        'recordings_internal = "/_recordings"\n'
    )
    film, logs = folder / "lesson.mp4", folder / "nginx"
    logs.mkdir()
    await asyncio.to_thread(write_lesson, film, seconds, height=height)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(
            ServerProcess(folder / "data", (f"--config={config}",))
        )
        site = documented_site(
            logs, server.data_dir / "recordings",
            port=port, answers_port=answers_port, server_port=server.http_port,
            kept=kept,
        )  # fmt: skip
        nginx_pid = await stack.enter_async_context(
            nginx_process(logs, port, site, connections=256 + CONNECTIONS_EACH * players)
        )
        author, reviewer = [await stack.enter_async_context(ApiClient(url)) for _ in range(2)]
        office = Office(author, reviewer)
        await office.sign_in()
        resource_id = await office.shelve(film, TITLE)
        await office.publish(resource_id, TITLE, scope)
        await office.edition_ready(resource_id)
        shown = await office.shown(resource_id)
        edition_id = shown.sources[0].files[0].url.split("/")[-2]
        yield Published(server, logs, url, nginx_pid, office, author, resource_id, edition_id)


async def watched(
    lesson: Published, players: int, *, ramp: float, scope: ShareScope, in_real_time: bool = True
) -> Tally:
    """Let players come over `ramp` seconds, and play to the end."""
    tally, cookies = Tally(), "" if scope is ShareScope.PUBLIC else lesson.session

    async def one(number: int) -> None:
        await asyncio.sleep(ramp * number / players)
        player = Player(
            lesson.url, lesson.resource_id, tally,
            cookies=cookies, large=number % 4 < LARGE, in_real_time=in_real_time,
        )  # fmt: skip
        try:
            await player.play()
        except (aiohttp.ClientError, TimeoutError, BadPlaylist) as error:
            tally.wrong[f"{type(error).__name__}: {error}"] += 1

    await asyncio.gather(*(one(number) for number in range(players)))
    return tally


def _free_ports(count: int) -> list[int]:
    """TCP ports that nobody has now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [int(one.getsockname()[1]) for one in sockets]
    finally:
        for one in sockets:
            one.close()
