"""A model of leases: the real service of three cells, over messages that arrive late or never.

The database may be asked late, Redis may forget all or come back with an old dump, cells may stand
still for longer than the TTL, and their clocks differ by a tenth. There must be no two writers
whose writes the database accepts.
"""

from __future__ import annotations

from collections.abc import Coroutine
from contextlib import suppress
from enum import Enum, auto
from typing import Any

import pytest
import structlog
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from signaling.cells.api import LeaseLost, Unreachable
from signaling.cells.core.leasing import Lease, Standing
from signaling.cells.service import CellLeases
from tests.support.cells import (
    TIMES,
    Call,
    DriftingClock,
    Errand,
    SimulatedBoard,
    SimulatedBook,
    SimulatedDatabase,
    SimulatedRedis,
    World,
)

EXAMPLES = 400  # most of which do little: a takeover needs several steps in their order
LESSON = "lesson"


class Fate(Enum):
    """What happens to a message."""

    ARRIVES = auto()
    ANSWER_LATE = auto()  # carried out, and the answer is on its way
    ANSWER_LOST = auto()  # carried out, and the caller waits no longer
    LOST = auto()
    LATE = auto()  # the caller waits no longer, and it arrives yet


FATES = [*[Fate.ARRIVES] * 3, Fate.ANSWER_LATE, Fate.ANSWER_LOST, Fate.LOST, Fate.LATE]
RATES = {"a": 0.9, "b": 1.0, "c": 1.1}  # of clocks; the margin bears a fifth
CELLS = st.sampled_from(sorted(RATES))
SPANS = st.sampled_from([0.1, TIMES.beat_s, 1.0, TIMES.ttl_s, 2 * TIMES.ttl_s])


