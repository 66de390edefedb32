"""A cell is drained under a synthetic publisher and viewer that come back as pages do.

The longest gap of the picture is printed (`pytest -s`); docs/cells.md has the figures.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from load_tests.fanout import Feeder
from load_tests.media import MediaClock
from load_tests.peer import Endpoint
from load_tests.publish import PublishingPeer, VideoPlan
from load_tests.rtp import RtpPacket
from load_tests.watch import ViewingPeer
from signaling.command.seed import RECEIVE_ROOMS
from tests.support.control import Closed, read
from tests.support.one_process import one_process
from tests.support.redis_server import redis_server
from tests.support.server import Client
from tests.support.waiting import until as true

PICTURES_PER_S = 20
MOVED_WITHIN_S = 0.1  # as `control.ts`


class Page:
    """Keeps a control channel, and opens media anew for each server that it meets."""

    def __init__(
        self, client: Client, lesson_id: str, media: Callable[[], Awaitable[None]], view: str | None
    ) -> None:
        self._client = client
        self._lesson_id = lesson_id
        self._media = media
        self._view = view
        self.byes: list[str] = []

    async def run(self) -> None:
        """Come back for ever."""
        instance = None
        while True:
            with contextlib.suppress(Closed, aiohttp.WSServerHandshakeError):
                async with self._client.channel(self._lesson_id) as channel:
                    if self._view is not None:
                        slots = [{"slot": 0, "source_id": self._view}]
                        await channel.send_json({"type": "view", "id": 1, "slots": slots})
                    while True:
                        message = await read(channel)
                        if message["type"] == "snapshot" and message["instance"] != instance:
                            instance = message["instance"]
                            opening = asyncio.create_task(self._media())
                            opening.add_done_callback(lambda task: task.result())
                        if message["type"] == "bye":
                            self.byes.append(message["reason"])
                            break
            moved = self.byes[-1:] == ["moved"]
            await asyncio.sleep(MOVED_WITHIN_S * random.random() if moved else 0.2)


class Lead:
    """The lead teacher's camera: the former session sends until the new one is up."""

    def __init__(self, client: Client, lesson_id: str) -> None:
        self._client, self._lesson_id, self._clock = client, lesson_id, MediaClock()
        self._present: tuple[PublishingPeer, asyncio.Task[None]] | None = None

    async def open(self) -> None:
        """Publish at the lesson's present cell."""
        access = await self._client.media_access(self._lesson_id)
        endpoint = _endpoint(self._client, access["camera"])
        plan = VideoPlan(rids=())
        peer = PublishingPeer(self._client.http, endpoint, self._clock, video=plan, audio=False)
        feeder = Feeder(peer, self._clock, PICTURES_PER_S, silent=True, frames_per_s=PICTURES_PER_S)
        await peer.start()
        former, self._present = self._present, (peer, asyncio.create_task(feeder.run()))
        if former is not None:
            former[1].cancel()
            await former[0].close()

    async def leave(self) -> None:
        """End it."""
        if self._present is not None:
            self._present[1].cancel()
            await self._present[0].vanish()


class Screen:
    """A classroom's screen: it shows the new session as soon as that is up, as pages do."""

    def __init__(self, client: Client, lesson_id: str) -> None:
        self._client, self._lesson_id = client, lesson_id
        self._shown: ViewingPeer | None = None
        self.at: list[float] = []  # when something of a picture came

    async def open(self) -> None:
        """Watch at the lesson's present cell."""
        access = await self._client.media_access(self._lesson_id)
        peer = ViewingPeer(
            self._client.http, _endpoint(self._client, access["watch"]), audio_slots=0
        )

        def note(kind: str, _slot: int, _packet: RtpPacket) -> None:
            if peer is self._shown and kind == "video":
                self.at.append(time.monotonic())

        peer.on_packet = note
        await peer.start()
        former, self._shown = self._shown, peer
        if former is not None:
            await former.close()

    async def leave(self) -> None:
        """End it."""
        if self._shown is not None:
            await self._shown.vanish()

    def longest_gap_s(self, since: float) -> float:
        """The longest time without a picture, from a moment on."""
        times = [one for one in self.at if one >= since]
        return max(after - before for before, after in pairwise(times))


def _endpoint(client: Client, access: dict[str, Any]) -> Endpoint:
    return Endpoint(client.base + access["url"], access["token"])


@pytest.mark.bench
async def test_the_picture_of_a_drained_cell_goes_on(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        redis = stack.enter_context(redis_server(tmp_path / "redis"))
        inst = await stack.enter_async_context(one_process(tmp_path, redis.url))
        nodes = inst.nodes
        teacher, admin = await inst.sign_in("wang"), await inst.sign_in("xianguan")
        lesson = await teacher.live_lesson(rooms=RECEIVE_ROOMS[:1])
        lesson_id = lesson["lesson_id"]
        terminal = inst.client()
        await terminal.terminal_login(join_code=lesson["join_code"], room_id=RECEIVE_ROOMS[0])
        lead, screen = Lead(teacher, lesson_id), Screen(terminal, lesson_id)
        stack.push_async_callback(lead.leave)
        stack.push_async_callback(screen.leave)
        pages = [
            Page(teacher, lesson_id, lead.open, None),
            Page(terminal, lesson_id, screen.open, "lead.camera"),
        ]
        for page in pages:
            task = asyncio.create_task(page.run())
            stack.callback(task.cancel)
        await true(lambda: len(screen.at) > 2 * PICTURES_PER_S)

        def has(name: str) -> bool:
            return nodes[name].services.hub.room(lesson_id) is not None

        former, following = ("cell-1", "cell-2") if has("cell-1") else ("cell-2", "cell-1")
        for turn in range(3):
            began, seen = time.monotonic(), len(screen.at)
            assert (await admin.call("POST", f"/api/nodes/{former}/drain"))["draining"]
            await true(lambda name=former: not has(name))
            moved_s = time.monotonic() - began
            await true(lambda many=seen: len(screen.at) > many + 5 * PICTURES_PER_S)
            gap_s = screen.longest_gap_s(began)
            print(f"move {turn}: {moved_s:.2f} s, picture still for {gap_s:.2f} s")  # noqa: T201
            assert has(following)
            await admin.call("DELETE", f"/api/nodes/{former}/drain")
            former, following = following, former
        assert [page.byes for page in pages] == [["moved"] * 3] * 2
        await teacher.call("POST", f"/api/lessons/{lesson_id}/end")
