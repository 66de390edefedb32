"""The engine: SQLite in WAL mode or PostgreSQL, one class over both."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import Connection, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
)

from recorder.engines import close_engine, open_engine

BUSY_TIMEOUT_MS = 10_000  # the recorder writes to the same SQLite file
VERSION_TABLE = "signaling_alembic_version"  # of the migrations; has one row
_SAME_VERSION = text(f"UPDATE {VERSION_TABLE} SET version_num = version_num")  # noqa: S608
_WRITES = "tongke_writes"
_PRAGMAS: dict[str, str | int] = {
    "journal_mode": "WAL",
    "synchronous": "FULL",  # what was answered is on the disk, whatever the power does
    "foreign_keys": "ON",
    "busy_timeout": BUSY_TIMEOUT_MS,
}


class DatabaseClosed(RuntimeError):
    """Raised to whoever comes after the server has stopped; such a call changes nothing."""


class Database:
    """Opens sessions: `read` and `write`.

    SQLite cannot turn a reading transaction into a writing one while another writes. Writers
    therefore begin with BEGIN IMMEDIATE. They wait their turn under the busy timeout instead of
    failing.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        parsed = make_url(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        if self.is_sqlite and parsed.database not in {None, "", ":memory:"}:
            Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)
        self.engine: AsyncEngine = open_engine(url, _PRAGMAS, isolation_level=None)
        if self.is_sqlite:
            _say_begin(self.engine)
        self._closed = False
        self._writing = self.engine.execution_options(**{_WRITES: True})
        self._readers = async_sessionmaker(self.engine, expire_on_commit=False)
        self._writers = async_sessionmaker(self._writing, expire_on_commit=False)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session for reading. Raises DatabaseClosed."""
        self._demand_open()
        async with self._readers() as session:
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A session in a writing transaction; commits at the end, rolls back on an exception.

        Raises DatabaseClosed.
        """
        self._demand_open()
        async with self._writers() as session, session.begin():
            yield session

    async def serialize(self, session: AsyncSession, key: int) -> None:
        """Let only one transaction at a time pass here (SQLite's writers are so anyway)."""
        if not self.is_sqlite:
            await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})

    async def ping(self) -> None:
        """Fail if the database does not answer."""
        async with self.read() as session:
            await session.execute(text("SELECT 1"))

    async def try_writing(self) -> None:
        """Fail if nothing can be written; what is tried is taken back."""
        self._demand_open()
        async with self._writing.connect() as connection:
            await connection.execute(_SAME_VERSION)
            await connection.rollback()

    async def close(self) -> None:
        """Close the pool, once those who use it have ended; nobody is let in any more."""
        self._closed = True
        await close_engine(self.engine)

    def _demand_open(self) -> None:
        if self._closed:
            raise DatabaseClosed("the server has stopped")


def _say_begin(engine: AsyncEngine) -> None:
    """Say BEGIN ourselves: the driver's own comes too late and is never IMMEDIATE."""

    @event.listens_for(engine.sync_engine, "begin")
    def on_begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
