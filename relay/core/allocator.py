"""Which layer each slot of a viewer should get.

Here the choice follows from what is wished and what flows. Adaptation to the viewer's bandwidth
comes into `allocate`: it sees all slots of a viewer at once, with the bitrate of every candidate,
and gets the estimate as `budget_bps`. What it chooses is reached by `selector`, and rewritten by
`munger`; neither knows why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from relay.api import Layer

RANK = {Layer.LOW: 0, Layer.MIDDLE: 1, Layer.HIGH: 2}
_SCALE = {Layer.LOW: 4, Layer.MIDDLE: 2, Layer.HIGH: 1}  # of the full height, by convention
# A layer may be this much lower than the place where it is shown: 180 lines in 220 are not missed.
_HEIGHT_TOLERANCE = 0.8


@dataclass(frozen=True, slots=True)
class Candidate:
    """A layer that flows and that the viewer can decode. `height` is 0 while unknown."""

    layer: Layer
    height: int
    bitrate_bps: int


@dataclass(frozen=True, slots=True)
class Demand:
    """One video slot's wish and what could fulfil it; no candidates: the slot stays empty.

    Attributes:
        candidates: what flows.
        max_layer: see `relay.api.SlotWish`.
        max_height: likewise.
        may_exceed: a layer above `max_layer` is better than none. False while a publisher starts:
            its layers do not come in the same instant, and a weak link is not to get the largest.
    """

    candidates: tuple[Candidate, ...]
    max_layer: Layer | None = None
    max_height: int | None = None
    may_exceed: bool = True


def allocate(demands: Sequence[Demand], budget_bps: int | None = None) -> list[Layer | None]:
    """Choose a layer for each demand.

    Args:
        demands: one per video slot, in slot order.
        budget_bps: what the viewer's link carries; None for no limit (so far always).

    Returns:
        For each demand a candidate's layer, or None if it has none.
    """
    del budget_bps
    return [_choose(demand) for demand in demands]


def _choose(demand: Demand) -> Layer | None:
    """The highest layer within the limits; if all exceed them, the lowest that flows."""
    if not demand.candidates:
        return None
    ordered = sorted(demand.candidates, key=lambda candidate: RANK[candidate.layer])
    limit = RANK[demand.max_layer] if demand.max_layer is not None else RANK[Layer.HIGH]
    allowed = [one for one in ordered if RANK[one.layer] <= limit]
    if not allowed:
        return ordered[0].layer if demand.may_exceed else None
    if demand.max_height is not None:
        enough = demand.max_height * _HEIGHT_TOLERANCE
        for candidate in allowed:
            if _height(candidate, ordered) >= enough:
                return candidate.layer
    return allowed[-1].layer


def _height(candidate: Candidate, known: Sequence[Candidate]) -> float:
    """Its height, estimated from another layer's where no key frame of it was seen yet."""
    if candidate.height:
        return candidate.height
    for other in known:
        if other.height:
            return other.height * _SCALE[other.layer] / _SCALE[candidate.layer]
    return 0.0
