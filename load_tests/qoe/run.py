"""One run: one profile, one seed, one system; real time, bounded."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from load_tests.link.cross_traffic import CROSS_PORT, CubicFlow
from load_tests.link.emulator import Emulator
from load_tests.link.forwarder import POOR_ADDRESS
from load_tests.qoe import host
from load_tests.qoe.content import CaptureFiles
from load_tests.qoe.direct import DirectCall
from load_tests.qoe.profile import Profile
from load_tests.qoe.seats import Seat, seats
from load_tests.qoe.series import Series, from_notes
from load_tests.qoe.tongke import TongkeCall

PREPARE_TIMEOUT_S = 75.0
COLLECT_TIMEOUT_S = 45.0


class System(Enum):
    """Systems that carry the lesson."""

    TONGKE = "tongke"
    DIRECT = "direct"


class Call(Protocol):
    """A lesson or call that is ready but not entered yet."""

    sender: Seat
    receiver: Seat

    async def prepare(self) -> None:
        """Make everything ready over the still perfect link."""

    async def enter(self) -> None:
        """Begin to watch; time 0 of all figures."""

    async def facts(self, *, recording: bool) -> dict[str, Any]:
        """Counters of the system itself at the end, and if wished what it recorded."""


CALLS: dict[System, type[TongkeCall] | type[DirectCall]] = {
    System.TONGKE: TongkeCall,
    System.DIRECT: DirectCall,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """Result of a run."""

    series: Series
    facts: dict[str, Any]
    page_errors: list[str]


async def run(
    profile: Profile, seed: int, system: System, files: tuple[CaptureFiles, CaptureFiles]
) -> Outcome:
    """Do one run; takes `profile.seconds` and some ten seconds around them.

    Raises:
        LinkUnavailable: no rights to make the link.
        TimeoutError: the system could not be made ready, or its notes not be read.
    """
    async with AsyncExitStack() as stack:
        link = await stack.enter_async_context(Emulator(profile.plan(seed, CROSS_PORT)))
        opened = await stack.enter_async_context(seats())
        call: Call = CALLS[system](link, opened, stack, files)
        async with asyncio.timeout(PREPARE_TIMEOUT_S):
            await call.prepare()
        before = host.read()
        begin_unix_s = await link.begin()
        async with _competition(link, profile), asyncio.TaskGroup() as tasks:
            entering = tasks.create_task(call.enter())
            await asyncio.sleep(max(0.0, begin_unix_s + profile.seconds - time.time()))
            entering.cancel()  # if the link never let it through
        busy = host.between(before, host.read())
        report = await link.end()
        async with asyncio.timeout(COLLECT_TIMEOUT_S):
            receiver, sender = await asyncio.gather(call.receiver.notes(), call.sender.notes())
        series = from_notes(
            receiver, sender, report, busy, begin_unix_s=begin_unix_s, seconds=profile.seconds
        )
        async with asyncio.timeout(COLLECT_TIMEOUT_S):
            facts = await call.facts(recording=bool(profile.link.outages))
        return Outcome(series, facts, [*call.sender.errors, *call.receiver.errors])


@asynccontextmanager
async def _competition(link: Emulator, profile: Profile) -> AsyncIterator[None]:
    """The profile's TCP flow, in its time."""
    cross = profile.cross_traffic
    if cross is None:
        yield
        return
    flow = CubicFlow(link.good, link.poor, POOR_ADDRESS)

    async def compete() -> None:
        await asyncio.sleep(cross.from_s)
        flow.start()
        await asyncio.sleep(cross.until_s - cross.from_s)
        await asyncio.to_thread(flow.stop)

    task = asyncio.create_task(compete())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.to_thread(flow.stop)
    if flow.failure is not None:
        raise flow.failure
