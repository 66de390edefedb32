"""A process with one relay: WHIP, WHEP and the pipe's messages over HTTP, without a lesson."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Sequence

import aiohttp
import msgspec
from aiohttp import web

from relay import IS_COMPILED
from relay.api import Demand, InPipe, OutPipe, PipedSource, PipeEnd, SlotWish
from relay.config import RelayConfig
from relay.node import RelayNode
from signaling.base.logs import configure

ROOM, SOURCE = "room", "lead.camera"


class RelayProcess:
    """One relay, as owner or edge, and its web server.

    Args:
        other: URL of the edge, if this is the owner.
    """

    def __init__(self, relay: RelayNode, http: aiohttp.ClientSession, other: str | None) -> None:
        self._relay = relay
        self._http = http
        self._other = other
        self._out: OutPipe | None = None
        self._in: InPipe | None = None
        self._owner = ""
        self._telling: set[asyncio.Task[None]] = set()
        self._viewers = 0
        relay.set_audible(ROOM, [SOURCE])
        relay.set_programme(ROOM, [SOURCE])

    def app(self) -> web.Application:
        """The web application."""
        app = web.Application()
        app.add_routes(
            [
                web.post("/whip", self._publish),
                web.post("/whep", self._watch),
                web.delete("/sessions/{id}", self._close),
                web.post("/open", self._open),
                web.post("/sources", self._sources),
                web.post("/demand", self._demand),
                web.get("/stats", self._stats),
            ]
        )
        return app

    async def _publish(self, request: web.Request) -> web.Response:
        answer = self._relay.publish(await request.text(), room_id=ROOM, source_id=SOURCE)
        return _created(answer.session_id, answer.sdp)

    async def _watch(self, request: web.Request) -> web.Response:
        self._viewers += 1
        answer = self._relay.watch(
            await request.text(), room_id=ROOM, viewer_id=f"v{self._viewers}"
        )
        self._relay.set_view(answer.session_id, [SlotWish(0, SOURCE)])
        return _created(answer.session_id, answer.sdp)

    async def _close(self, request: web.Request) -> web.Response:
        self._relay.close(request.match_info["id"])
        return web.Response()

    async def connect(self, own_url: str) -> None:
        """As the owner: open the pipe, and exchange its ends."""
        assert self._other is not None
        self._out = self._relay.open_out_pipe(ROOM, self)
        message = {"owner": own_url, "end": self._out.end}
        async with self._http.post(
            f"{self._other}/open", data=msgspec.json.encode(message)
        ) as reply:
            self._out.connect(msgspec.json.decode(await reply.read(), type=PipeEnd))

    async def _open(self, request: web.Request) -> web.Response:
        message = json.loads(await request.text())
        self._owner = message["owner"]
        self._in = self._relay.open_in_pipe(ROOM, self)
        self._in.connect(msgspec.convert(message["end"], PipeEnd))
        return web.Response(body=msgspec.json.encode(self._in.end))

    async def _sources(self, request: web.Request) -> web.Response:
        assert self._in is not None
        body = await request.read()
        self._in.set_sources(msgspec.json.decode(body, type=tuple[PipedSource, ...]))
        return web.Response()

    async def _demand(self, request: web.Request) -> web.Response:
        assert self._out is not None
        self._out.demand(msgspec.json.decode(await request.read(), type=tuple[Demand, ...]))
        return web.Response()

    async def _stats(self, _request: web.Request) -> web.Response:
        pipe = self._out or self._in
        figures = {"pid": os.getpid(), "compiled": IS_COMPILED}
        pipe_figures = msgspec.to_builtins(pipe.stats()) if pipe is not None else None
        counters = dict(self._relay.counters())
        return web.json_response({**figures, "pipe": pipe_figures, "counters": counters})

    def on_sources(self, sources: Sequence[PipedSource]) -> None:
        """See `relay.api.OutPipeListener`."""
        self._tell(f"{self._other}/sources", msgspec.json.encode(tuple(sources)))

    def on_demand(self, demand: Sequence[Demand]) -> None:
        """See `relay.api.InPipeListener`."""
        self._tell(f"{self._owner}/demand", msgspec.json.encode(tuple(demand)))

    def _tell(self, url: str, body: bytes) -> None:
        task = asyncio.create_task(self._post(url, body))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _post(self, url: str, body: bytes) -> None:
        with contextlib.suppress(aiohttp.ClientError):  # the other one has ended first
            async with self._http.post(url, data=body) as reply:
                await reply.read()


def _created(session_id: str, sdp: str) -> web.Response:
    headers = {"Location": f"/sessions/{session_id}"}
    return web.Response(status=201, text=sdp, headers=headers)


async def relay_process() -> None:
    """The child: its orders are one line of JSON; it runs until its stdin ends."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    orders = json.loads(await reader.readline())
    configure("warning")  # to stderr: stdout is for reports
    relay = RelayNode(RelayConfig(hosts=("127.0.0.1",)))
    await relay.start()
    async with aiohttp.ClientSession() as http:
        process = RelayProcess(relay, http, orders["other"])
        runner = web.AppRunner(process.app(), access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        if orders["other"] is not None:
            await process.connect(url)
        print(json.dumps({"kind": "ready", "url": url, "pid": os.getpid()}), flush=True)
        while await reader.readline():
            pass
        await relay.stop()
        await runner.cleanup()
