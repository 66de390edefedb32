"""Redis, the database and their messages on a virtual clock, so that a test orders every step.

`SimulatedRedis` does what the scripts of `signaling.cells.scripts` do; a test of
`tests/integration/signaling/cells` holds both to the same answers.
"""

from __future__ import annotations

import copy
import errno
from collections.abc import Callable, Coroutine, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from signaling.cells.api import Unreachable
from signaling.cells.core.leasing import Lease, Refusal, Refused, Renewal
from signaling.cells.core.times import CellTimes
from signaling.cells.ports import EpochEntry

TIMES = CellTimes()
START = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)


@dataclass
class World:
    """The one true time, in seconds."""

    now: float = 0.0


@dataclass
class DriftingClock:
    """The clock of one machine: it has a rate and an offset of its own."""

    world: World
    rate: float = 1.0
    offset: float = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return self.world.now * self.rate + self.offset


@dataclass
class SimulatedRedis:
    """Keys that run out by the true time. A lease is (epoch, owner)."""

    world: World
    ttl_s: float = TIMES.ttl_s
    run: int = 1
    memory: int | None = None
    settling_until: float = 0.0
    leases: dict[str, tuple[int, str, float]] = field(default_factory=dict)

    def lease(self, lesson_id: str) -> tuple[int, str] | None:
        found = self.leases.get(lesson_id)
        return found[:2] if found is not None and self.world.now < found[2] else None

    def settling(self) -> bool:
        if self.memory != self.run:
            self.memory = self.run
            self.settling_until = self.world.now + self.ttl_s
        return self.world.now < self.settling_until

    def claim(self, owner: str, lesson_id: str, epoch: int, was_held: bool) -> Refused | None:
        young = self.settling()
        posted = self.lease(lesson_id)
        if posted is not None and posted[1] != owner:
            return Refused(Refusal.HELD, posted[1])
        if posted is None and young and was_held:
            return Refused(Refusal.SETTLING)
        self._put(lesson_id, epoch, owner)
        return None

    def renew(self, owner: str, leases: Sequence[tuple[str, int]]) -> list[Renewal]:
        return [self._renew(owner, lesson_id, epoch) for lesson_id, epoch in leases]

    def release(self, owner: str, leases: Sequence[tuple[str, int]]) -> None:
        for lesson_id, epoch in leases:
            if self.lease(lesson_id) == (epoch, owner):
                del self.leases[lesson_id]

    def flush(self) -> None:
        """FLUSHALL."""
        self.leases, self.memory, self.settling_until = {}, None, 0.0

    def dump(self) -> Any:
        """What SAVE writes: keys with the instants at which they run out."""
        return copy.deepcopy((self.leases, self.memory, self.settling_until))

    def start_with(self, dump: Any) -> None:
        """A new process that reads a dump."""
        self.run += 1
        self.leases, self.memory, self.settling_until = copy.deepcopy(dump)

    def _renew(self, owner: str, lesson_id: str, epoch: int) -> Renewal:
        posted = self.lease(lesson_id)
        if posted == (epoch, owner):
            self._put(lesson_id, epoch, owner)
            return Renewal.RENEWED
        if posted is None or posted[0] < epoch:
            self._put(lesson_id, epoch, owner)
            return Renewal.RESTORED
        return Renewal.CONTESTED

    def _put(self, lesson_id: str, epoch: int, owner: str) -> None:
        self.leases[lesson_id] = (epoch, owner, self.world.now + self.ttl_s)


