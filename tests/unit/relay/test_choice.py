"""What is chosen: layers for slots, speakers for audio slots, moments for requests."""

from __future__ import annotations

from itertools import pairwise

import pytest

from relay.api import Importance, Layer
from relay.core.allocator import Candidate, Demand, allocate, ladder
from relay.core.audio import SpeakerSlots
from relay.core.counters import Counters
from relay.core.key_frames import MAX_INTERVAL, THROTTLE, KeyFrameRequests
from relay.core.loudness import Loudness
from relay.core.repair import MissingPackets

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


def test_a_speaker_keeps_its_slot_for_a_while() -> None:
    slots = SpeakerSlots(2)
    assert slots.assign({"a": 90, "b": 80, "c": 70}, 0.0) == ["a", "b"]
    assert slots.assign({"a": 10, "b": 80, "c": 70}, 0.5) == ["a", "b"]
    assert slots.assign({"a": 10, "b": 80, "c": 70}, 1.1) == ["c", "b"]
    assert slots.assign({"b": 80, "c": 70}, 1.2) == ["c", "b"]
    assert slots.assign({"b": 80}, 1.3) == [None, "b"]
    assert slots.assign({"b": 80, "d": 1}, 1.4) == ["d", "b"]


def test_without_slots_nobody_is_assigned() -> None:
    assert SpeakerSlots(0).assign({"a": 1.0}, 0.0) == []


def test_loudness_rises_fast_and_falls_slowly() -> None:
    loudness = Loudness()
    assert loudness.at(0.0) == 0
    for index in range(10):
        loudness.on_packet(b"\x9e", index * 0.02)  # voice flag, −30 dBov
    assert loudness.at(0.2) > 90
    for index in range(10, 20):
        loudness.on_packet(b"\x7f", index * 0.02)
    assert 50 < loudness.at(0.4) < 90
    assert loudness.at(1.5) == 0


def test_key_frame_requests_share_one_packet_and_slow_down() -> None:
    counters = Counters()
    requests = KeyFrameRequests(counters)
    assert requests.want(0.0)
    assert not requests.want(0.1)
    assert not requests.due(THROTTLE - 0.01)
    sent = [now / 100 for now in range(30, 2000) if requests.due(now / 100)]
    gaps = [round(b - a, 1) for a, b in zip([0.0, *sent], sent, strict=False)]
    assert gaps == sorted(gaps)
    assert max(gaps) == MAX_INTERVAL
    requests.satisfied()
    assert not requests.due(100.0)
    assert requests.want(100.0)
    assert counters.key_frame_requests_coalesced == 1


def test_missing_packets_are_asked_for_a_bounded_number_of_times() -> None:
    missing = MissingPackets()
    assert missing.on_gap(100, 102, 0.0)
    assert missing.due(0.005) == ([], 0)
    asked = []
    given_up = 0
    for tick in range(1, 100):
        wanted, lost = missing.due(tick * 0.02)
        asked.extend(wanted)
        given_up += lost
    assert given_up == 2
    assert 5 <= asked.count(100) <= 10
    assert not missing


def test_answers_that_take_longer_than_known_are_waited_for() -> None:
    missing = MissingPackets()
    missing.on_gap(1, 2, 0.0)
    asked = [tick for tick in range(1, 60) if missing.due(tick * 0.02)[0]]
    waits = [b - a for a, b in pairwise(asked)]
    assert waits == sorted(waits)
    assert waits[-1] > 1.5 * waits[0]


def test_a_hole_too_large_is_not_repaired() -> None:
    missing = MissingPackets()
    assert missing.on_gap(0, 200, 0.0)
    assert not missing.on_gap(200, 300, 0.0)
    assert not missing


def test_repairs_time_the_link() -> None:
    missing = MissingPackets()
    missing.on_gap(1, 2, 0.0)
    missing.due(0.02)
    missing.on_packet(1, 0.07)
    assert missing.rtt == pytest.approx(0.05)
