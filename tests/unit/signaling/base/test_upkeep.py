"""Jobs recur, each round whole, whatever one of them does."""

import asyncio

from signaling.base.upkeep import Upkeep


async def test_a_job_that_fails_keeps_no_other_from_its_turn() -> None:
    rounds = 0
    twice = asyncio.Event()

    def fails() -> None:
        raise OSError("away")

    async def counts() -> None:
        nonlocal rounds
        rounds += 1
        if rounds == 2:
            twice.set()

    upkeep = Upkeep()
    upkeep.every(0.0, "test", [fails, counts])
    async with asyncio.timeout(60):
        await twice.wait()
    await upkeep.stop()
    stopped_at = rounds
    for _ in range(3):
        await asyncio.sleep(0)
    assert rounds == stopped_at


async def test_a_job_that_comes_later_has_its_turn_too() -> None:
    came = asyncio.Event()
    jobs = [lambda: None]
    upkeep = Upkeep()
    upkeep.every(0.0, "test", jobs)
    jobs.append(came.set)
    async with asyncio.timeout(60):
        await came.wait()
    await upkeep.stop()
