"""Epochs in both databases: they only grow, and a fence holds them still while it is written."""

import asyncio

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from signaling.base.clock import SystemClock
from signaling.base.database import Database
from signaling.base.ids import new_id
from signaling.cells import fence as fences
from signaling.cells import store as stores
from signaling.cells.api import LeaseLost
from signaling.cells.core.leasing import Lease
from signaling.cells.fence import LeaseFence
from signaling.cells.ports import EpochEntry
from signaling.cells.store import LeaseStore
from signaling.cells.tables import LessonLeaseRow


@pytest.fixture
def epochs(database: Database) -> LeaseStore:
    return LeaseStore(database, SystemClock())


async def test_an_epoch_only_grows(epochs: LeaseStore) -> None:
    assert await epochs.entries(["x"]) == {}
    assert await epochs.advance(Lease("x", 1, "a"))
    assert not await epochs.advance(Lease("x", 1, "b"))
    assert await epochs.advance(Lease("x", 7, "b"))
    assert not await epochs.advance(Lease("x", 6, "a"))
    assert await epochs.advance(Lease("y", 2, "a"))
    assert await epochs.entries(["x", "y", "z"]) == {
        "x": EpochEntry(7, "b"),
        "y": EpochEntry(2, "a"),
    }


async def test_only_the_lease_in_force_is_given_back(epochs: LeaseStore) -> None:
    await epochs.advance(Lease("x", 1, "a"))
    await epochs.advance(Lease("x", 2, "b"))
    await epochs.give_back(Lease("x", 1, "a"))
    assert await epochs.entries(["x"]) == {"x": EpochEntry(2, "b")}
    await epochs.give_back(Lease("x", 2, "b"))
    assert await epochs.entries(["x"]) == {"x": EpochEntry(2, None)}


async def test_of_many_claims_of_one_epoch_one_is_granted(epochs: LeaseStore) -> None:
    claims = [epochs.advance(Lease("x", 1, f"cell-{number}")) for number in range(8)]
    assert (await asyncio.gather(*claims)).count(True) == 1


async def test_a_fence_lets_pass_what_the_lease_in_force_writes(
    database: Database, epochs: LeaseStore
) -> None:
    await epochs.advance(Lease("x", 1, "a"))
    await _write(database, LeaseFence("x", 1))
    await epochs.advance(Lease("x", 2, "b"))
    for lost in (LeaseFence("x", 1), LeaseFence("x", 3), LeaseFence("unknown", 1)):
        with pytest.raises(LeaseLost):
            await _write(database, lost)
    await _write(database, LeaseFence("x", 2))
    await epochs.give_back(Lease("x", 2, "b"))
    with pytest.raises(LeaseLost):
        await _write(database, LeaseFence("x", 2))


async def test_a_claim_waits_for_the_write_that_passed_the_fence(
    database: Database, epochs: LeaseStore
) -> None:
    """The write is then either before the claim, whole, or after it, and refused."""
    await epochs.advance(Lease("x", 1, "a"))
    order: list[str] = []

    async def claim() -> None:
        assert await epochs.advance(Lease("x", 2, "b"))
        order.append("claimed")

    async with database.write() as session:
        await LeaseFence("x", 1).check(session)
        claiming = asyncio.create_task(claim())
        for _ in range(5):
            await asyncio.sleep(0.01)  # the claim reaches the lock
            await session.execute(select(1))
        order.append("written")
    await claiming
    assert order == ["written", "claimed"]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_two_writes_pass_one_fence_side_by_side(
    database: Database, epochs: LeaseStore
) -> None:
    await epochs.advance(Lease("x", 1, "a"))
    async with database.write() as one, database.write() as another:
        await LeaseFence("x", 1).check(one)
        await LeaseFence("x", 1).check(another)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_a_frozen_writer_does_not_keep_a_lesson_for_ever(
    database: Database, epochs: LeaseStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fences, "WRITER_IDLE_MS", 200)
    await epochs.advance(Lease("x", 1, "a"))
    with pytest.raises(DBAPIError):
        async with database.write() as session:
            await LeaseFence("x", 1).check(session)
            session.add(_row("written by a frozen process"))
            await session.flush()
            assert await epochs.advance(Lease("x", 2, "b"))  # while this one sends nothing
            await session.execute(select(1))
    assert list(await epochs.entries(["written by a frozen process"])) == []


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_a_claim_does_not_wait_for_a_writer_for_ever(
    database: Database, epochs: LeaseStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "CLAIM_WAIT_MS", 100)
    await epochs.advance(Lease("x", 1, "a"))
    async with database.write() as session:
        await LeaseFence("x", 1).check(session)
        with pytest.raises(DBAPIError, match="lock timeout"):
            await epochs.advance(Lease("x", 2, "b"))
    assert await epochs.advance(Lease("x", 2, "b"))


async def _write(database: Database, fence: LeaseFence) -> None:
    """Write a row of the test's own under a fence; the fence must undo it."""
    lesson_id = new_id()
    try:
        async with database.write() as session:
            session.add(_row(lesson_id))
            await session.flush()
            await fence.check(session)
    except LeaseLost:
        async with database.read() as session:
            assert await session.get(LessonLeaseRow, lesson_id) is None
        raise


def _row(lesson_id: str) -> LessonLeaseRow:
    return LessonLeaseRow(lesson_id=lesson_id, epoch=1, cell_id=None, since=SystemClock().now())
