"""The layers that the slots of a viewer get within what its link carries.

Each slot's layers and temporal layers make a ladder of rungs. As the link narrows, pictures give
way in this order:

1. the wall, altogether;
2. the stage, down to its lowest rung;
3. the courseware, rung by rung, and at last altogether: a still picture takes its place;
4. the stage's lowest rung. Sound is left.

`adaptation` decides when to follow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from relay.api import Importance, Layer

RANK = {Layer.LOW: 0, Layer.MIDDLE: 1, Layer.HIGH: 2}
_SCALE = {Layer.LOW: 4, Layer.MIDDLE: 2, Layer.HIGH: 1}  # of the full height, by convention
# A layer may be this much lower than the place where it is shown: 180 lines in 220 are not missed.
_HEIGHT_TOLERANCE = 0.8
ALL_TEMPORAL = 3  # the field has two bits (RFC 7741 §4.2)
# Temporal layers left out above the lowest layer. A person at a quarter of the frame rate (7 a
# second) looks worse than one half as large. A page of courseware may stand still.
_LEFT_OUT_AT_MOST = 1


@dataclass(frozen=True, slots=True)
class Candidate:
    """A layer that the viewer can decode.

    Attributes:
        layer: which one.
        height: 0 while unknown.
        cost_bps: what it takes of the link, headers included.
        shares: which part of it the temporal layers 0…n make; empty where there are none.
    """

    layer: Layer
    height: int
    cost_bps: int
    shares: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Demand:
    """One video slot's wish and what could fulfil it; no candidates: the slot stays empty.

    Attributes:
        candidates: what flows, or would if it were asked for.
        max_layer: see `relay.api.SlotWish`.
        max_height: likewise.
        importance: likewise.
        may_exceed: a layer above `max_layer` is better than none. False while a publisher starts:
            its layers do not come in the same instant, and a weak link is not to get the largest.
    """

    candidates: tuple[Candidate, ...]
    max_layer: Layer | None = None
    max_height: int | None = None
    importance: Importance = Importance.STAGE
    may_exceed: bool = True


@dataclass(frozen=True, slots=True)
class Rung:
    """A step of a slot's ladder: a layer, its highest temporal layer, and what both cost."""

    layer: Layer
    temporal: int
    cost_bps: int

    @property
    def place(self) -> tuple[int, int]:
        """The place on the ladder, for comparing rungs whose costs have changed since."""
        return RANK[self.layer], self.temporal


def ladder(demand: Demand) -> tuple[Rung, ...]:
    """The rungs of a slot, best last; each costs more than the one before it."""
    rungs: list[Rung] = []
    for candidate in _wanted(demand):
        shares = candidate.shares or (1.0,)
        top = len(shares) - 1
        lowest = 0
        if rungs and demand.importance is not Importance.COURSEWARE:
            lowest = max(0, top - _LEFT_OUT_AT_MOST)
        for temporal in range(lowest, top + 1):
            cost = round(shares[temporal] * candidate.cost_bps)
            while rungs and rungs[-1].cost_bps >= cost:
                rungs.pop()  # worse, and not cheaper
            temporal_top = ALL_TEMPORAL if temporal == top else temporal
            rungs.append(Rung(candidate.layer, temporal_top, cost))
    return tuple(rungs)


def _wanted(demand: Demand) -> list[Candidate]:
    """The layers within the limits, lowest first; if all exceed them, the lowest alone."""
    ordered = sorted(demand.candidates, key=lambda candidate: RANK[candidate.layer])
    limit = RANK[demand.max_layer] if demand.max_layer is not None else RANK[Layer.HIGH]
    allowed = [one for one in ordered if RANK[one.layer] <= limit]
    if not allowed:
        return ordered[:1] if demand.may_exceed else []
    if demand.max_height is not None:
        enough = demand.max_height * _HEIGHT_TOLERANCE
        for index, candidate in enumerate(allowed):
            if _height(candidate, ordered) >= enough:
                return allowed[: index + 1]
    return allowed


def _height(candidate: Candidate, known: Sequence[Candidate]) -> float:
    """The height of a layer, estimated from another's until a key frame of it was seen."""
    if candidate.height:
        return candidate.height
    for other in known:
        if other.height:
            return other.height * _SCALE[other.layer] / _SCALE[candidate.layer]
    return 0.0


def allocate(
    ladders: Sequence[tuple[Importance, Sequence[Rung]]], budget_bps: float | None
) -> list[int]:
    """Choose a rung of each ladder.

    Args:
        ladders: one per video slot, with what it matters.
        budget_bps: what the link carries beside sound; None for no limit.

    Returns:
        For each ladder the index of a rung, −1 for none.
    """
    if budget_bps is None:
        return [len(rungs) - 1 for _, rungs in ladders]
    chosen = [-1] * len(ladders)
    left = budget_bps

    def climb(importance: Importance, rounds: int) -> None:
        """Raise the ladders of one importance in turns, while there is something left."""
        nonlocal left
        open_ = [index for index, (matters, _) in enumerate(ladders) if matters is importance]
        for _ in range(rounds):
            still = []
            for index in open_:
                rungs = ladders[index][1]
                at = chosen[index]
                if at + 1 >= len(rungs):
                    continue
                step = rungs[at + 1].cost_bps - (rungs[at].cost_bps if at >= 0 else 0)
                if step <= left:
                    left -= step
                    chosen[index] = at + 1
                    still.append(index)
            open_ = still

    most = max((len(rungs) for _, rungs in ladders), default=0)
    climb(Importance.STAGE, 1)
    for importance in (Importance.COURSEWARE, Importance.STAGE, Importance.WALL):
        climb(importance, most)
    return chosen
