"""One player: it opens the lesson, chooses a size, and fetches segments as its playing goes on."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urljoin

import aiohttp
import msgspec

from load_tests.players.playlists import Part, parts, variants
from signaling.library.publishing.wire import LibraryDetail

AHEAD_S = 30.0  # of media that is fetched before it is played: hls.js `maxBufferLength`
REQUEST_TIMEOUT = aiohttp.ClientTimeout(total=60)


@dataclass
class Tally:
    """The sum of what all players have fetched.

    Attributes:
        asked: how often each range of each file was fetched, heads left out.
        bytes: of segments and heads.
        playlists: fetched.
        late: segments that came after their time to be shown.
        took_s: of each segment, from the request to the last byte.
        wrong: answers that were not what was asked for, by what they were.
        ended: players that have played to the end.
    """

    asked: Counter[tuple[str, str]] = field(default_factory=Counter)
    bytes: int = 0
    playlists: int = 0
    late: int = 0
    took_s: list[float] = field(default_factory=list)
    wrong: Counter[str] = field(default_factory=Counter)
    ended: int = 0


class Player:
    """Plays one published resource once.

    Args:
        base: where the site is.
        resource_id: what is played.
        tally: where its figures go.
        cookies: of a viewer who is signed in; each player has a cookie of its own besides.
        large: whether it has the line for the largest size.
        in_real_time: whether it waits as a player does whose buffer is full.
    """

    def __init__(
        self,
        base: str,
        resource_id: str,
        tally: Tally,
        *,
        cookies: str = "",
        large: bool = True,
        in_real_time: bool = True,
    ) -> None:
        self._base = base
        self._resource_id = resource_id
        self._tally = tally
        self._large = large
        self._in_real_time = in_real_time
        own = f"viewer={secrets.token_hex(16)}"
        self._headers = {"Cookie": f"{cookies}; {own}" if cookies else own}

    async def play(self) -> None:
        """Play to the end. Raises aiohttp.ClientError, TimeoutError, BadPlaylist."""
        async with aiohttp.ClientSession(
            headers=self._headers, timeout=REQUEST_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar()
        ) as http:
            detail = msgspec.json.decode(
                await self._text(http, f"{self._base}/api/library/{self._resource_id}"),
                type=LibraryDetail,
            )
            began = time.monotonic()
            files = [file.url for source in detail.sources for file in source.files]
            await asyncio.gather(*(self._source(http, url, began) for url in files))
        self._tally.ended += 1

    async def _source(self, http: aiohttp.ClientSession, url: str, began: float) -> None:
        """Play one source: pictures, and sound beside them."""
        url = urljoin(self._base, url)
        sizes = variants(await self._playlist(http, url))
        chosen = sizes[-1 if self._large else 0]
        names = [one for one in (chosen.playlist, chosen.sound) if one is not None]
        await asyncio.gather(*(self._track(http, urljoin(url, name), began) for name in names))

    async def _track(self, http: aiohttp.ClientSession, url: str, began: float) -> None:
        wanted = parts(await self._playlist(http, url))
        starts = itertools.accumulate((one.duration_s for one in wanted), initial=0.0)
        for part, start in zip(wanted, starts, strict=False):
            if self._in_real_time:
                await asyncio.sleep(max(0.0, began + start - AHEAD_S - time.monotonic()))
            took_s = await self._part(http, urljoin(url, part.name), part)
            if part.duration_s:
                self._tally.asked[part.name, part.range] += 1
                self._tally.took_s.append(took_s)
                # What is fetched first is shown as soon as it is there.
                self._tally.late += start > 0 and time.monotonic() > began + start

    async def _part(self, http: aiohttp.ClientSession, url: str, part: Part) -> float:
        began = time.monotonic()
        async with http.get(url, headers={"Range": part.range}) as answer:
            data = await answer.read()
        if answer.status != 206 or len(data) != part.length:
            self._tally.wrong[f"{answer.status}, {len(data)} bytes"] += 1
        self._tally.bytes += len(data)
        return time.monotonic() - began

    async def _playlist(self, http: aiohttp.ClientSession, url: str) -> str:
        self._tally.playlists += 1
        return (await self._text(http, url)).decode()

    async def _text(self, http: aiohttp.ClientSession, url: str) -> bytes:
        async with http.get(url) as answer:
            if answer.status != 200:
                self._tally.wrong[f"{answer.status} for {url.rpartition('/')[2]}"] += 1
            answer.raise_for_status()
            return await answer.read()
