"""Whole cells over a real Redis and a database: who has a lesson when something fails."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from signaling.base.clock import Clock, SystemClock
from signaling.base.config import Config
from signaling.base.database import Database
from signaling.cells.api import CellAddress, LeaseLost
from signaling.cells.core.leasing import Lease, Refusal, Refused, Standing
from signaling.cells.core.nodes import Health, HealthChange, NodeRole
from signaling.cells.desk import CellsDesk, NodeNow
from signaling.cells.scripts import SETTLING_KEY, lesson_key
from tests.support.cells import DriftingClock, World
from tests.support.redis_server import RedisServer
from tests.support.waiting import until

QUICK = {"cells_beat_s": 0.1, "cells_ttl_s": 0.8}
PATIENT = {"cells_beat_s": 10.0, "cells_ttl_s": 60.0}  # turns are taken by hand


@dataclass
class Cell:
    """A cell, and what it was told."""

    desk: CellsDesk
    lost: list[str]
    changes: list[HealthChange]

    async def turn(self) -> None:
        await self.desk.watch.talk()
        await self.desk.watch.confirm()

    def standing(self) -> Standing:
        return self.desk.leases.standing("x")

    async def may_write(self, database: Database) -> bool:
        """Write under the fence of lesson x."""
        try:
            async with database.write() as session:
                await self.desk.leases.fence("x").check(session)
        except LeaseLost:
            return False
        return True


Maker = Callable[..., Cell]


@pytest.fixture
async def make(redis: RedisServer, database: Database) -> AsyncIterator[Maker]:
    async with AsyncExitStack() as stack:

        def made(
            node_id: str, times: dict[str, float] = PATIENT, clock: Clock | None = None
        ) -> Cell:
            lost: list[str] = []
            changes: list[HealthChange] = []

            async def on_lost(lesson_id: str) -> None:
                lost.append(lesson_id)
                raise RuntimeError("a callback that fails")

            async def on_nodes(changed: tuple[HealthChange, ...]) -> None:
                changes.extend(changed)

            config = Config(redis_url=redis.url, node_id=node_id, **times)
            desk = CellsDesk(
                config,
                database,
                clock or SystemClock(),
                role=NodeRole.CELL,
                address=f"http://{node_id}:8080",
                now=NodeNow,
                on_lost=on_lost,
                on_nodes=on_nodes,
            )
            stack.push_async_callback(desk.stop)
            return Cell(desk, lost, changes)

        yield made


def _settle(redis: RedisServer) -> None:
    redis.ask("DEL", SETTLING_KEY)


async def test_a_lesson_passes_from_cell_to_cell(
    redis: RedisServer, database: Database, make: Maker
) -> None:
    one, two = make("one"), make("two")
    await one.turn()
    await two.turn()
    assert await one.desk.leases.claim("x") == Lease("x", 1, "one")
    assert await one.desk.leases.claim("x") == Lease("x", 1, "one")
    assert await two.desk.leases.claim("x") == Refused(Refusal.HELD, "one")
    assert await one.desk.places.cell_of("x") == CellAddress("one", "http://one:8080", 1)
    assert await two.desk.places.cell_of("y") is None
    await one.desk.leases.release("x")
    assert one.standing() is Standing.LOST
    assert await two.desk.leases.claim("x") == Lease("x", 2, "two")
    one.desk.places.forget("x")
    await one.turn()
    assert await one.desk.places.cell_of("x") == CellAddress("two", "http://two:8080", 2)
    assert not await one.may_write(database)
    assert await two.may_write(database)


async def test_a_cell_that_stood_still_loses_its_lesson_once(
    redis: RedisServer, database: Database, make: Maker
) -> None:
    asleep, awake = make("asleep"), make("awake")
    await asleep.turn()
    await asleep.desk.leases.claim("x")
    fence = asleep.desk.leases.fence("x")
    _settle(redis)
    redis.ask("DEL", lesson_key("x"))  # its TTL ran out
    assert await awake.desk.leases.claim("x") == Lease("x", 2, "awake")
    with pytest.raises(LeaseLost):
        async with database.write() as session:
            await fence.check(session)
    for _ in range(3):
        await asleep.turn()
    assert asleep.lost == ["x"]
    assert asleep.standing() is Standing.LOST
    await awake.turn()
    assert (awake.lost, awake.standing()) == ([], Standing.SURE)


async def test_after_flushall_the_holder_comes_back_first(
    redis: RedisServer, database: Database, make: Maker
) -> None:
    one, two = make("one"), make("two")
    await one.turn()
    await one.desk.leases.claim("x")
    await two.turn()
    redis.ask("FLUSHALL")
    assert await two.desk.leases.claim("x") == Refused(Refusal.SETTLING)
    # The keys of lesson and node are gone; the database and the last reading are not.
    assert await two.desk.places.cell_of("x") == CellAddress("one", "http://one:8080", 1)
    await one.turn()
    _settle(redis)
    assert await two.desk.leases.claim("x") == Refused(Refusal.HELD, "one")
    assert (one.standing(), one.lost) == (Standing.SURE, [])
    assert await one.may_write(database)


async def test_an_old_dump_gives_no_lesson_to_its_former_holder(
    redis: RedisServer, database: Database, make: Maker
) -> None:
    world = World()
    former, holder = make("former", clock=DriftingClock(world)), make("holder")
    await former.desk.leases.claim("x")
    assert redis.ask("SAVE") == b"+OK"
    world.now += PATIENT["cells_ttl_s"]  # the former holder stands still for so long
    redis.ask("DEL", lesson_key("x"))
    _settle(redis)
    assert await holder.desk.leases.claim("x") == Lease("x", 2, "holder")
    redis.kill()
    redis.start()
    assert redis.ask("EXISTS", lesson_key("x")) == b":1"  # the former holder's
    for _ in range(3):  # the first turn meets the old connection
        await former.turn()
    assert former.lost == ["x"]
    for _ in range(3):
        await holder.turn()
    assert (holder.standing(), holder.lost) == (Standing.SURE, [])
    assert not await former.may_write(database)
    assert await holder.may_write(database)
    refused = await former.desk.leases.claim("x")
    assert refused == Refused(Refusal.HELD, "holder")


async def test_while_redis_is_frozen_lessons_go_on_and_nobody_claims(
    redis: RedisServer, database: Database, make: Maker
) -> None:
    one, two = make("one", QUICK), make("two", QUICK)
    await one.desk.start()
    await two.desk.start()
    assert await one.desk.leases.claim("x") == Lease("x", 1, "one")
    redis.freeze()
    try:
        await until(lambda: one.standing() is Standing.DOUBTFUL)
        await until(lambda: not one.desk.watch.state.reachable)
        assert await one.may_write(database)
        assert await two.desk.leases.claim("x") == Refused(Refusal.UNREACHABLE)
        assert await two.desk.leases.claim("new") == Refused(Refusal.UNREACHABLE)
        two.desk.places.forget("x")
        assert await two.desk.places.cell_of("x") == CellAddress("one", "http://one:8080", 1)
        assert one.desk.watch.state.doubtful == 1
    finally:
        redis.thaw()
    await until(lambda: one.standing() is Standing.SURE)
    await until(lambda: one.desk.watch.state.reachable)
    assert await two.desk.leases.claim("x") == Refused(Refusal.HELD, "one")
    assert (one.lost, await one.may_write(database)) == ([], True)


async def test_a_dead_cell_is_noticed_and_its_lesson_taken_over(
    redis: RedisServer, database: Database, make: Maker
) -> None:
    dead, two = make("dead", QUICK), make("two", QUICK)
    await dead.turn()
    await dead.desk.leases.claim("x")
    await two.desk.start()

    def told() -> list[Health]:
        return [one.after for one in two.changes if one.node_id == "dead"]

    with capture_logs() as logs:
        await until(lambda: Health.GONE in told())
    assert told()[-2:] == [Health.SUSPECT, Health.GONE]
    line = {"event": "nodes_changed", "log_level": "info", "count": 1, "gone": ["dead"]}
    assert line in logs

    async def taken_over() -> bool:
        return await two.desk.leases.claim("x") == Lease("x", 2, "two")

    await until(taken_over)
    assert not await dead.may_write(database)


async def test_a_process_starts_without_redis_and_finds_it_later(
    redis: RedisServer, make: Maker
) -> None:
    redis.kill()
    cell = make("one", QUICK)
    try:
        await cell.desk.start()
        assert not cell.desk.watch.state.reachable
    finally:
        redis.start()
    await until(lambda: cell.desk.watch.state.reachable)


async def test_two_processes_of_one_name_are_told(redis: RedisServer, make: Maker) -> None:
    first, twin = make("one"), make("one")
    await first.turn()
    await twin.turn()
    assert not first.desk.watch.state.node_id_taken
    assert twin.desk.watch.state.node_id_taken
    await first.desk.presence.leave()
    await twin.turn()
    assert not twin.desk.watch.state.node_id_taken


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_a_database_that_hangs_keeps_no_lease_from_being_renewed(
    redis: RedisServer, database: Database, make: Maker
) -> None:
    cell = make("one", QUICK)
    await cell.desk.start()
    await cell.desk.leases.claim("x")
    async with database.write() as session:
        await session.execute(text("LOCK TABLE lesson_leases IN ACCESS EXCLUSIVE MODE"))
        redis.ask("DEL", lesson_key("x"))  # so that the cell asks the database
        await until(lambda: redis.ask("EXISTS", lesson_key("x")) == b":1")
        await until(lambda: cell.standing() is Standing.DOUBTFUL)
        assert redis.ask("EXISTS", lesson_key("x")) == b":1"
    await until(lambda: cell.standing() is Standing.SURE)
    assert cell.lost == []
