"""Time that a web process before the cell adds to a REST call and to a WebSocket message.

One cell in a process of its own serves its lesson directly, and behind its door. A web process,
also of its own, forwards to that door. The same requests go both ways in turn.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp

from load_tests.child import Child
from load_tests.control import ApiClient
from load_tests.participants import open_lesson, sign_in_teacher, teaching_point_rooms
from load_tests.server import process_cpu_s
from signaling.access.secret_file import load_keyring
from signaling.base.config import Config, load
from signaling.base.logs import configure
from signaling.command import seed
from signaling.forwarding.clients import CellClients
from signaling.forwarding.door import DoorKeeper
from signaling.forwarding.forwarder import Forwarder
from signaling.forwarding.keys import InnerKeys
from signaling.forwarding.places import CellAddress, StaticPlaces, StaticShare
from signaling.forwarding.sender import Sender
from signaling.http_face import door_server, http_server
from signaling.joints.open_lessons import StoredLessons
from signaling.serving import assembled
from signaling.web.server import HttpServer
from signaling.wiring import Services

PINGS_PER_S = 25  # of one channel; the server takes 30 messages a second
WARM_UP = 20  # of each kind, not counted: connections open, code is read


async def forwarding(*, times: int) -> dict[str, Any]:
    """Measure `times` calls and messages each way; returns the figures of the JSON line."""
    async with AsyncExitStack() as stack:
        data = stack.enter_context(tempfile.TemporaryDirectory(prefix="tongke-"))
        orders = {"data": data, "door": f"{data}/cell.sock"}
        cell = await stack.enter_async_context(Child("forwarded", {**orders, "role": "cell"}))
        direct = await cell.expect("ready")
        web = await stack.enter_async_context(Child("forwarded", {**orders, "role": "web"}))
        through = await web.expect("ready")
        urls = (direct["url"], through["url"])
        rest_cpu = -process_cpu_s(through["pid"])
        rest = await _rest(stack, urls, times)
        rest_cpu += process_cpu_s(through["pid"])
        socket_cpu = -process_cpu_s(through["pid"])
        socket = await _sockets(stack, urls, times)
        socket_cpu += process_cpu_s(through["pid"])
        return {
            "test": "forwarding",
            "times": times,
            "rest_ms": _compared(*rest),
            "socket_ms": _compared(*socket),
            "web_cpu_per_call_ms": round(rest_cpu * 1000 / (times + WARM_UP), 2),
            "web_cpu_per_message_ms": round(socket_cpu * 1000 / (times + WARM_UP), 2),
        }


async def _rest(
    stack: AsyncExitStack, urls: Sequence[str], times: int
) -> tuple[list[float], list[float]]:
    """Ask for media tokens, which a cell answers from the database."""
    clients = [await stack.enter_async_context(ApiClient(url)) for url in urls]
    for client in clients:
        await sign_in_teacher(client)
    lesson = await open_lesson(clients[1], "转发", await teaching_point_rooms(clients[1], 2))
    await clients[1].start_lesson(lesson.lesson_id)
    took: tuple[list[float], list[float]] = ([], [])
    for number in range(times + WARM_UP):
        for client, ms in zip(clients, took, strict=True):
            began = time.perf_counter()
            await client.media_access(lesson.lesson_id)
            if number >= WARM_UP:
                ms.append((time.perf_counter() - began) * 1000)
    return took


async def _sockets(
    stack: AsyncExitStack, urls: Sequence[str], times: int
) -> tuple[list[float], list[float]]:
    """Send pings over two rooms' channels, and wait for each pong."""
    teacher = await stack.enter_async_context(ApiClient(urls[0]))
    await sign_in_teacher(teacher)
    lesson = next(one for one in (await teacher.lessons()).lessons if one.title == "转发")
    channels = []
    for url, room in zip(urls, lesson.receive_rooms, strict=True):
        client = await stack.enter_async_context(ApiClient(url))
        await client.terminal_login(join_code=lesson.join_code, room_id=room.room_id)
        channel = client.http.ws_connect(f"{url}/ws/lessons/{lesson.lesson_id}", origin=url)
        channels.append(await stack.enter_async_context(channel))
        await channels[-1].send_json({"type": "hello"})
    took: tuple[list[float], list[float]] = ([], [])
    for number in range(times + WARM_UP):
        for channel_now, ms in zip(channels, took, strict=True):
            trip = await _ping(channel_now)
            if number >= WARM_UP:
                ms.append(trip)
        await asyncio.sleep(1 / PINGS_PER_S)
    return took