@dataclass
class SimulatedDatabase:
    """Rows of `lesson_leases`, and the writes that its fence has let pass, in their order."""

    compares: bool = True
    rows: dict[str, EpochEntry] = field(default_factory=dict)
    granted: list[Lease] = field(default_factory=list)
    accepted: list[Lease] = field(default_factory=list)

    def entries(self, lesson_ids: Sequence[str]) -> dict[str, EpochEntry]:
        return {one: self.rows[one] for one in lesson_ids if one in self.rows}

    def advance(self, lease: Lease) -> bool:
        before = self.rows.get(lease.lesson_id)
        if self.compares and before is not None and before.epoch >= lease.epoch:
            return False
        self.rows[lease.lesson_id] = EpochEntry(lease.epoch, lease.cell_id)
        self.granted.append(lease)
        return True

    def give_back(self, lease: Lease) -> None:
        row = self.rows.get(lease.lesson_id)
        if row is not None and row.epoch == lease.epoch:
            self.rows[lease.lesson_id] = EpochEntry(lease.epoch, None)

    def write(self, lease: Lease) -> bool:
        """A write under a fence, as `LeaseFence.check` judges it."""
        row = self.rows.get(lease.lesson_id)
        if row is None or row.epoch != lease.epoch or row.cell_id is None:
            return False
        self.accepted.append(lease)
        return True


class Call:
    """A message to a server, and its answer on the way back."""

    def __init__(self, act: Callable[[], Any], failure: Callable[[], Exception]) -> None:
        self._act = act
        self._failure = failure
        self.carried_out = False
        self.result: Any = None
        self.error: Exception | None = None

    def carry_out(self) -> None:
        """The server gets the message."""
        self.carried_out = True
        self.result = self._act()

    def time_out(self) -> None:
        """The caller has waited long enough; the message may arrive yet."""
        self.error = self._failure()

    def __await__(self) -> Generator[Call, None, Any]:
        yield self
        if self.error is not None:
            raise self.error
        return self.result


class Errand:
    """A coroutine that waits for one call at a time, and is moved by hand."""

    def __init__(self, cell: str, what: str, work: Coroutine[Call, None, Any]) -> None:
        self.cell = cell
        self.what = what
        self._work = work
        self.result: Any = None
        self.call: Call | None = None
        self.go_on()

    def go_on(self) -> None:
        """Hand it the outcome of its call."""
        try:
            self.call = self._work.send(None)
        except StopIteration as end:
            self.call, self.result = None, end.value
        except ConnectionRefusedError:
            self.call = None  # a claim without the database

    def meet(self) -> None:
        """Have its call carried out and answered, if it waits for one."""
        if self.call is not None:
            if not self.call.carried_out:
                self.call.carry_out()
            self.go_on()

    def lose(self) -> None:
        """Have its call never arrive; the caller has waited long enough."""
        assert self.call is not None
        self.call.time_out()
        self.go_on()

    def finish(self) -> Any:
        """Carry everything out at once; return the result."""
        while self.call is not None:
            self.meet()
        return self.result


@dataclass
class SimulatedBoard:
    """The port `LeaseBoard` of one cell."""

    redis: SimulatedRedis
    owner: str

    async def claim(self, lease: Lease, *, was_held: bool) -> Refused | None:
        act = lambda: self.redis.claim(self.owner, lease.lesson_id, lease.epoch, was_held)  # noqa: E731
        return await Call(act, _no_redis)

    async def renew(self, leases: Sequence[Lease]) -> Sequence[Renewal]:
        return await Call(lambda: self.redis.renew(self.owner, _pairs(leases)), _no_redis)

    async def release(self, leases: Sequence[Lease]) -> None:
        await Call(lambda: self.redis.release(self.owner, _pairs(leases)), _no_redis)


@dataclass
class SimulatedBook:
    """The port `EpochBook`."""

    database: SimulatedDatabase

    async def entries(self, lesson_ids: Sequence[str]) -> Mapping[str, EpochEntry]:
        return await Call(lambda: self.database.entries(lesson_ids), _no_database)

    async def advance(self, lease: Lease) -> bool:
        return await Call(lambda: self.database.advance(lease), _no_database)

    async def give_back(self, lease: Lease) -> None:
        await Call(lambda: self.database.give_back(lease), _no_database)


def _pairs(leases: Sequence[Lease]) -> list[tuple[str, int]]:
    return [(lease.lesson_id, lease.epoch) for lease in leases]


def _no_redis() -> Exception:
    return Unreachable("no answer")


def _no_database() -> Exception:
    return ConnectionRefusedError(errno.ECONNREFUSED, "no answer")
