"""Work that is broken off only where it says so, and never in the middle of a query."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class BreakingOff:
    """One line of work; `stop` breaks off its present `part`, or else its next."""

    def __init__(self) -> None:
        self._stopping = False
        self._part: asyncio.Future[Any] | None = None

    async def part(self, work: Coroutine[Any, Any, T]) -> T:
        """Do a part that may be broken off. Raises CancelledError if it was."""
        if self._stopping:
            work.close()
            raise asyncio.CancelledError
        part: asyncio.Future[T] = asyncio.ensure_future(work)
        self._part = part
        try:
            return await part
        finally:
            self._part = None

    def stop(self) -> None:
        """Break off; the line of work ends by CancelledError."""
        self._stopping = True
        if self._part is not None:
            self._part.cancel()