async def _ping(channel: aiohttp.ClientWebSocketResponse) -> float:
    """Milliseconds until the answer to a ping; other messages are passed over."""
    began = time.perf_counter()
    await channel.send_json({"type": "ping", "sent_at": began})
    while True:
        message = await channel.receive_json()
        if message["type"] == "pong" and message["sent_at"] == began:
            return (time.perf_counter() - began) * 1000


def _compared(direct: list[float], through: list[float]) -> dict[str, float]:
    """Median and 99th percentile both ways, and what the way through adds."""
    figures = {}
    for name, of in (("median", statistics.median), ("p99", _p99)):
        one, two = of(direct), of(through)
        figures |= {f"{name}_direct": one, f"{name}_through": two, f"{name}_added": two - one}
    return {name: round(value, 2) for name, value in figures.items()}


def _p99(values: Sequence[float]) -> float:
    """The 99th percentile by nearest rank."""
    return sorted(values)[math.ceil(len(values) * 0.99) - 1]


# --- the processes --------------------------------------------------------------------------------


async def forwarded() -> None:
    """Be a cell or a web process, until the end of the orders."""
    orders = json.loads(await asyncio.to_thread(sys.stdin.readline))
    config = load(
        overrides={
            "data_dir": orders["data"],
            "http_host": "127.0.0.1",
            "http_port": 0,
            "udp_hosts": ("127.0.0.1",),
            "udp_port": 0,
        }
    )
    configure("error")
    address = CellAddress("cell-1", Path(orders["door"]))
    serve = _cell if orders["role"] == "cell" else _web
    async with AsyncExitStack() as stack:
        server = await serve(stack, config, address)
        ready = {"kind": "ready", "url": server.url, "pid": os.getpid()}
        print(json.dumps(ready), flush=True)
        await asyncio.to_thread(sys.stdin.read)


async def _cell(stack: AsyncExitStack, config: Config, address: CellAddress) -> HttpServer:
    """Serve the lessons, directly and behind the door; returns the direct server."""
    relay, recorder, services = assembled(config)
    await services.prepare()
    for part in (relay, recorder, services):
        await part.start()
        stack.push_async_callback(part.stop)
    await seed.seed_people(services)
    share = StaticShare(address.cell_id, StaticPlaces((address,)))
    door = DoorKeeper(
        cell_id=address.cell_id, keys=_keys(services), held=share, clock=services.clock
    )
    direct = http_server(services)
    for server in (direct, door_server(services, door, address)):
        await server.start()
        stack.push_async_callback(server.stop)
    return direct


async def _web(stack: AsyncExitStack, config: Config, address: CellAddress) -> HttpServer:
    """Serve as a web process; it has a relay and a recorder, and starts neither."""
    _, _, services = assembled(config)
    stack.push_async_callback(services.database.close)
    clients = CellClients(config.http_connections)
    stack.push_async_callback(clients.close)
    forwarder = Forwarder(
        places=StaticPlaces((address,)),
        lessons=StoredLessons(services.lesson_store),
        sender=Sender(clients, _keys(services), services.clock),
    )
    server = http_server(services, forwarder)
    await server.start()
    stack.push_async_callback(server.stop)
    return server


def _keys(services: Services) -> InnerKeys:
    data, clock = services.config.data, services.clock
    return InnerKeys(lambda: load_keyring(data, clock.now().timestamp()), clock.monotonic)