class Cells(RuleBasedStateMachine):
    """Every order in which messages, time and failures can come."""

    compares = True

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.redis = SimulatedRedis(self.world)
        self.database = SimulatedDatabase(compares=self.compares)
        self.leases = {
            cell: CellLeases(
                cell,
                SimulatedBoard(self.redis, cell),
                SimulatedBook(self.database),
                DriftingClock(self.world, rate, offset=100 * rate),
                TIMES,
            )
            for cell, rate in RATES.items()
        }
        self.errands: list[Errand] = []
        self.late: list[Call] = []  # given up by their callers, but on their way
        self.paused: set[str] = set()
        self.dump = self.redis.dump()
        self.remembers = True  # Redis has never forgotten anything
        self.told_lost: list[Lease] = []

    @initialize(cell=CELLS, quiet=st.booleans())
    def begin_the_day(self, cell: str, quiet: bool) -> None:
        """Let Redis run for a while, and maybe one cell have the lesson."""
        self.redis.settling()
        self.world.now = 2 * TIMES.ttl_s
        if not quiet:
            self.do(cell, "claim")
            self.do(cell, "write")

    # --- what cells do ---------------------------------------------------------------------------

    @rule(cell=CELLS, what=st.sampled_from(["claim", "write", "beat"]))
    def do(self, cell: str, what: str) -> None:
        """Do it without a fault, as is the rule in life; who claims also writes."""
        if cell in self.paused:
            return
        Errand(cell, what, self._work(cell, what)).finish()
        if what == "claim":
            Errand(cell, "write", self._write(cell)).finish()

    @rule(
        cell=CELLS,
        what=st.sampled_from(["claim", "claim", "write", "beat", "release"]),
        answers=st.integers(0, 2),
    )
    def begin(self, cell: str, what: str, answers: int) -> None:
        """Come so far with it. A cell beats once at a time."""
        under_way = [one.what for one in self.errands if one.cell == cell]
        twice = what == "beat" and what in under_way
        if cell in self.paused or len(under_way) >= 3 or twice:
            return
        errand = Errand(cell, what, self._work(cell, what))
        for _ in range(answers):
            errand.meet()
        if errand.call is not None:
            self.errands.append(errand)

    # --- what happens to messages ----------------------------------------------------------------

    @precondition(lambda self: self.errands)
    @rule(data=st.data(), fate=st.sampled_from(FATES))
    def move(self, data: st.DataObject, fate: Fate) -> None:
        errand = data.draw(st.sampled_from(self.errands))
        if errand.call is not None:
            self._meet_fate(errand.call, fate)
        if errand.cell in self.paused or fate is Fate.ANSWER_LATE:
            return
        if errand.call is not None:
            errand.go_on()
        if errand.call is None:
            self.errands.remove(errand)

    def _meet_fate(self, call: Call, fate: Fate) -> None:
        if fate in {Fate.ARRIVES, Fate.ANSWER_LATE, Fate.ANSWER_LOST} and not call.carried_out:
            call.carry_out()
        if fate in {Fate.LOST, Fate.LATE, Fate.ANSWER_LOST}:
            call.time_out()
        if fate is Fate.LATE and not call.carried_out:
            self.late.append(call)

    @precondition(lambda self: self.late)
    @rule(data=st.data())
    def arrive_late(self, data: st.DataObject) -> None:
        call = data.draw(st.sampled_from(self.late))
        self.late.remove(call)
        call.carry_out()

    # --- what happens to machines ----------------------------------------------------------------

    @rule(span=SPANS)
    def pass_time(self, span: float) -> None:
        self.world.now += span

    @rule(cell=CELLS, what=st.sampled_from(["pause", "wake", "flush", "save", "start_with_dump"]))
    def harm(self, cell: str, what: str) -> None:
        if what == "pause":
            self.paused.add(cell)
        elif what == "wake":
            self.paused.discard(cell)
        elif what == "save":
            self.dump = self.redis.dump()
        elif what == "flush":
            self.redis.flush()
        else:
            self.redis.start_with(self.dump)
        self.remembers &= what not in {"flush", "start_with_dump"}

    # --- what must hold --------------------------------------------------------------------------

    @invariant()
    def epochs_only_grow(self) -> None:
        epochs = [lease.epoch for lease in self.database.granted]
        assert epochs == sorted(set(epochs)), "an epoch was granted twice, or after a greater one"

    @invariant()
    def there_is_one_writer(self) -> None:
        writes = [(lease.epoch, lease.cell_id) for lease in self.database.accepted]
        writers = dict(writes)
        assert all(writers[epoch] == cell for epoch, cell in writes), "two writers of one epoch"
        assert [epoch for epoch, _ in writes] == sorted(epoch for epoch, _ in writes)

    @invariant()
    def one_cell_is_sure(self) -> None:
        """While Redis remembers. Else the fence alone holds, and doubt follows within a beat."""
        sure = [cell for cell in RATES if self.leases[cell].standing(LESSON) is Standing.SURE]
        if self.remembers:
            assert len(sure) <= 1, "two cells are sure of one lesson"

    @invariant()
    def a_loss_is_told_once(self) -> None:
        assert len(self.told_lost) == len(set(self.told_lost))

    def teardown(self) -> None:
        """Once nothing fails any more, one cell has the lesson or can have it."""
        self.paused.clear()
        for errand in self.errands:
            errand.finish()
        for call in self.late:
            call.carry_out()
        self._beat_for(2 * TIMES.confirm_s)
        if not self._holders():
            outcome = Errand("a", "claim", self._claim("a")).finish()
            assert isinstance(outcome, Lease), outcome
            self._beat_for(2 * TIMES.beat_s)
        (holder,) = self._holders()
        assert self.leases[holder].standing(LESSON) is Standing.SURE
        self.epochs_only_grow()
        self.there_is_one_writer()

    def _beat_for(self, span: float) -> None:
        until = self.world.now + span
        while self.world.now < until:
            self.world.now += TIMES.beat_s
            self.redis.settling()  # the reading of nodes asks for it
            for cell in RATES:
                Errand(cell, "beat", self._beat(cell)).finish()

    def _holders(self) -> list[str]:
        return [cell for cell in RATES if self.leases[cell].standing(LESSON) is not Standing.LOST]

    def _work(self, cell: str, what: str) -> Coroutine[Call, None, Any]:
        return getattr(self, f"_{what}")(cell)

    # --- errands ---------------------------------------------------------------------------------

    def _claim(self, cell: str) -> Coroutine[Call, None, Any]:
        return self.leases[cell].claim(LESSON)

    def _release(self, cell: str) -> Coroutine[Call, None, Any]:
        return self.leases[cell].release(LESSON)

    async def _beat(self, cell: str) -> None:
        with suppress(Unreachable):
            await self.leases[cell].renew()
        self.told_lost += await self.leases[cell].confirm()

    async def _write(self, cell: str) -> None:
        """Write under the fence that the cell has now; the message may take any time."""
        try:
            fence = self.leases[cell].fence(LESSON)
        except LeaseLost:
            return
        lease = Lease(fence.lesson_id, fence.epoch, cell)
        await Call(lambda: self.database.write(lease), ConnectionRefusedError)


class CellsWithoutCompare(Cells):
    """The same, but the database takes any epoch."""

    compares = False

    def teardown(self) -> None:
        pass


def _run(model: type[Cells], limits: settings) -> None:
    with structlog.testing.capture_logs():
        run_state_machine_as_test(model, settings=settings(limits, stateful_step_count=50))


@pytest.mark.hypothesis
def test_no_order_of_events_gives_two_writers() -> None:
    _run(Cells, settings(max_examples=max(EXAMPLES, settings.default.max_examples)))


def test_the_model_finds_a_fault_where_the_database_compares_no_epochs() -> None:
    limits = settings(max_examples=1000, phases=[Phase.generate], derandomize=True, database=None)
    with pytest.raises(AssertionError, match=r"an epoch was granted twice|two writers"):
        _run(CellsWithoutCompare, limits)


@pytest.mark.parametrize("compares", [True, False])
def test_redis_forgets_between_two_claims(compares: bool) -> None:
    """The shortest run in which the compare of epochs alone keeps a second writer out."""
    model = Cells()
    model.database.compares = compares
    slow = Errand("a", "claim", model._claim("a"))
    slow.meet()  # reads the row: there is none
    slow.meet()  # Redis gives it the key
    model.redis.flush()
    model.do("b", "claim")  # b has epoch 1, and writes
    slow.finish()
    model.do("a", "write")
    writers = {lease.cell_id for lease in model.database.accepted}
    assert writers == ({"b"} if compares else {"a", "b"})
