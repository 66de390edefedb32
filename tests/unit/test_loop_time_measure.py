"""What a machine does to the measure of the loop's steps, and what it does not hide."""

import asyncio
import time
from collections.abc import Callable

import pytest

from tests.support import loop_time
from tests.support.loop_time import QUIET_MS, TRIES, watched_loop

BUDGET_MS = 2.5
STEPS = 3


class Cpu:
    """CPU time of a machine that is `slower` times as slow as a quiet one."""

    def __init__(self) -> None:
        self.slower = 1.0
        self._used_ms = 0.0

    def spend(self, ms: float) -> None:
        """Work for as long as it takes on a quiet machine."""
        self._used_ms += ms * self.slower

    def thread_time(self) -> float:
        """Seconds that the thread had so far."""
        return self._used_ms / 1000

    def yardstick(self) -> float:
        """CPU time of the fixed piece of work, ms."""
        return QUIET_MS * self.slower


@pytest.fixture
def cpu(monkeypatch: pytest.MonkeyPatch) -> Cpu:
    made = Cpu()
    monkeypatch.setattr(time, "thread_time", made.thread_time)
    monkeypatch.setattr(loop_time, "yardstick", made.yardstick)
    return made


async def longest(step: Callable[[int, int], None]) -> float:
    """The longest step of a request, ms; `step` is told the try and the number of each step."""
    loop = asyncio.get_running_loop()
    tries = iter(range(TRIES))

    async def answer(number: int) -> None:
        for each in range(STEPS):
            step(number, each)
            await asyncio.sleep(0)

    with watched_loop() as seen:
        found = await seen.longest(
            lambda: asyncio.run_coroutine_threadsafe(answer(next(tries)), loop).result(), BUDGET_MS
        )
    return round(found.ms, 6)


async def test_a_step_that_is_long_every_time_is_found_among_short_ones(cpu: Cpu) -> None:
    assert await longest(lambda _, each: cpu.spend(20 if each == 1 else 1)) == 20


async def test_a_moment_that_the_host_takes_from_another_step_each_time_does_not_count(
    cpu: Cpu,
) -> None:
    assert await longest(lambda number, each: cpu.spend(18 if each == number % STEPS else 1)) == 1


async def test_what_only_the_first_try_does_does_not_count(cpu: Cpu) -> None:
    assert await longest(lambda number, _: cpu.spend(18 if number == 0 else 1)) == 1


@pytest.mark.parametrize("slower", [0.5, 3, 10])
async def test_a_slow_machine_neither_lengthens_a_step_nor_hides_one(
    cpu: Cpu, slower: float
) -> None:
    cpu.slower = slower
    assert await longest(lambda *_: cpu.spend(2)) == 2
    assert await longest(lambda *_: cpu.spend(3)) == 3
