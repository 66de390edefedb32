"""SQLAlchemy engines that leave no connection behind, whoever is cancelled while one opens."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Coroutine, Mapping
from typing import Any, Literal
from weakref import WeakKeyDictionary

import aiosqlite
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

_CLOSE_WITHIN_S = 5.0  # the longest wait for connections that are still in use
_LOOK_EVERY_S = 0.01
_OPEN_WITHIN_S = 5.0  # the longest wait for others while a connection is opened


def open_engine(
    url: str,
    pragmas: Mapping[str, str | int],
    *,
    isolation_level: Literal["DEFERRED"] | None = "DEFERRED",
    **options: Any,
) -> AsyncEngine:
    """Make an engine over SQLite or PostgreSQL.

    Args:
        url: SQLAlchemy's, with an async driver (aiosqlite, asyncpg).
        pragmas: what each connection of SQLite is set to.
        isolation_level: of SQLite's driver; with None it never says BEGIN by itself.
        options: of `create_async_engine`.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        # A restart of the server leaves dead connections, which would fail at their next use.
        return create_async_engine(url, pool_pre_ping=True, **options)
    (file, *_), keywords = parsed.get_dialect()().create_connect_args(parsed)
    unused = _Unused()

    async def connection() -> aiosqlite.Connection:
        made = aiosqlite.connect(
            file, factory=_Connection, isolation_level=isolation_level, **keywords
        )
        made._thread.daemon = True  # as SQLAlchemy does: a process ends without waiting for it
        return await unused.kept_from(_opened(made, pragmas))

    engine = create_async_engine(url, async_creator=connection, **options)
    _UNUSED[engine] = unused
    return engine


async def close_engine(engine: AsyncEngine) -> None:
    """Close all connections; those in use have `_CLOSE_WITHIN_S` to come back.

    One that comes back later would never be closed. It might even hold its lock. One that was still
    being opened when its caller was cancelled is waited for, too: its thread tells the loop.
    """
    pool: Any = engine.pool
    try:
        async with asyncio.timeout(_CLOSE_WITHIN_S):
            # The pool tells nobody when a connection is back.
            while hasattr(pool, "checkedout") and pool.checkedout() > 0:  # noqa: ASYNC110
                await asyncio.sleep(_LOOK_EVERY_S)
    except TimeoutError:
        pass  # whoever holds it may wait for what never comes
    await engine.dispose()
    if (unused := _UNUSED.get(engine)) is not None:
        await unused.closed()


class _Connection(sqlite3.Connection):
    """A connection whose lock ends when it is closed.

    SQLite keeps a closed connection, with its lock, until its last statement is dropped. The
    exception of a caller who was cancelled in a statement may hold that for long.
    """

    def close(self) -> None:
        """Roll back, and close."""
        if self.in_transaction:
            self.rollback()
        super().close()


async def _opened(
    made: aiosqlite.Connection, pragmas: Mapping[str, str | int]
) -> aiosqlite.Connection:
    connection = await made
    try:
        for name, value in pragmas.items():
            await _set(connection, f"PRAGMA {name}={value}")
    except BaseException:
        await connection.close()
        raise
    return connection


async def _set(connection: aiosqlite.Connection, pragma: str) -> None:
    """Set a pragma, and wait for others as any statement does.

    SQLite does not wait by itself where a new file is switched to a write-ahead log while somebody
    else writes: it says at once that the file is locked.
    """
    clock = asyncio.get_running_loop().time
    until = clock() + _OPEN_WITHIN_S
    while True:
        try:
            async with connection.execute(pragma):
                return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or clock() >= until:
                raise
        await asyncio.sleep(_LOOK_EVERY_S)


class _Unused:
    """Connections whose callers were cancelled while they were opened: each is closed at once."""

    def __init__(self) -> None:
        self._closing: set[asyncio.Task[None]] = set()

    async def kept_from(
        self, opening: Coroutine[Any, Any, aiosqlite.Connection]
    ) -> aiosqlite.Connection:
        """Wait for a connection; if the caller is cancelled, close it as soon as it is open."""
        task = asyncio.ensure_future(opening)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            closing = asyncio.create_task(_close(task), name="unused connection")
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)
            raise

    async def closed(self) -> None:
        """Wait for them, for `_CLOSE_WITHIN_S`."""
        if self._closing:
            await asyncio.wait(self._closing, timeout=_CLOSE_WITHIN_S)


async def _close(opening: asyncio.Future[aiosqlite.Connection]) -> None:
    with contextlib.suppress(Exception):  # it was never opened
        await (await opening).close()


_UNUSED: WeakKeyDictionary[AsyncEngine, _Unused] = WeakKeyDictionary()
