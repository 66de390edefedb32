"""The leases of one cell: claimed at Redis and the database, renewed, confirmed, given back."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from signaling.base.clock import Clock
from signaling.base.failures import failure_of
from signaling.cells.api import LeaseLost, Unreachable
from signaling.cells.core.leasing import Holding, Lease, Refusal, Refused, Renewal, Standing
from signaling.cells.core.times import CellTimes
from signaling.cells.fence import LeaseFence
from signaling.cells.ports import EpochBook, LeaseBoard

log = structlog.get_logger(__name__)


class CellLeases:
    """The leases of this cell.

    Nothing here waits but for board and book, so that tests can order every message.
    """

    def __init__(
        self, cell_id: str, board: LeaseBoard, book: EpochBook, clock: Clock, times: CellTimes
    ) -> None:
        self._cell_id = cell_id
        self._board = board
        self._book = book
        self._clock = clock
        self._times = times
        self._held: dict[str, Holding] = {}
        self._claiming: set[str] = set()

    async def claim(self, lesson_id: str) -> Lease | Refused:
        """Take a lesson. The same cell gets the lease that it has already.

        The database hands out the epoch, and Redis keeps it. A Redis that lost its memory has
        therefore no old one to give.
        """
        if (holding := self._held.get(lesson_id)) is not None:
            return holding.lease
        if lesson_id in self._claiming:
            return Refused(Refusal.UNDER_WAY)
        self._claiming.add(lesson_id)
        try:
            return await self._claim(lesson_id)
        finally:
            self._claiming.discard(lesson_id)

    async def _claim(self, lesson_id: str) -> Lease | Refused:
        entry = (await self._book.entries([lesson_id])).get(lesson_id)
        epoch = 1 if entry is None else entry.epoch + 1
        lease = Lease(lesson_id, epoch, self._cell_id)
        was_held = entry is not None and entry.cell_id is not None
        asked_at = self._clock.monotonic()
        try:
            refused = await self._board.claim(lease, was_held=was_held)
        except Unreachable:
            return Refused(Refusal.UNREACHABLE)
        if refused is not None:
            return refused
        try:
            granted = await self._book.advance(lease)
        except Exception:
            await self._release_keys([lease])
            raise
        if not granted:
            await self._release_keys([lease])
            return Refused(Refusal.OVERTAKEN)
        self._held[lesson_id] = Holding(lease, asked_at, self._times)
        log.info("lease_claimed", lesson_id=lesson_id, epoch=epoch)
        return lease

    async def renew(self) -> None:
        """Ask Redis to keep all leases of this cell. Raises Unreachable."""
        holdings = tuple(self._held.values())
        if not holdings:
            return
        asked_at = self._clock.monotonic()
        answers = await self._board.renew([holding.lease for holding in holdings])
        now = self._clock.monotonic()
        given_back: list[Lease] = []
        for holding, answer in zip(holdings, answers, strict=True):
            holding.renewed(answer, asked_at, now)
            if answer is Renewal.RESTORED and not self._has(holding):
                given_back.append(holding.lease)  # released meanwhile: its key came back
        await self._release_keys(given_back)

    async def confirm(self) -> Sequence[Lease]:
        """Ask the database about leases in doubt; return those that are lost now."""
        asked_at = self._clock.monotonic()
        asked = [(one, one.question) for one in self._held.values() if one.wants_word(asked_at)]
        if not asked:
            return ()
        try:
            entries = await self._book.entries([one.lease.lesson_id for one, _ in asked])
        except Exception as error:
            if failure_of(error) is None:
                raise
            return ()  # no word, no loss: a database that is away takes no writes either
        lost: list[Lease] = []
        for holding, question in asked:
            lease = holding.lease
            entry = entries.get(lease.lesson_id)
            if entry is not None and (entry.epoch, entry.cell_id) == (lease.epoch, self._cell_id):
                holding.confirmed(question, asked_at)
            elif self._has(holding):
                holding.lose()
                del self._held[lease.lesson_id]
                lost.append(lease)
        await self._release_keys(lost)
        return tuple(lost)

    async def release(self, lesson_id: str) -> None:
        """Give a lesson back, after the last write."""
        holding = self._held.pop(lesson_id, None)
        if holding is None:
            return
        try:
            await self._book.give_back(holding.lease)
        except Exception as error:
            if failure_of(error) is None:
                raise
            log.warning("lease_not_given_back", lesson_id=lesson_id)
        finally:
            await self._release_keys([holding.lease])

    def standing(self, lesson_id: str) -> Standing:
        """What this cell may think of a lesson; lost if it has none."""
        holding = self._held.get(lesson_id)
        return Standing.LOST if holding is None else holding.standing(self._clock.monotonic())

    def standings(self) -> Sequence[Standing]:
        """The standing of each lease of this cell."""
        now = self._clock.monotonic()
        return [holding.standing(now) for holding in self._held.values()]

    def fence(self, lesson_id: str) -> LeaseFence:
        """The fence for writes of a lesson. Raises LeaseLost if this cell does not have it."""
        holding = self._held.get(lesson_id)
        if holding is None:
            raise LeaseLost
        return LeaseFence(lesson_id, holding.lease.epoch)

    def _has(self, holding: Holding) -> bool:
        return self._held.get(holding.lease.lesson_id) is holding

    async def _release_keys(self, leases: Sequence[Lease]) -> None:
        """Free keys at Redis; those that stay run out by themselves."""
        if not leases:
            return
        try:
            await self._board.release(leases)
        except Unreachable:
            log.info("keys_run_out_by_themselves", leases=len(leases))
