"""Protocols and value types by which other wings know of cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from signaling.base.fences import LeaseLost
from signaling.cells.core.leasing import Lease, Refusal, Refused, Standing
from signaling.cells.core.nodes import Health, HealthChange, Node, NodeRole, SeenNode
from signaling.cells.core.placement import NoPlace

__all__ = [
    "CellAddress",
    "CellsState",
    "Fence",
    "Health",
    "HealthChange",
    "Holders",
    "Lease",
    "LeaseLost",
    "Leases",
    "LessonPlaces",
    "NoPlace",
    "Node",
    "NodeIdTaken",
    "NodeRole",
    "Presence",
    "Refusal",
    "Refused",
    "SeenNode",
    "Standing",
    "Unreachable",
]


class Unreachable(Exception):
    """Redis did not answer in time, or not with sense."""


class NodeIdTaken(Exception):
    """Another process beats under this node id, or did less than a TTL ago."""


@dataclass(frozen=True, slots=True)
class CellAddress:
    """The cell of a lesson. It refuses requests of another epoch than its own."""

    cell_id: str
    address: str
    epoch: int


@dataclass(frozen=True, slots=True)
class CellsState:
    """How a process stands to the others, for pages and figures.

    Attributes:
        node_id: the own id.
        reachable: Redis has answered last time; if not, nothing new is claimed.
        node_id_taken: another process has this id, so others do not see this one.
        sure: lessons of this cell whose key Redis cannot have forgotten yet.
        doubtful: lessons of this cell that go on by the word of the database alone.
    """

    node_id: str
    reachable: bool
    node_id_taken: bool
    sure: int
    doubtful: int


class Fence(Protocol):
    """Keeps a cell that has lost a lesson from writing of it."""

    @property
    def lesson_id(self) -> str:
        """The lesson."""

    @property
    def epoch(self) -> int:
        """The epoch under which is written. Keys of stored objects bear it, too."""

    async def check(self, session: AsyncSession) -> None:
        """Hold the epoch in force until the end of this writing transaction.

        Raises:
            LeaseLost: another epoch is in force, or the lease was given back.
        """


class Leases(Protocol):
    """The leases of this cell."""

    async def claim(self, lesson_id: str) -> Lease | Refused:
        """Take a lesson. The same cell gets the lease that it has already."""

    async def renew(self) -> None:
        """Ask Redis to keep all leases of this cell."""

    async def confirm(self) -> Sequence[Lease]:
        """Ask the database about leases in doubt; return those that are lost now."""

    async def release(self, lesson_id: str) -> None:
        """Give a lesson back, after the last write."""

    def standing(self, lesson_id: str) -> Standing:
        """What this cell may think of a lesson; lost if it has none."""

    def fence(self, lesson_id: str) -> Fence:
        """The fence for writes of a lesson. Raises LeaseLost if this cell does not have it."""


class Presence(Protocol):
    """The nodes that are there."""

    async def beat(self, node: Node) -> None:
        """Tell the others of this node. Raises Unreachable, NodeIdTaken."""

    async def leave(self) -> None:
        """Tell the others that this node goes. Raises Unreachable."""

    async def nodes(self) -> Sequence[SeenNode]:
        """Read all nodes, those gone lately included. Raises Unreachable."""


class Holders(Protocol):
    """Knows the cell that had a lesson last, by the database."""

    async def holders(self, lesson_ids: Sequence[str]) -> Mapping[str, str]:
        """Return the cells of those lessons that have one; it may be dead."""


class LessonPlaces(Protocol):
    """The cells that have lessons."""

    async def cell_of(self, lesson_id: str) -> CellAddress | None:
        """The cell that has a lesson; None if none has. Answers without Redis, too."""

    def forget(self, lesson_id: str) -> None:
        """Ask anew next time, since the cell that was named does not have the lesson."""
