"""Changes of a viewer's slots: down at once, up with patience, never to and fro."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from relay.api import Importance
from relay.core.choosing.allocator import Demand, Rung, allocate, ladder

# × the cost of the new rungs, which the link must carry before a climb. The estimate falls to 0.85
# of itself whenever a queue begins (draft-ietf-rmcat-gcc-02 §5.5). The rungs must survive that.
_UP_MARGIN = 1.2
_FAILED_WITHIN = 15.0  # s: what had to be given up so soon after a climb was a mistake
_FIRST_PATIENCE = 4.0  # s before a climb that failed once is tried again
_MAX_PATIENCE = 60.0  # s
_PROVEN_AFTER = 30.0  # s without a fall: earlier mistakes are forgotten
_CALM = 1.0  # s without a fall before anything is climbed: one drop may take several steps
# An estimate so far above what failed is of another link, or of the same on a better day.
_BETTER_LINK = 1.5

_Ladder = tuple[Importance, Sequence[Rung]]


@dataclass(frozen=True, slots=True)
class Choice:
    """The outcome for one slot.

    Attributes:
        rung: None: nothing.
        ideal: what it would get on an unlimited link; None: nobody publishes what it wants.
        least_bps: what its lowest rung takes.
    """

    rung: Rung | None
    ideal: Rung | None
    least_bps: float = 0.0


class Adaptation:
    """Follows the estimate of one viewer's link.

    Attributes:
        next_bps: what the link would have to carry for the next rung; None at the top. For the
            estimator to probe for.
        full_bps: what all slots would take at their best.
        most_bps: what the link would have to carry for that, as `next_bps`.
        spent_bps: what the present rungs take.
        least_bps: what the lowest rungs of the same slots would take.
    """

    def __init__(self, slots: int) -> None:
        self._sources: list[str | None] = [None] * slots
        self._places: list[tuple[int, int] | None] = [None] * slots  # of the present rungs
        self._climbed_at = self._fell_at = float("-inf")
        self._climb_budget = 0.0  # when it climbed last
        self._reserved_bps = 0.0
        self._patience = _FIRST_PATIENCE
        self._ceiling_bps: float | None = None  # what failed, …
        self._ceiling_until = 0.0  # … and until when it is not tried again
        self.next_bps: float | None = None
        self.full_bps = self.most_bps = self.spent_bps = self.least_bps = 0.0

    def choose(
        self,
        demands: Sequence[Demand],
        sources: Sequence[str | None],
        budget_bps: float | None,
        now: float,
        *,
        reserved_bps: float = 0.0,
        outage: bool = False,
    ) -> list[Choice]:
        """Choose a rung for each slot.

        Args:
            demands: one per slot.
            sources: whose picture each slot is to show; a change of it begins anew.
            budget_bps: what the link carries beside sound; None for no limit.
            now: seconds.
            reserved_bps: what else it carries: sound.
            outage: the link carries nothing at all: no climb is to blame for that.
        """
        if outage:
            self._climbed_at = float("-inf")
        self._reserved_bps = reserved_bps
        for index, source in enumerate(sources):
            if self._sources[index] != source:
                self._sources[index], self._places[index] = source, None
        ladders = [(demand.importance, ladder(demand)) for demand in demands]
        at = [
            _highest(rungs, place) for (_, rungs), place in zip(ladders, self._places, strict=True)
        ]
        at = self._follow(ladders, at, budget_bps, now)
        self._places = [
            rungs[index].place if index >= 0 else None
            for (_, rungs), index in zip(ladders, at, strict=True)
        ]
        self._look_ahead(ladders, at, now)
        return [
            Choice(
                rungs[index] if index >= 0 else None,
                rungs[-1] if rungs else None,
                rungs[0].cost_bps if rungs else 0.0,
            )
            for (_, rungs), index in zip(ladders, at, strict=True)
        ]

    def _follow(
        self, ladders: Sequence[_Ladder], at: list[int], budget_bps: float | None, now: float
    ) -> list[int]:
        if budget_bps is None:
            return allocate(ladders, None)
        spent = _cost(ladders, at)
        if spent > max(budget_bps, 0.0):  # who shows nothing cannot fall, even if sound is too much
            self._fall(spent, budget_bps, now)
            present = [
                (matters, rungs[: index + 1])
                for (matters, rungs), index in zip(ladders, at, strict=True)
            ]
            return allocate(present, budget_bps)
        if now - self._fell_at < _CALM:
            return at
        better = allocate(ladders, self._safe(budget_bps, now))
        if _standing(ladders, better) <= _standing(ladders, at):
            return at
        self._climbed_at, self._climb_budget = now, budget_bps
        return better

    def _safe(self, budget_bps: float, now: float) -> float:
        """The cost up to which slots may climb."""
        safe = (budget_bps + self._reserved_bps) / _UP_MARGIN - self._reserved_bps
        ceiling = self._ceiling_bps
        if ceiling is not None:
            if now - self._fell_at > _PROVEN_AFTER and now - self._climbed_at > _PROVEN_AFTER:
                self._ceiling_bps, self._patience = None, _FIRST_PATIENCE
            elif now < self._ceiling_until and budget_bps < _BETTER_LINK * ceiling:
                safe = min(safe, ceiling)
        return safe

    def _fall(self, failed_bps: float, budget_bps: float, now: float) -> None:
        """Note that the link does not carry the present rungs. A recent climb may be to blame.

        If the estimate stands as it did then, the picture became livelier.
        """
        if now - self._climbed_at < _FAILED_WITHIN and budget_bps < self._climb_budget:
            if self._ceiling_bps is not None:
                self._patience = min(2 * self._patience, _MAX_PATIENCE)
            self._ceiling_bps = 0.99 * failed_bps
            self._ceiling_until = now + self._patience
            self._climbed_at = float("-inf")  # one mistake, however many steps it costs
        self._fell_at = now

    def _look_ahead(self, ladders: Sequence[_Ladder], at: Sequence[int], now: float) -> None:
        self.spent_bps = spent = _cost(ladders, at)
        self.least_bps = _cost(ladders, [min(index, 0) for index in at])
        self.full_bps = float(sum(rungs[-1].cost_bps for _, rungs in ladders if rungs))
        self.most_bps = self.needed(self.full_bps)
        self.next_bps = None
        steps = {
            rungs[index + 1].cost_bps - (rungs[index].cost_bps if index >= 0 else 0)
            for (_, rungs), index in zip(ladders, at, strict=True)
            if index + 1 < len(rungs)
        }
        for step in sorted(steps):
            # Not every slot's step is next: what matters more comes first.
            if _cost(ladders, allocate(ladders, spent + step)) > spent:
                self.next_bps = self.needed(spent + step)
                break
        if self.next_bps and self._ceiling_bps and now < self._ceiling_until:
            # Only a link that is found to be better is a reason to climb sooner.
            self.next_bps = max(self.next_bps, 1.01 * _BETTER_LINK * self._ceiling_bps)

    def needed(self, cost_bps: float) -> float:
        """The rate beside sound at which slots may climb to rungs of this cost."""
        reserved = self._reserved_bps
        return _UP_MARGIN * (cost_bps + reserved) - reserved


def _highest(rungs: Sequence[Rung], place: tuple[int, int] | None) -> int:
    """The index of the best rung that is not above a place; −1 if there is none."""
    if place is None:
        return -1
    return max((index for index, rung in enumerate(rungs) if rung.place <= place), default=-1)


def _standing(ladders: Sequence[_Ladder], at: Sequence[int]) -> tuple[int, ...]:
    """The standing of a choice, for comparing two, in the order in which `allocate` gives."""
    reached = dict.fromkeys(Importance, 0)
    bases = 0
    for (importance, _), index in zip(ladders, at, strict=True):
        reached[importance] += index
        bases += importance is Importance.STAGE and index >= 0
    order = (Importance.COURSEWARE, Importance.STAGE, Importance.WALL)
    return (bases, *(reached[importance] for importance in order))


def _cost(ladders: Sequence[_Ladder], at: Sequence[int]) -> float:
    return float(
        sum(
            rungs[index].cost_bps
            for (_, rungs), index in zip(ladders, at, strict=True)
            if index >= 0
        )
    )
