"""Placement: the cell on which a lesson is to begin."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from signaling.cells.core.nodes import Health, Node, NodeRole, SeenNode
from signaling.cells.core.times import CellTimes

MAX_EXPECTED = 10_000  # participants of one lesson; bounds what a mistaken caller can reserve


class NoPlace(StrEnum):
    """Why no cell can take a lesson."""

    NO_CELLS = "no_cells"  # none is alive, or all are draining
    FULL = "full"  # no cell has room for so many participants


@dataclass(frozen=True, slots=True)
class _Promise:
    node_id: str
    expected: int
    until: float


class Placer:
    """Places lessons by load, and remembers what it has promised.

    A cell's load comes with its next beat. Until then the placer counts its own promises, so that
    lessons of the same minute do not all go to the cell that was emptiest before.
    """

    def __init__(self, times: CellTimes) -> None:
        self._promised_s = times.noticed_s
        self._promises: dict[str, _Promise] = {}

    def place(
        self, lesson_id: str, expected: int, nodes: Iterable[SeenNode], now: float
    ) -> Node | NoPlace:
        """Choose the cell that is the least full afterwards; the same lesson keeps its cell.

        Args:
            lesson_id: the lesson.
            expected: participants that it will have.
            nodes: the nodes as they were read last.
            now: the steady clock.
        """
        if not 0 < expected <= MAX_EXPECTED:
            raise ValueError(f"a lesson of {expected} participants")
        self._forget(now)
        ready = [one.node for one in nodes if _takes_lessons(one)]
        if not ready:
            return NoPlace.NO_CELLS
        former = self._promises.pop(lesson_id, None)
        roomy = [node for node in ready if self._load(node) + expected <= node.capacity]
        if not roomy:
            return NoPlace.FULL
        kept = [node for node in roomy if former is not None and node.node_id == former.node_id]
        chosen = min(kept or roomy, key=lambda node: self._rank(node, expected))
        self._promises[lesson_id] = _Promise(chosen.node_id, expected, now + self._promised_s)
        return chosen

    def _rank(self, node: Node, expected: int) -> tuple[float, str]:
        return (self._load(node) + expected) / node.capacity, node.node_id

    def _load(self, node: Node) -> int:
        promised = (one for one in self._promises.values() if one.node_id == node.node_id)
        return node.load + sum(one.expected for one in promised)

    def _forget(self, now: float) -> None:
        for lesson_id, promise in tuple(self._promises.items()):
            if now >= promise.until:
                del self._promises[lesson_id]


def _takes_lessons(seen: SeenNode) -> bool:
    node = seen.node
    return node.role is NodeRole.CELL and seen.health is Health.ALIVE and not node.draining
