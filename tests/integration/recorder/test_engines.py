"""Engines: whoever is cancelled, no connection and no lock is left behind."""

from __future__ import annotations

import asyncio
import gc
import sqlite3
import threading
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

import aiosqlite
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from recorder import engines
from recorder.engines import close_engine, open_engine

PRAGMAS: dict[str, str | int] = {"journal_mode": "WAL", "busy_timeout": 10}


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    made = open_engine(f"sqlite+aiosqlite:///{tmp_path / 'a.db'}", PRAGMAS)
    async with made.begin() as connection:
        await connection.execute(text("CREATE TABLE t (n INTEGER)"))
    await made.dispose()  # the next caller opens a connection
    yield made
    await close_engine(made)


class Steps:
    """Notes the connections, and cancels the task that takes a given step with one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: list[aiosqlite.Connection] = []
        self.taken = 0
        self.cancel_at = -1
        self.task: asyncio.Task[None] | None = None
        for name in ("_connect", "_execute"):
            monkeypatch.setattr(aiosqlite.Connection, name, self._noted(name))

    def _noted(self, name: str) -> Any:
        step = getattr(aiosqlite.Connection, name)

        async def noted(connection: aiosqlite.Connection, *args: Any, **kw: Any) -> Any:
            if connection not in self.made:
                self.made.append(connection)
            if self.taken == self.cancel_at and self.task is not None:
                self.task.cancel()
            self.taken += 1
            return await step(connection, *args, **kw)

        return noted

    async def cancel_in(self, work: Coroutine[Any, Any, None], step: int) -> bool:
        """Carry out the work, cancelled in a step; tell whether it came so far."""
        self.taken, self.cancel_at = 0, step
        self.task = asyncio.create_task(work)
        await asyncio.gather(self.task, return_exceptions=True)
        return self.taken > step


async def test_pragmas_hold_for_each_connection(engine: AsyncEngine) -> None:
    async with engine.connect() as one, engine.connect() as other:
        for connection in (one, other):
            assert (await connection.execute(text("PRAGMA journal_mode"))).scalar_one() == "wal"
            assert (await connection.execute(text("PRAGMA busy_timeout"))).scalar_one() == 10


async def test_whoever_is_cancelled_leaves_no_connection_open(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ask() -> None:
        async with engine.begin() as connection:
            await connection.execute(text("INSERT INTO t VALUES (1)"))
            await connection.execute(text("SELECT * FROM t"))

    steps, step = Steps(monkeypatch), 0
    while await steps.cancel_in(ask(), step):
        step += 1
        await close_engine(engine)  # the next caller opens anew
        await asyncio.gather(*(asyncio.to_thread(one._thread.join, 20) for one in steps.made))
        assert [one for one in steps.made if one._connection is not None] == []
        async with engine.begin() as connection:  # no lock is left
            await connection.execute(text("DELETE FROM t"))
        await close_engine(engine)
        steps.made.clear()
        gc.collect()  # a connection that was forgotten warns, which fails the test
    assert step > len(PRAGMAS) + 4  # opening, pragmas, two statements, commit


async def test_closing_waits_for_those_in_use(engine: AsyncEngine) -> None:
    inside, leave = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with engine.begin() as connection:
            await connection.execute(text("INSERT INTO t VALUES (3)"))
            inside.set()
            await leave.wait()

    task = asyncio.create_task(hold())
    await inside.wait()
    closing = asyncio.create_task(close_engine(engine))
    await asyncio.sleep(0)
    assert not closing.done()
    leave.set()
    await asyncio.gather(task, closing)
    pool: Any = engine.pool
    assert pool.checkedin() == 0


async def test_a_connection_that_is_still_being_opened_is_closed_before_the_engine_is(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening, goes_on = asyncio.Event(), threading.Event()
    loop, threads = asyncio.get_running_loop(), []

    class Slow(engines._Connection):
        def __init__(self, *args: Any, **more: Any) -> None:
            threads.append(threading.current_thread())
            loop.call_soon_threadsafe(opening.set)
            goes_on.wait()
            super().__init__(*args, **more)

    monkeypatch.setattr(engines, "_Connection", Slow)
    asking = asyncio.create_task(_ask(engine))
    await opening.wait()
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    closing = asyncio.create_task(close_engine(engine))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not closing.done()
    goes_on.set()
    await closing
    (thread,) = threads
    await asyncio.to_thread(thread.join, 10)
    assert not thread.is_alive()


async def _ask(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))


async def test_a_new_file_that_another_writes_to_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute = aiosqlite.Connection._execute
    writer = sqlite3.connect(tmp_path / "new.db", isolation_level=None)
    refused: list[Exception] = []

    async def noted(connection: aiosqlite.Connection, *args: Any, **kw: Any) -> Any:
        try:
            return await execute(connection, *args, **kw)
        except sqlite3.OperationalError as error:
            refused.append(error)
            if writer.in_transaction:
                writer.execute("ROLLBACK")
            raise

    monkeypatch.setattr(aiosqlite.Connection, "_execute", noted)
    writer.execute("BEGIN IMMEDIATE")  # before the file has a write-ahead log
    engine = open_engine(f"sqlite+aiosqlite:///{tmp_path / 'new.db'}", PRAGMAS)
    async with engine.connect() as connection:
        mode = await connection.scalar(text("PRAGMA journal_mode"))
    await close_engine(engine)
    writer.close()
    assert mode == "wal"
    assert [str(one) for one in refused] == ["database is locked"]
