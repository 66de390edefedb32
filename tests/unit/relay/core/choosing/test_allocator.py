"""Layers for the slots of a viewer, of what its link carries."""

from __future__ import annotations

import pytest

from relay.api import Importance, Layer
from relay.core.choosing.allocator import Candidate, Demand, allocate, ladder

L, M, H = Layer.LOW, Layer.MIDDLE, Layer.HIGH
ALL = (Candidate(H, 720, 2_000_000), Candidate(L, 180, 100_000), Candidate(M, 360, 500_000))


@pytest.mark.parametrize(
    ("demand", "chosen"),
    [
        (Demand(()), None),
        (Demand(ALL), H),
        (Demand(ALL, max_layer=M), M),
        (Demand(ALL, max_layer=L), L),
        (Demand(ALL[:1], max_layer=L), H),
        (Demand(ALL[:1], max_layer=L, may_exceed=False), None),
        (Demand(ALL, max_height=180), L),
        (Demand(ALL, max_height=220), L),
        (Demand(ALL, max_height=240), M),
        (Demand(ALL, max_height=2000), H),
        (Demand(ALL, max_layer=M, max_height=2000), M),
        (Demand((Candidate(H, 720, 1), Candidate(L, 0, 0)), max_height=180), L),
        (Demand((Candidate(H, 0, 1), Candidate(L, 0, 0)), max_height=180), H),
    ],
)
def test_the_highest_layer_that_a_slot_can_use(demand: Demand, chosen: Layer | None) -> None:
    rungs = ladder(demand)
    assert (rungs[-1].layer if rungs else None) is chosen


THIRDS = (0.4, 0.6, 1.0)


def costs(importance: Importance, *layers: Layer) -> list[tuple[Layer, int]]:
    rates = {H: 2_000_000, M: 500_000, L: 100_000}
    candidates = tuple(Candidate(layer, 0, rates[layer], THIRDS) for layer in layers)
    return [
        (rung.layer, rung.cost_bps) for rung in ladder(Demand(candidates, None, None, importance))
    ]


def test_a_ladder_keeps_pictures_moving_but_lets_a_page_stand_still() -> None:
    assert costs(Importance.STAGE, L, M, H) == [
        (L, 40_000),
        (L, 60_000),
        (L, 100_000),
        (M, 300_000),
        (M, 500_000),
        (H, 1_200_000),
        (H, 2_000_000),
    ]
    assert costs(Importance.COURSEWARE, M, H) == [
        (M, 200_000),
        (M, 300_000),
        (M, 500_000),
        (H, 800_000),
        (H, 1_200_000),
        (H, 2_000_000),
    ]


def test_a_lower_layer_that_costs_more_is_no_rung() -> None:
    still = (Candidate(H, 720, 30_000), Candidate(M, 360, 200_000), Candidate(L, 180, 20_000))
    assert [rung.layer for rung in ladder(Demand(still))] == [L, H]


STAGE = ladder(
    Demand(tuple(Candidate(one, 0, cost) for one, cost in ((L, 100), (M, 500), (H, 2000))))
)
COURSE = ladder(Demand((Candidate(M, 0, 400), Candidate(H, 0, 1500))))
WALL = ladder(Demand((Candidate(L, 0, 100),)))
LESSON = [
    (Importance.STAGE, STAGE),
    (Importance.COURSEWARE, COURSE),
    (Importance.WALL, WALL),
    (Importance.WALL, WALL),
]


@pytest.mark.parametrize(
    ("budget", "chosen"),
    [
        (None, [2, 1, 0, 0]),
        (3700, [2, 1, 0, 0]),
        (3600, [2, 1, 0, -1]),  # first the wall gives way,
        (3500, [2, 1, -1, -1]),
        (3499, [1, 1, 0, 0]),  # then the stage, down to its lowest,
        (1999, [0, 1, 0, 0]),
        (1600, [0, 1, -1, -1]),
        (1599, [1, 0, 0, 0]),  # then the courseware,
        (500, [0, 0, -1, -1]),
        (499, [0, -1, 0, 0]),  # which becomes still,
        (100, [0, -1, -1, -1]),
        (99, [-1, -1, -1, -1]),  # and then all is sound
        (-50, [-1, -1, -1, -1]),
    ],
)
def test_what_gives_way_first(budget: int | None, chosen: list[int]) -> None:
    assert allocate(LESSON, budget) == chosen
