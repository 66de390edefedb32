"""A cell takes a lesson by a lease, unless it takes nothing now; what it has, it keeps."""

from dataclasses import dataclass, field
from typing import cast

import pytest

from signaling.base.errors import CellAway
from signaling.cells.api import Lease, Leases, Refusal, Refused, Standing
from signaling.joints.leased_lessons import LeasedLessons


@dataclass
class FakeLeases:
    """Leases of a cell, whose claims are granted unless `refusal` tells why not."""

    standings: dict[str, Standing] = field(default_factory=dict)
    refusal: Refusal | None = None
    claimed: list[str] = field(default_factory=list)

    async def claim(self, lesson_id: str) -> Lease | Refused:
        self.claimed.append(lesson_id)
        if self.refusal is not None and lesson_id not in self.standings:
            return Refused(self.refusal)
        self.standings[lesson_id] = Standing.SURE
        return Lease(lesson_id, 1, "a")

    async def release(self, lesson_id: str) -> None:
        self.standings.pop(lesson_id, None)

    def standing(self, lesson_id: str) -> Standing:
        return self.standings.get(lesson_id, Standing.LOST)


def _lessons(leases: FakeLeases, *, may_take: bool = True) -> LeasedLessons:
    return LeasedLessons(cast("Leases", leases), lambda: may_take)


async def test_a_lesson_is_taken_by_a_claim_and_given_back() -> None:
    lessons = _lessons(FakeLeases())
    assert not lessons.has("x")
    await lessons.take("x")
    assert lessons.has("x")
    assert await lessons.holds("x")
    await lessons.give_back("x")
    assert not lessons.has("x")


@pytest.mark.parametrize("refusal", Refusal)
async def test_a_claim_that_is_refused_tells_why(refusal: Refusal) -> None:
    lessons = _lessons(FakeLeases(refusal=refusal))
    with pytest.raises(CellAway, match=refusal):
        await lessons.take("x")
    assert not lessons.has("x")


async def test_a_cell_that_takes_nothing_does_not_even_ask() -> None:
    leases = FakeLeases()
    with pytest.raises(CellAway):
        await _lessons(leases, may_take=False).take("x")
    assert leases.claimed == []


async def test_a_cell_that_takes_nothing_keeps_what_it_has() -> None:
    """A page of its lesson may open the room again while the cell is drained."""
    leases = FakeLeases({"x": Standing.SURE}, Refusal.HELD)
    await _lessons(leases, may_take=False).take("x")


async def test_a_cell_that_takes_nothing_takes_back_what_nobody_took() -> None:
    leases = FakeLeases()
    await _lessons(leases, may_take=False).take_again("x")
    assert leases.claimed == ["x"]


async def test_a_lesson_in_doubt_is_still_here() -> None:
    """Redis is away: only the database can take a lesson away."""
    lessons = _lessons(FakeLeases({"x": Standing.DOUBTFUL}, Refusal.UNREACHABLE))
    assert lessons.has("x")
    await lessons.take("x")
