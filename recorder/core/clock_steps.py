"""Decides which steps were the sample clock's, which a queue's, and which the wall clock's.

Three things can step. Arrivals and anchors show each in another way:

===========================  ========  =======
step of                      arrivals  anchors
===========================  ========  =======
the sample clock             yes       yes
a queue on the link          yes       no
the sender's wall clock      no        yes
===========================  ========  =======

Anchors are few and noisy, so no single one decides. A beam search keeps the cheapest stories that
explain all anchors so far (`_Story`), as a Viterbi decoder does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import msgspec

SIGMA_S = 0.01  # s; noise of an anchor
_OUTLIER_COST = 4.0  # no single anchor costs more: some are wrong by tens of milliseconds
_WALL_STEP_S = 0.1  # s; less is followed as drift: it moves sound and picture alike
_WALL_STEP_COST = 14.0  # more than three outliers in a row
_GAIN, _MAX_CORRECTION_S = 0.25, 0.02  # how a story follows its anchors
_STORIES = 12  # kept at a time
_SAME_S = 0.006  # s; stories that expect the same go on as one
_FULL_CHOICE = 4  # so many steps between two anchors are tried in all ways
# What a step costs a story. A rise that is followed by a fall was a queue, unless anchors object.
_STALL_COST = 1.0
_QUEUE_END_COST = 1.0
_QUEUE_COST, _MAX_QUEUE_COST = 1.0, 4.0
_AHEAD_COST, _MAX_AHEAD_COST = 2.0, 6.0
_COST_PER_S = 2.0  # a longer queue is less likely; so is a longer jump ahead


class Reading(msgspec.Struct, frozen=True, gc=False):
    """An anchor: `value` is its offset without drift, `steps` how many steps came before it."""

    steps: int
    value: float


class Verdict(msgspec.Struct, frozen=True):
    """What the anchors say.

    Attributes:
        of_clock: for each step, whether the sample clock made it.
        wall: (index of an anchor, seconds): the sender's wall clock stepped before that anchor.
    """

    of_clock: list[bool]
    wall: list[tuple[int, float]]


class _Story(msgspec.Struct, frozen=True, gc=False):
    cost: float
    expected: float  # the next anchor's value
    chosen: _Choice | None


class _Choice(msgspec.Struct, frozen=True, gc=False):
    """One decision, linked to those before it."""

    before: _Choice | None
    first_step: int
    of_clock: tuple[bool, ...]
    anchor: int = -1
    wall: float = 0.0


def judge(sizes: Sequence[float], readings: Sequence[Reading]) -> Verdict:
    """Explain all anchors at the least cost.

    Args:
        sizes: of the steps that arrivals show, in seconds and in order.
        readings: the anchors, in order.
    """
    stories = [_Story(0.0, 0.0, None)]
    decided = 0
    for number, reading in enumerate(readings):
        if reading.steps > decided:
            stories = _decide(stories, decided, sizes[decided : reading.steps])
            decided = reading.steps
        elif reading.steps < decided:
            continue  # it speaks of a time that is settled
        if number == 0:
            stories = [
                _Story(story.cost, reading.value, story.chosen)
                for story in _cheapest(stories, _STORIES)
            ][:1]
            continue
        stories = _cheapest(
            (after for story in stories for after in _read(story, number, reading.value)),
            _STORIES,
        )
    stories = _decide(stories, decided, sizes[decided:])
    return _verdict(min(stories, key=_cost), len(sizes))


def _cost(story: _Story) -> float:
    return story.cost


def _read(story: _Story, number: int, value: float) -> Iterator[_Story]:
    error = value - story.expected
    cost = story.cost + min((error / SIGMA_S) ** 2 / 2, _OUTLIER_COST)
    correction = _GAIN * max(-_MAX_CORRECTION_S, min(_MAX_CORRECTION_S, error))
    yield _Story(cost, story.expected + correction, story.chosen)
    if abs(error) > _WALL_STEP_S:
        choice = _Choice(story.chosen, 0, (), number, error)
        yield _Story(story.cost + _WALL_STEP_COST, value, choice)


def _decide(stories: list[_Story], first: int, sizes: Sequence[float]) -> list[_Story]:
    if not sizes:
        return stories
    ways = [(way, *_price(way, sizes)) for way in _ways(sizes)]
    return _cheapest(
        (
            _Story(story.cost + cost, story.expected + moved, _Choice(story.chosen, first, way))
            for story in stories
            for way, cost, moved in ways
        ),
        _STORIES * 4,  # the anchor to come chooses among them
    )


def _ways(sizes: Sequence[float]) -> Iterator[tuple[bool, ...]]:
    """Which of some steps are the clock's: all ways, or of many steps the likely ones."""
    if len(sizes) <= _FULL_CHOICE:
        yield from product((True, False), repeat=len(sizes))
        return
    count = len(sizes)
    yield (True,) * count
    yield (False,) * count
    for number in range(min(count, 16)):
        yield tuple(place != number for place in range(count))
    for number in range(min(count - 1, 16)):
        yield tuple(place not in (number, number + 1) for place in range(count))


def _price(way: tuple[bool, ...], sizes: Sequence[float]) -> tuple[float, float]:
    cost = moved = 0.0
    for of_clock, size in zip(way, sizes, strict=True):
        more = _COST_PER_S * abs(size)
        if of_clock:
            moved += size
            cost += _STALL_COST if size > 0 else min(_AHEAD_COST + more, _MAX_AHEAD_COST)
        else:
            cost += _QUEUE_END_COST if size < 0 else min(_QUEUE_COST + more, _MAX_QUEUE_COST)
    return cost, moved


def _cheapest(stories: Iterator[_Story] | list[_Story], limit: int) -> list[_Story]:
    kept: dict[int, _Story] = {}
    for story in sorted(stories, key=_cost):
        place = round(story.expected / _SAME_S)
        if place not in kept:
            kept[place] = story
            if len(kept) >= limit:
                break
    return list(kept.values())


def _verdict(story: _Story, steps: int) -> Verdict:
    of_clock = [True] * steps
    wall: list[tuple[int, float]] = []
    choice = story.chosen
    while choice is not None:
        of_clock[choice.first_step : choice.first_step + len(choice.of_clock)] = choice.of_clock
        if choice.anchor >= 0:
            wall.append((choice.anchor, choice.wall))
        choice = choice.before
    wall.reverse()
    return Verdict(of_clock, wall)
