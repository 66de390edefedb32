"""A county with many rooms, and a crowd of their terminals on the control channel alone."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from signaling.audit.log import SYSTEM
from signaling.command.seed import COUNTY
from tests.support.server import Client, TongkeServer
from tests.support.services import running_services

ROOMS = 60
PING_EVERY_S = 2.0  # as a page does
SCHOOL_NAMES = (
    "山泉",
    "云岭",
    "石桥",
    "柳树湾",
    "大青山",
    "竹林",
    "白马",
    "红旗",
    "清水河",
    "杨家坪",
)


def crowd_room(number: int) -> str:
    """The id of a crowd's room."""
    return f"crowd{number}"


def school_name(number: int) -> str:
    """The name of the school of a crowd's room."""
    return f"{SCHOOL_NAMES[number % len(SCHOOL_NAMES)]}第{number // 10 + 1}教学点"


async def seed_crowd(data: Path, rooms: int = ROOMS) -> None:
    """Put schools with one room each into what `TongkeServer.start` will serve from a folder."""
    async with (
        running_services(data / "data") as services,
        services.audit.work(SYSTEM, "seed_crowd") as work,
    ):
        for number in range(rooms):
            school = f"crowd-school{number}"
            await services.people.add_school(
                work, school, COUNTY[0], school_name(number), "teaching_point"
            )
            await services.people.add_room(work, crowd_room(number), school, "多媒体教室")


@asynccontextmanager
async def crowd(
    server: TongkeServer, lesson: dict[str, Any], numbers: Sequence[int]
) -> AsyncIterator[dict[int, Any]]:
    """Terminals of these rooms in a lesson; their control channels by number."""
    async with contextlib.AsyncExitStack() as stack:

        async def enter(number: int) -> tuple[int, Any]:
            client: Client = await server.terminal(lesson, crowd_room(number))
            channel = await stack.enter_async_context(client.channel(lesson["lesson_id"]))
            return number, channel

        channels = dict(await asyncio.gather(*(enter(number) for number in numbers)))
        drains = [asyncio.create_task(_drain(channel)) for channel in channels.values()]
        try:
            yield channels
        finally:
            for drain in drains:
                drain.cancel()


async def _drain(channel: Any) -> None:
    """Read what the server says, and stay alive."""

    async def read() -> None:
        async for _ in channel:
            pass

    reading = asyncio.create_task(read())
    try:
        while not reading.done():
            await channel.send_json({"type": "ping", "sent_at": 0})
            await asyncio.sleep(PING_EVERY_S)
    finally:
        reading.cancel()
