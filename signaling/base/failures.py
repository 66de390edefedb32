"""Telling failures of disk, memory and database apart, so that each gets its own true answer."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from signaling.base.errors import (
    Busy,
    DatabaseUnavailable,
    OutOfMemory,
    ReadOnly,
    SignalingError,
    StorageFull,
)

_MAX_CAUSES = 8  # exceptions followed from one to its cause
_ERRNO: dict[int, type[SignalingError]] = {
    errno.ENOSPC: StorageFull,
    errno.EDQUOT: StorageFull,
    errno.EROFS: ReadOnly,
    errno.ENOMEM: OutOfMemory,
    errno.EMFILE: Busy,
    errno.ENFILE: Busy,
    errno.ECONNREFUSED: DatabaseUnavailable,
}
# Primary result codes (sqlite.org/rescode.html): the low eight bits of an extended one.
_SQLITE: dict[int, type[SignalingError]] = {
    sqlite3.SQLITE_FULL: StorageFull,
    sqlite3.SQLITE_READONLY: ReadOnly,
    sqlite3.SQLITE_NOMEM: OutOfMemory,
    sqlite3.SQLITE_BUSY: Busy,
    sqlite3.SQLITE_LOCKED: Busy,
    sqlite3.SQLITE_IOERR: DatabaseUnavailable,
    sqlite3.SQLITE_CANTOPEN: DatabaseUnavailable,
    sqlite3.SQLITE_CORRUPT: DatabaseUnavailable,
    sqlite3.SQLITE_NOTADB: DatabaseUnavailable,
}
# PostgreSQL's SQLSTATE, or the two characters of its class (Appendix A of its manual).
_SQLSTATE: dict[str, type[SignalingError]] = {
    "53100": StorageFull,
    "53200": OutOfMemory,
    "25006": ReadOnly,
    "40": Busy,
    "53": Busy,
    "55": Busy,
    "08": DatabaseUnavailable,
    "57": DatabaseUnavailable,
    "58": DatabaseUnavailable,
}


def failure_of(error: BaseException) -> SignalingError | None:
    """Translate an exception of disk, memory or database; None for everything else."""
    for cause in _causes(error):
        kind = _kind_of(cause)
        if kind is not None:
            return kind(type(cause).__name__)
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return DatabaseUnavailable(type(error.orig).__name__)
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    for _ in range(_MAX_CAUSES):
        if found is None:
            return
        yield found
        original = found.orig if isinstance(found, DBAPIError) else None
        found = original or found.__cause__


def _kind_of(error: BaseException) -> type[SignalingError] | None:
    if isinstance(error, MemoryError):
        return OutOfMemory
    if isinstance(error, PoolTimeout):
        return Busy
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(code, int):
        return _SQLITE.get(code & 0xFF)
    state = getattr(error, "sqlstate", None)
    if isinstance(state, str):
        return _SQLSTATE.get(state) or _SQLSTATE.get(state[:2])
    if isinstance(error, OSError) and error.errno is not None:
        return _ERRNO.get(error.errno)
    return None
