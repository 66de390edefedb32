"""Claims, renewals and losses, message by message, on a virtual clock."""

from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

import pytest

from signaling.cells.api import LeaseLost, Unreachable
from signaling.cells.core.leasing import Lease, Refusal, Refused, Standing
from signaling.cells.ports import EpochEntry
from signaling.cells.service import CellLeases
from tests.support.cells import (
    TIMES,
    DriftingClock,
    Errand,
    SimulatedBoard,
    SimulatedBook,
    SimulatedDatabase,
    SimulatedRedis,
    World,
)


@dataclass
class Scene:
    """Two cells over one Redis and one database."""

    world: World = field(default_factory=World)
    database: SimulatedDatabase = field(default_factory=SimulatedDatabase)

    def __post_init__(self) -> None:
        self.redis = SimulatedRedis(self.world)
        self.redis.settling()
        self.pass_s(TIMES.ttl_s)

    def cell(self, name: str) -> CellLeases:
        board = SimulatedBoard(self.redis, name)
        return CellLeases(
            name, board, SimulatedBook(self.database), DriftingClock(self.world), TIMES
        )

    def pass_s(self, seconds: float) -> None:
        self.world.now += seconds


@pytest.fixture
def scene() -> Scene:
    return Scene()


def _begun(work: Coroutine[Any, None, Any], answers: int = 0) -> Errand:
    errand = Errand("", "", work)
    for _ in range(answers):
        errand.meet()
    return errand


def _done(work: Coroutine[Any, None, Any]) -> Any:
    return _begun(work).finish()


def test_the_database_hands_out_the_epoch(scene: Scene) -> None:
    scene.database.rows["x"] = EpochEntry(7, None)
    cell = scene.cell("a")
    assert _done(cell.claim("x")) == Lease("x", 8, "a")
    assert cell.fence("x").epoch == 8
    assert cell.standings() == [Standing.SURE]


def test_a_lesson_that_is_claimed_already_is_claimed_once(scene: Scene) -> None:
    cell = scene.cell("a")
    first = _begun(cell.claim("x"), 1)
    assert _done(cell.claim("x")) == Refused(Refusal.UNDER_WAY)
    assert first.finish() == _done(cell.claim("x")) == Lease("x", 1, "a")
    assert len(scene.database.granted) == 1


def test_who_is_overtaken_at_the_database_gives_the_key_back(scene: Scene) -> None:
    cell = scene.cell("a")
    errand = _begun(cell.claim("x"), 2)
    scene.database.advance(Lease("x", 1, "b"))
    assert errand.finish() == Refused(Refusal.OVERTAKEN)
    assert scene.redis.lease("x") is None
    assert cell.standing("x") is Standing.LOST
    with pytest.raises(LeaseLost):
        cell.fence("x")


def test_without_redis_nothing_is_claimed(scene: Scene) -> None:
    errand = _begun(scene.cell("a").claim("x"), 1)
    errand.lose()
    assert errand.result == Refused(Refusal.UNREACHABLE)
    assert scene.database.granted == []


def test_without_the_database_a_claim_fails_and_leaves_no_key(scene: Scene) -> None:
    cell = scene.cell("a")
    errand = _begun(cell.claim("x"), 2)
    errand.lose()
    errand.finish()
    assert scene.redis.lease("x") is None
    assert cell.standing("x") is Standing.LOST
    assert _done(cell.claim("x")) == Lease("x", 1, "a")  # the claim is no longer under way


def test_a_lease_that_took_too_long_to_get_is_doubtful_at_once(scene: Scene) -> None:
    cell = scene.cell("a")
    errand = _begun(cell.claim("x"), 2)
    scene.pass_s(TIMES.belief_s)
    assert errand.finish() == Lease("x", 1, "a")
    assert cell.standing("x") is Standing.DOUBTFUL


