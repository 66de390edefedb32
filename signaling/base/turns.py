"""Ending a background task between two of its turns."""

from __future__ import annotations

import asyncio
import contextlib

PATIENCE_S = 5.0  # the longest wait for a turn to end


async def end_between_turns(task: asyncio.Task[None], turn: asyncio.Lock) -> None:
    """Cancel a task while it waits, and wait for its end.

    A task that is cancelled inside a transaction may leave the database locked until its connection
    is collected, so that what the server still has to write at its end is not written.

    Args:
        task: the task.
        turn: what the task holds while it works.
    """
    held = False
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            held = await turn.acquire()
    try:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    finally:
        if held:
            turn.release()
