"""A proposal: where each weekly lesson is to stand, and why some stand nowhere."""

from __future__ import annotations

import msgspec

from signaling.timetable.proposals.core.named_rules import NamedRule
from signaling.timetable.proposals.core.problem import Position

MAX_RULES = 5  # that one conflict or one unplaced lesson names


class Placed(msgspec.Struct, frozen=True):
    """A weekly lesson with its place. `moved`: it stood elsewhere, or with somebody else."""

    need_id: str
    number: int
    position: Position
    moved: bool


class Blocking(msgspec.Struct, frozen=True):
    """A rule that keeps a lesson from some of its places."""

    rule: NamedRule
    places: int


class Unplaced(msgspec.Struct, frozen=True):
    """A weekly lesson without a place, and the rules that block most of its places."""

    need_id: str
    number: int
    places: int
    blocked_by: tuple[Blocking, ...]


class Conflict(msgspec.Struct, frozen=True):
    """Named rules that cannot be kept together with these needs; without any one of them they can.

    Where `proved` is false the time was too short: the rules are those that blocked most.
    """

    rules: tuple[NamedRule, ...]
    need_ids: tuple[str, ...]
    proved: bool


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """The best that was found.

    Attributes:
        placed: lessons with their places.
        unplaced: lessons for which there was none.
        conflicts: named rules that contradict each other; empty where all is placed.
        optimal: whether nothing better exists.
        moves: units of moves against the present timetable (see `Weights`).
        cost: what the wishes cost that were not heard.
    """

    placed: tuple[Placed, ...]
    unplaced: tuple[Unplaced, ...]
    conflicts: tuple[Conflict, ...]
    optimal: bool
    moves: int
    cost: int