def test_while_redis_and_the_database_are_away_the_holder_keeps_its_lesson(scene: Scene) -> None:
    cell = scene.cell("a")
    _done(cell.claim("x"))
    scene.pass_s(60)
    renewing = _begun(cell.renew())
    with pytest.raises(Unreachable):
        renewing.lose()
    asking = _begun(cell.confirm())
    asking.lose()
    assert asking.finish() == ()
    assert cell.standing("x") is Standing.DOUBTFUL
    _done(cell.renew())
    assert _done(cell.confirm()) == ()
    assert cell.standing("x") is Standing.SURE


def test_a_loss_is_told_once(scene: Scene) -> None:
    cell, other = scene.cell("a"), scene.cell("b")
    lease = _done(cell.claim("x"))
    scene.pass_s(TIMES.ttl_s)
    assert _done(other.claim("x")) == Lease("x", 2, "b")
    _done(cell.renew())
    assert _done(cell.confirm()) == (lease,)
    assert _done(cell.confirm()) == ()
    assert cell.standing("x") is Standing.LOST
    _done(other.renew())
    assert other.standing("x") is Standing.SURE


def test_a_claim_that_stalled_may_win_late_and_the_holder_is_told_by_the_next_beats(
    scene: Scene,
) -> None:
    """Found by the model: the claimer's key runs out before its epoch reaches the database."""
    holder, slow = scene.cell("a"), scene.cell("b")
    lease = _done(holder.claim("x"))
    scene.pass_s(TIMES.ttl_s)
    stalled = _begun(slow.claim("x"), 2)  # has the key
    scene.pass_s(TIMES.ttl_s)
    _done(holder.renew())
    assert _done(holder.confirm()) == ()
    assert holder.standing("x") is Standing.SURE  # it woke up, and has key and row
    assert stalled.finish() == Lease("x", 2, "b")
    assert not scene.database.write(lease)  # from this moment on
    assert slow.standing("x") is Standing.DOUBTFUL
    _done(slow.renew())
    _done(slow.confirm())
    _done(holder.renew())
    assert _done(holder.confirm()) == (lease,)
    assert slow.standing("x") is Standing.SURE


def test_a_lesson_that_is_released_is_free_at_once(scene: Scene) -> None:
    cell, other = scene.cell("a"), scene.cell("b")
    _done(cell.claim("x"))
    _done(cell.release("x"))
    _done(cell.release("x"))  # nothing more to give
    assert scene.database.rows["x"] == EpochEntry(1, None)
    assert _done(other.claim("x")) == Lease("x", 2, "b")


def test_a_release_without_the_database_frees_the_key(scene: Scene) -> None:
    cell = scene.cell("a")
    _done(cell.claim("x"))
    errand = _begun(cell.release("x"))
    errand.lose()
    errand.finish()
    assert scene.redis.lease("x") is None
    assert _done(scene.cell("b").claim("x")) == Lease("x", 2, "b")


def test_a_renewal_that_comes_after_the_release_takes_its_key_away_again(scene: Scene) -> None:
    cell = scene.cell("a")
    _done(cell.claim("x"))
    renewing = _begun(cell.renew())
    _done(cell.release("x"))
    renewing.finish()
    assert scene.redis.lease("x") is None


def test_a_word_of_the_database_that_is_about_a_former_lease_counts_for_nothing(
    scene: Scene,
) -> None:
    cell = scene.cell("a")
    _done(cell.claim("x"))
    scene.pass_s(TIMES.belief_s)
    asking = _begun(cell.confirm())
    assert asking.call is not None
    _done(cell.release("x"))
    asking.call.carry_out()  # finds the row given back
    assert _done(cell.claim("x")) == Lease("x", 2, "a")
    assert asking.finish() == ()
    assert cell.standing("x") is Standing.SURE


def test_without_leases_nobody_is_asked(scene: Scene) -> None:
    cell = scene.cell("a")
    assert _begun(cell.renew()).call is None
    assert _begun(cell.confirm()).call is None
