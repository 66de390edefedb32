"""Nodes: what they tell of themselves, and how long after their last beat they count as alive."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from signaling.cells.core.times import CellTimes

_GONE_KEPT_S = 600.0  # a gone node stays in the book for so long, so that pages can name it
MAX_NODES = 1000  # in the book; more than any installation has


class NodeRole(StrEnum):
    """What a process does."""

    CELL = "cell"  # holds lessons
    WEB = "web"  # answers pages, and forwards to cells
    WORKER = "worker"  # carries out jobs


class Health(StrEnum):
    """How sure others are that a node runs."""

    ALIVE = "alive"
    SUSPECT = "suspect"  # some beats are missing: it gets nothing new
    GONE = "gone"  # its TTL has run out, or it has left


class Node(msgspec.Struct, frozen=True):
    """What a node tells of itself with each beat. Capacity and load count participants."""

    node_id: str
    role: NodeRole
    address: str  # at which the other processes reach it
    capacity: int = 0
    load: int = 0
    draining: bool = False
    lessons: int = 0  # that are live here
    sure: int = 0  # leases
    doubtful: int = 0  # leases that go on by the word of the database alone
    pipe_host: str | None = None  # where it takes media of other cells' lessons
    carried: int = 0  # viewers of other cells' lessons; the load counts them, too
    carried_lessons: int = 0
    regions: tuple[str, ...] = ()  # paths of the org tree whose viewers it carries


@dataclass(frozen=True, slots=True)
class Sighting:
    """A node as Redis tells of it."""

    node: Node
    age_s: float  # of its last beat


@dataclass(frozen=True, slots=True)
class SeenNode:
    """A node, and how it was at the last reading."""

    node: Node
    health: Health


@dataclass(frozen=True, slots=True)
class HealthChange:
    """A node came, became suspect, went, or came back."""

    node_id: str
    before: Health | None  # None: a new one
    after: Health


@dataclass(slots=True)
class _Entry:
    node: Node
    health: Health
    gone_at: float | None = None


class NodeBook:
    """What one process knows of all nodes.

    Health changes by readings only. Who cannot ask Redis declares nobody dead, and goes on with
    what it knew.
    """

    def __init__(self, times: CellTimes) -> None:
        self._times = times
        self._entries: dict[str, _Entry] = {}

    def read(
        self, sightings: Iterable[Sighting], now: float, *, settling: bool = False
    ) -> tuple[HealthChange, ...]:
        """Take a whole reading; return what has changed.

        Args:
            sightings: every node that Redis knows.
            now: the steady clock.
            settling: Redis has lost its memory a moment ago, so a missing node may yet beat.
        """
        changes: list[HealthChange] = []
        seen = {one.node.node_id: one for one in sightings}
        for node_id, sighting in seen.items():
            self._note(node_id, sighting.node, self._health_at(sighting.age_s), now, changes)
        missing = Health.SUSPECT if settling else Health.GONE
        for node_id, entry in self._entries.items():
            if node_id not in seen and entry.health is not Health.GONE:
                self._note(node_id, entry.node, missing, now, changes)
        self._forget(now)
        return tuple(changes)

    @property
    def nodes(self) -> tuple[SeenNode, ...]:
        """All nodes in order of their ids, those gone lately included."""
        return tuple(
            SeenNode(entry.node, entry.health) for _, entry in sorted(self._entries.items())
        )

    def address_of(self, node_id: str) -> str | None:
        """The last known address of a node; None if it is gone or was never seen."""
        entry = self._entries.get(node_id)
        return None if entry is None or entry.health is Health.GONE else entry.node.address

    def _health_at(self, age_s: float) -> Health:
        if age_s >= self._times.ttl_s:
            return Health.GONE
        return Health.SUSPECT if age_s >= self._times.suspect_s else Health.ALIVE

    def _note(
        self, node_id: str, node: Node, health: Health, now: float, changes: list[HealthChange]
    ) -> None:
        before = self._entries.get(node_id)
        if before is None and (health is Health.GONE or len(self._entries) >= MAX_NODES):
            return
        if before is None or before.health is not health:
            changes.append(HealthChange(node_id, None if before is None else before.health, health))
            gone_at = now if health is Health.GONE else None
        else:
            gone_at = before.gone_at
        self._entries[node_id] = _Entry(node, health, gone_at)

    def _forget(self, now: float) -> None:
        for node_id, entry in tuple(self._entries.items()):
            if entry.gone_at is not None and now - entry.gone_at >= _GONE_KEPT_S:
                del self._entries[node_id]
