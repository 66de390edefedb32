"""Waiting for what a process or a server does in its own time."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

PATIENCE_S = 60.0  # with a busy machine; how long things take is measured elsewhere
READY_S = 60.0  # until a server that a test has started listens
_POLL_S = 0.02


async def until(condition: Callable[[], Any]) -> Any:
    """Ask, or await, again and again until the answer is true; returns it. Raises TimeoutError."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            answer = condition()
            if inspect.isawaitable(answer):
                answer = await answer
            if answer:
                return answer
            await asyncio.sleep(_POLL_S)
