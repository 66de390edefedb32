"""The measurement: servers with different numbers of cells in turn, by CPU accounting.

There are more processes than cores, so each cell has few lessons: together they need less than the
machine has, and nothing waits. The cost of a lesson tells how many a cell carries on its own core.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from load_tests.child import Child
from load_tests.control import ApiClient
from load_tests.linear.county import import_county, start_lessons
from load_tests.linear.figures import Shares, linear_figures, run_figures
from load_tests.redis import Redis, redis_server
from load_tests.server import ServerProcess, Usage, process_usage
from relay import IS_COMPILED

GENERATORS = 2  # processes that stand for all classrooms, as the machine has two cores
SETTLE_S = 10.0  # until estimates of the lines have grown, and pages have come
CALM_S = 3.0  # after a start
LIVE = "tongke_live_lessons"
NODE = "bench"


async def linear(
    *,
    cells: Sequence[int],
    lessons_per_cell: int,
    seconds: float,
    rounds: int,
    lessons: int | None = None,
    plain: bool = False,
) -> dict[str, Any]:
    """Measure each number of cells, and one process for all, in turn.

    Args:
        cells: the numbers.
        lessons_per_cell: in each cell; one process for all has as many.
        seconds: how long each is measured, once without lessons and once with them.
        rounds: how often.
        lessons: as many in all, however many cells there are, instead of `lessons_per_cell`. Then
            the machine is equally busy, and only the spread differs.
        plain: lessons are those of `beside`, else whole ones; see `people`.
    """
    runs: dict[int, list[Mapping[str, float]]] = {count: [] for count in (0, *cells)}
    packets = []
    for _ in range(rounds):
        for count, done in runs.items():
            each = lessons_per_cell if lessons is None else lessons // max(count, 1)
            figures, counts = await _run(count, each, seconds, plain=plain)
            done.append(figures)
            packets.append({"cells": count, **counts})
    return {
        "test": "linear",
        "compiled_core": IS_COMPILED,
        "machine_load": round(os.getloadavg()[0], 1),
        "kind": "plain" if plain else "whole",
        "lessons": lessons,
        "lessons_per_cell": lessons_per_cell if lessons is None else None,
        "seconds": seconds,
        "rounds": rounds,
        "unit": "ms of a core a second",
        **linear_figures(runs),
        "packets": packets,
        "runs": {str(count): done for count, done in runs.items()},
    }


async def _run(
    cells: int, lessons_per_cell: int, seconds: float, *, plain: bool
) -> tuple[dict[str, float], dict[str, float]]:
    count = lessons_per_cell * max(cells, 1)
    async with AsyncExitStack() as stack:
        arguments: tuple[str, ...] = ()
        redis = None
        if cells:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="tongke-redis-"))
            redis = await stack.enter_async_context(redis_server(Path(folder)))
            arguments = ("--cells", str(cells), "--redis-url", redis.url, "--node-id", NODE)
        server = ServerProcess(None, arguments, seeded=False)
        await import_county(server)
        await stack.enter_async_context(server)
        await asyncio.sleep(CALM_S)
        meter = Meter(server, redis)
        idle = await meter.shares(seconds)
        client = await stack.enter_async_context(ApiClient(server.base_url))
        lessons = await start_lessons(client, count)
        children = []
        for number in range(min(GENERATORS, count)):
            mine = [[one.lesson_id, one.join_code] for one in lessons[number::GENERATORS]]
            orders = {"url": server.base_url, "lessons": mine, "plain": plain}
            children.append(await stack.enter_async_context(Child("lesson-people", orders)))
        await asyncio.gather(*(child.expect("ready") for child in children))
        await _demand_spread(server, cells, lessons_per_cell)
        await asyncio.sleep(SETTLE_S)
        before = await _counted(children)
        busy = await meter.shares(seconds)
        after = await _counted(children)
        span_s = after["at"] - before["at"]
        rates = {
            name: round((after[name] - before[name]) / span_s / count, 1)
            for name in ("published", "received", "lost")
        }
        per_lesson = rates["published"] + rates["received"]
        return run_figures(idle, busy, count, per_lesson), rates


class Meter:
    """Reads the CPU clocks of a server's processes."""

    def __init__(self, server: ServerProcess, redis: Redis | None) -> None:
        self._server = server
        self._redis = redis

    async def shares(self, seconds: float) -> Shares:
        """Measure for a while."""
        before = self._read()
        await asyncio.sleep(seconds)
        return _shares(before, self._read())

    def _read(self) -> dict[str, Usage]:
        read = self._server.usages()
        if self._redis is not None:
            read["redis"] = process_usage(self._redis.pid)
        return read


def _shares(before: Mapping[str, Usage], after: Mapping[str, Usage]) -> Shares:
    share = {
        name: (after[name].cpu_s - one.cpu_s) / (after[name].taken_at - one.taken_at)
        for name, one in before.items()
    }
    main, redis = share.pop("main"), share.pop("redis", 0.0)
    cells = [one for name, one in share.items() if ".cell-" in name]
    if not cells:
        return Shares([main])
    web = sum(one for name, one in share.items() if ".cell-" not in name)
    return Shares(cells, web, redis, main)


async def _demand_spread(server: ServerProcess, cells: int, lessons_per_cell: int) -> None:
    """Check that each cell has its share of the lessons. Raises RuntimeError."""
    told = {name: value for name, value in (await server.metrics()).items() if LIVE in name}
    held = [value for name, value in told.items() if not cells or ".cell-" in name]
    if held != [lessons_per_cell] * max(cells, 1):
        raise RuntimeError(f"the lessons are not spread evenly: {told}")


async def _counted(children: Sequence[Child]) -> dict[str, float]:
    """Sums over all processes of people."""
    reports = []
    for child in children:
        await child.tell("count")
        reports.append(await child.expect("counts"))
    sums = {name: sum(one[name] for one in reports) for name in ("published", "received", "lost")}
    return {**sums, "at": sum(one["at"] for one in reports) / len(reports)}
