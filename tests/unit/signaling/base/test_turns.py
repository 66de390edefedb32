"""Ending a background task between two of its turns."""

import asyncio

import pytest

from signaling.base import turns
from signaling.base.turns import end_between_turns


class Worker:
    """Works in turns that end when they are told to."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self.goes_on = asyncio.Event()
        self.begun = asyncio.Event()
        self.whole = 0

    async def work(self) -> None:
        while True:
            async with self.turn:
                self.begun.set()
                await self.goes_on.wait()
                self.whole += 1
            await asyncio.sleep(3600)


async def test_a_turn_under_way_is_ended_first() -> None:
    worker = Worker()
    task = asyncio.create_task(worker.work())
    await worker.begun.wait()
    ending = asyncio.create_task(end_between_turns(task, worker.turn))
    await asyncio.sleep(0)
    assert not task.done()
    worker.goes_on.set()
    await ending
    assert (task.cancelled(), worker.whole, worker.turn.locked()) == (True, 1, False)


async def test_a_task_that_waits_ends_at_once() -> None:
    worker = Worker()
    worker.goes_on.set()
    task = asyncio.create_task(worker.work())
    await worker.begun.wait()
    await end_between_turns(task, worker.turn)
    assert (task.cancelled(), worker.whole) == (True, 1)


async def test_a_turn_that_takes_too_long_is_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PATIENCE_S", 0.0)
    worker = Worker()
    task = asyncio.create_task(worker.work())
    await worker.begun.wait()
    await end_between_turns(task, worker.turn)
    assert (task.cancelled(), worker.whole, worker.turn.locked()) == (True, 0, False)
