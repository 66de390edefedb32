"""The cause of each step: the sample clock, a queue on the link, or the sender's wall clock.

Three things can step. Arrivals and anchors show each in another way:

===========================  ========  =======
step of                      arrivals  anchors
===========================  ========  =======
the sample clock             yes       yes
a queue on the link          yes       no
the sender's wall clock      no        yes
===========================  ========  =======

Anchors are few and noisy, so no single anchor decides. A beam search keeps the cheapest stories
that explain all anchors so far (`_Story`), as a Viterbi decoder does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import msgspec

SIGMA_S = 0.01  # s; noise of an anchor
_OUTLIER_COST = 4.0  # the most that one anchor costs: some are wrong by tens of milliseconds
_WALL_STEP_S = 0.1  # s; a smaller step is followed as drift: sound and picture move alike
_WALL_STEP_COST = 14.0  # more than three outliers in a row
_GAIN, _MAX_CORRECTION_S = 0.25, 0.02  # share of an anchor's error to follow; s at the most
_STORIES = 16  # kept at a time
_SAME_S, _SAME_QUEUE_S = 0.006, 0.1  # s; stories that expect the same go on as one
_FULL_CHOICE = 4  # steps between two anchors that are tried in all ways
# Costs of a step. A rise that is followed by a fall was a queue, unless anchors object.
_STALL_COST = 1.0
_QUEUE_END_COST = 1.0
_QUEUE_COST, _MAX_QUEUE_COST = 1.0, 4.0
_AHEAD_COST, _MAX_AHEAD_COST = 2.0, 6.0
_QUEUE_ERROR = 0.2  # share of a queue's end whose beginning may not have been seen
# A step of the clock at the end or the beginning of a queue is one step of the arrivals.
_HIDDEN_END_COST, _HIDDEN_BEGIN_COST = 3.0, 16.0
_COST_PER_S = 2.0  # a longer queue or a longer jump ahead is less likely


class Reading(msgspec.Struct, frozen=True, gc=False):
    """An anchor: `value` is its offset without drift, `steps` how many steps came before it."""

    steps: int
    value: float


class Verdict(msgspec.Struct, frozen=True):
    """The anchors' decision.

    Attributes:
        clock: for each step of the arrivals, the seconds of it that the sample clock made.
        wall: (index of an anchor, seconds): the sender's wall clock stepped before that anchor.
    """

    clock: list[float]
    wall: list[tuple[int, float]]


class _Story(msgspec.Struct, frozen=True, gc=False):
    cost: float
    expected: float  # the next anchor's value
    queue: float  # s that the link holds back
    chosen: _Choice | None


class _Choice(msgspec.Struct, frozen=True, gc=False):
    """One decision, linked to those before it."""

    before: _Choice | None
    first_step: int
    of_clock: tuple[bool, ...]
    anchor: int = -1
    wall: float = 0.0
    rest: float = 0.0  # s of `first_step` that the clock made beyond `of_clock`


def judge(sizes: Sequence[float], readings: Sequence[Reading]) -> Verdict:
    """Explain all anchors at the least cost.

    Args:
        sizes: the steps that arrivals show, in seconds and in order.
        readings: the anchors, in order.
    """
    stories = [_Story(0.0, 0.0, 0.0, None)]
    decided = 0
    for number, reading in enumerate(readings):
        stepped = reading.steps > decided
        if stepped:
            stories = _decide(stories, decided, sizes[decided : reading.steps])
            decided = reading.steps
        elif reading.steps < decided:
            continue  # that time is settled already
        if number == 0:
            stories = [
                _Story(story.cost, reading.value, story.queue, story.chosen)
                for story in _cheapest(stories, _STORIES)
            ][:1]
            continue
        stories = _cheapest(
            (after for story in stories for after in _read(story, number, reading, stepped)),
            _STORIES,
        )
    stories = _decide(stories, decided, sizes[decided:])
    return _verdict(min(stories, key=_cost), sizes)


def _cost(story: _Story) -> float:
    return story.cost


def _read(story: _Story, number: int, reading: Reading, stepped: bool) -> Iterator[_Story]:
    value = reading.value
    error = value - story.expected
    cost = story.cost + min((error / SIGMA_S) ** 2 / 2, _OUTLIER_COST)
    correction = _GAIN * max(-_MAX_CORRECTION_S, min(_MAX_CORRECTION_S, error))
    yield _Story(cost, story.expected + correction, story.queue, story.chosen)
    if abs(error) > _WALL_STEP_S:
        choice = _Choice(story.chosen, 0, (), number, error)
        yield _Story(story.cost + _WALL_STEP_COST, value, story.queue, choice)
        if stepped and story.queue - error > -_QUEUE_ERROR * abs(error):
            hidden = _HIDDEN_END_COST if error > 0 else _HIDDEN_BEGIN_COST
            choice = _Choice(story.chosen, reading.steps - 1, (), rest=error)
            yield _Story(story.cost + hidden, value, max(0.0, story.queue - error), choice)


def _decide(stories: list[_Story], first: int, sizes: Sequence[float]) -> list[_Story]:
    if not sizes:
        return stories
    ways = list(_ways(sizes))
    return _cheapest(
        (_tell(story, first, way, sizes) for story in stories for way in ways),
        _STORIES * 4,  # the anchor to come chooses among them
    )


def _ways(sizes: Sequence[float]) -> Iterator[tuple[bool, ...]]:
    """List the choices of the clock's steps: all, or the likely ones of many steps."""
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


def _tell(story: _Story, first: int, way: tuple[bool, ...], sizes: Sequence[float]) -> _Story:
    """Continue a story in which some steps were the clock's and the others a queue's."""
    cost, expected, queue = story.cost, story.expected, story.queue
    for of_clock, size in zip(way, sizes, strict=True):
        more = _COST_PER_S * abs(size)
        ahead = min(_AHEAD_COST + more, _MAX_AHEAD_COST)
        if of_clock:
            expected += size
            cost += _STALL_COST if size > 0 else ahead
        elif size > 0:
            queue += size
            cost += min(_QUEUE_COST + more, _MAX_QUEUE_COST)
        else:  # only packets that wait can come sooner
            cost += _QUEUE_END_COST if queue + size > size * _QUEUE_ERROR else ahead + 1.0
            queue = max(0.0, queue + size)
    return _Story(cost, expected, queue, _Choice(story.chosen, first, way))


def _cheapest(stories: Iterator[_Story] | list[_Story], limit: int) -> list[_Story]:
    kept: dict[tuple[int, int], _Story] = {}
    for story in sorted(stories, key=_cost):
        place = round(story.expected / _SAME_S), round(story.queue / _SAME_QUEUE_S)
        if place not in kept:
            kept[place] = story
            if len(kept) >= limit:
                break
    return list(kept.values())


def _verdict(story: _Story, sizes: Sequence[float]) -> Verdict:
    clock = list(sizes)
    wall: list[tuple[int, float]] = []
    choices = []
    choice = story.chosen
    while choice is not None:
        choices.append(choice)
        choice = choice.before
    for choice in reversed(choices):
        for step, of_clock in enumerate(choice.of_clock, choice.first_step):
            clock[step] = sizes[step] if of_clock else 0.0
        if choice.rest:
            clock[choice.first_step] += choice.rest
        if choice.anchor >= 0:
            wall.append((choice.anchor, choice.wall))
    return Verdict(clock, wall)
