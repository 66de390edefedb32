"""When a viewer's slots change their rung: down at once, up with patience, never to and fro."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from relay.api import Importance
from relay.core.allocator import Demand, Rung, allocate, ladder

# The link must carry this much more than a rung costs before it is climbed: the estimate falls to
# 0.85 of itself whenever a queue begins (draft-ietf-rmcat-gcc-02 §5.5), and must not fall off then.
_UP_MARGIN = 1.2
_FAILED_WITHIN = 15.0  # s: a rung left so soon after it was climbed was a mistake
_FIRST_PATIENCE = 4.0  # s before a rung that failed once is tried again
_MAX_PATIENCE = 60.0  # s
_PROVEN_AFTER = 30.0  # s on a rung: earlier mistakes are forgotten
_CALM = 1.0  # s without a fall before anything is climbed: one drop may take several steps


@dataclass(frozen=True, slots=True)
class Choice:
    """What a slot gets.

    Attributes:
        rung: None: nothing.
        ideal: what it would get on an unlimited link; None: nobody publishes what it wants.
    """

    rung: Rung | None
    ideal: Rung | None


class _Slot:
    """The history of one slot with one source."""

    __slots__ = ("barred", "barred_until", "climbed_at", "patience", "place", "source")

    def __init__(self, source: str | None) -> None:
        self.source = source
        self.place: tuple[int, int] | None = None  # of the present rung
        self.climbed_at = float("-inf")
        self.patience = _FIRST_PATIENCE
        self.barred: tuple[int, int] | None = None  # this place and those above it failed
        self.barred_until = 0.0


class Adaptation:
    """Follows the estimate of one viewer's link.

    Attributes:
        next_bps: what the link would have to carry for the next rung; None if there is none that
            may be climbed now. For the estimator to probe for.
        full_bps: what all slots would take at their best.
        spent_bps: what the present rungs take.
    """

    def __init__(self, slots: int) -> None:
        self._slots = [_Slot(None) for _ in range(slots)]
        self._fell_at = float("-inf")
        self.next_bps: float | None = None
        self.full_bps = self.spent_bps = 0.0

    def choose(
        self,
        demands: Sequence[Demand],
        sources: Sequence[str | None],
        budget_bps: float | None,
        now: float,
        *,
        outage: bool = False,
    ) -> list[Choice]:
        """Choose a rung for each slot.

        Args:
            demands: one per slot.
            sources: whose picture each slot is to show; a change of it begins anew.
            budget_bps: what the link carries beside sound; None for no limit.
            now: seconds.
            outage: the link carries nothing at all: no rung is to blame for that.
        """
        if outage:
            for slot in self._slots:
                slot.climbed_at = float("-inf")
        for index, source in enumerate(sources):
            if self._slots[index].source != source:
                self._slots[index] = _Slot(source)
        ladders = [(demand.importance, ladder(demand)) for demand in demands]
        most = allocate(ladders, budget_bps)
        safe = allocate(ladders, None if budget_bps is None else budget_bps / _UP_MARGIN)
        at = [
            self._decide(slot, rungs, most[index], safe[index], now)
            for index, (slot, (_, rungs)) in enumerate(zip(self._slots, ladders, strict=True))
        ]
        self._look_ahead(ladders, at, now)
        return [
            Choice(rungs[place] if place >= 0 else None, rungs[-1] if rungs else None)
            for (_, rungs), place in zip(ladders, at, strict=True)
        ]

    def _decide(self, slot: _Slot, rungs: Sequence[Rung], most: int, safe: int, now: float) -> int:
        present = -1
        if slot.place is not None:
            present = max(
                (index for index, rung in enumerate(rungs) if rung.place <= slot.place), default=-1
            )
        if present > most:
            self._fall(slot, rungs, present, now)
            present = most
        elif present < safe:
            present = self._climb(slot, rungs, present, safe, now)
        slot.place = rungs[present].place if present >= 0 else None
        self._forgive(slot, now)
        return present

    @staticmethod
    def _forgive(slot: _Slot, now: float) -> None:
        """A rung that held for long is no mistake any more."""
        proven = now - slot.climbed_at > _PROVEN_AFTER
        if proven and slot.barred is not None and slot.place is not None:
            if slot.place < slot.barred:
                return
            slot.barred = None
            slot.patience = _FIRST_PATIENCE

    def _fall(self, slot: _Slot, rungs: Sequence[Rung], present: int, now: float) -> None:
        if now - slot.climbed_at < _FAILED_WITHIN:
            if slot.barred is not None:
                slot.patience = min(2 * slot.patience, _MAX_PATIENCE)
            slot.barred = rungs[present].place
            slot.barred_until = now + slot.patience
            slot.climbed_at = float("-inf")  # one mistake, however many steps it costs
        self._fell_at = now

    def _climb(
        self, slot: _Slot, rungs: Sequence[Rung], present: int, safe: int, now: float
    ) -> int:
        if slot.place is not None and now - self._fell_at < _CALM:
            return present
        top = safe
        while top > present and self._is_barred(slot, rungs[top], now):
            top -= 1
        if top > present:
            slot.climbed_at = now
        return top

    @staticmethod
    def _is_barred(slot: _Slot, rung: Rung, now: float) -> bool:
        return slot.barred is not None and rung.place >= slot.barred and now < slot.barred_until

    def _look_ahead(
        self,
        ladders: Sequence[tuple[Importance, Sequence[Rung]]],
        at: Sequence[int],
        now: float,
    ) -> None:
        spent = full = 0.0
        steps = []
        for slot, (_, rungs), place in zip(self._slots, ladders, at, strict=True):
            present = rungs[place].cost_bps if place >= 0 else 0
            spent += present
            full += rungs[-1].cost_bps if rungs else 0
            if place + 1 < len(rungs) and not self._is_barred(slot, rungs[place + 1], now):
                steps.append(rungs[place + 1].cost_bps - present)
        self.spent_bps, self.full_bps = spent, full
        self.next_bps = _UP_MARGIN * (spent + min(steps)) if steps else None
