"""Passwords: argon2id, in threads, few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import ParamSpec, TypeVar

import argon2
import structlog

from signaling.base.errors import Busy, OutOfMemory

log = structlog.get_logger(__name__)

MAX_WAITING = 64  # passwords waiting for a thread; 64 × ~50 ms is as long as a person waits


_P = ParamSpec("_P")
_T = TypeVar("_T")


async def _in_thread(work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    try:
        return await asyncio.to_thread(work, *args, **kwargs)
    except MemoryError as error:
        raise OutOfMemory() from error
    except argon2.exceptions.Argon2Error as error:  # such as "Memory allocation error"
        raise OutOfMemory(str(error)) from error
    except RuntimeError as error:  # no thread could be started
        raise OutOfMemory(str(error)) from error


class Passwords:
    """Hashes and checks passwords.

    argon2-cffi's defaults are RFC 9106's second recommended option (64 MiB, 3 passes, 4 lanes), so
    few may run at once, and the queue before them is bounded.
    """

    def __init__(self, threads: int = 2, hasher: argon2.PasswordHasher | None = None) -> None:
        self._hasher = hasher or argon2.PasswordHasher()
        self._slots = asyncio.Semaphore(threads)
        self._waiting = 0
        self._decoy: str | None = None

    async def hash(self, password: str) -> str:
        """Hash in a thread. Raises Busy and OutOfMemory as `verify` does."""
        async with self._slot():
            return await _in_thread(self._hasher.hash, password)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """True if the password fits. Without a hash (no such account) it costs the same time.

        Raises:
            Busy: too many are waiting.
            OutOfMemory: it could not be tried; that is no wrong password.
        """
        async with self._slot():
            return await _in_thread(self._verify, password_hash, password)

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        """Wait for a turn. Raises Busy."""
        if self._waiting >= MAX_WAITING:
            raise Busy("too many logins at once")
        self._waiting += 1
        try:
            async with self._slots:
                yield
        finally:
            self._waiting -= 1

    def _verify(self, password_hash: str | None, password: str) -> bool:
        if self._decoy is None:
            self._decoy = self._hasher.hash("decoy")
        try:
            self._hasher.verify(password_hash or self._decoy, password)
        except argon2.exceptions.VerifyMismatchError:
            return False
        except argon2.exceptions.InvalidHashError:
            log.error("password_hash_unreadable")
            return False
        return password_hash is not None
