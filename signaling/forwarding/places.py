"""Where lessons live: the seam to what knows the cells, and a fixed table of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from signaling.forwarding.core.choice import chosen


@dataclass(frozen=True, slots=True)
class CellAddress:
    """A cell, and how to reach its door.

    Attributes:
        cell_id: is signed with each request, so that no other process can answer in its place.
        unix_path: of its Unix socket; None where it is reached over HTTP.
        base_url: such as ``http://10.0.0.7:7801``; None for a Unix socket.
    """

    cell_id: str
    unix_path: Path | None = None
    base_url: str | None = None

    @classmethod
    def at(cls, cell_id: str, address: str) -> CellAddress:
        """Return the address that a text names: ``unix:///run/cell.sock`` or ``http://host:port``.

        Raises:
            ValueError: it is neither.
        """
        scheme, _, rest = address.partition("://")
        if scheme == "unix" and rest.startswith("/"):
            return cls(cell_id, unix_path=Path(rest))
        if scheme in {"http", "https"} and rest:
            return cls(cell_id, base_url=address)
        raise ValueError(f"{address}: neither unix:// nor http://")

    @property
    def base(self) -> str:
        """The beginning of each URL. Over a Unix socket the host in it means nothing."""
        return "http://localhost" if self.base_url is None else self.base_url.rstrip("/")


class NoCell(Exception):
    """No cell can take the lesson now."""


class LessonPlaces(Protocol):
    """Knows which cell has which lesson."""

    async def cell_of(self, lesson_id: str) -> CellAddress | None:
        """Return the cell that has a lesson; None if none has."""

    def forget(self, lesson_id: str) -> None:
        """Ask anew next time: the cell that was named does not have the lesson."""

    async def place(self, lesson_id: str, expected: int) -> CellAddress:
        """Give a lesson to a cell, if none has it, and return the cell that has it.

        Args:
            lesson_id: of a lesson that is open.
            expected: the number of rooms that take part.

        Raises:
            NoCell: none has room for it, or nobody can tell.
        """

    async def cells(self) -> Sequence[CellAddress]:
        """Return all cells that are there."""


class HeldLessons(Protocol):
    """Knows in a cell which lessons are its own."""

    async def holds(self, lesson_id: str) -> bool:
        """Tell whether this cell may answer for a lesson."""


@dataclass(frozen=True, slots=True)
class LessonSize:
    """An open lesson as far as placing concerns it: its rooms, and whether it is live."""

    rooms: int
    is_live: bool


class OpenLessons(Protocol):
    """The open lessons of the database."""

    async def size(self, lesson_id: str) -> LessonSize | None:
        """Return the size of a lesson; None if there is none, or it is over."""


class StaticPlaces:
    """A fixed table of cells. Each web process with the same table finds the same cell."""

    def __init__(self, cells: Sequence[CellAddress]) -> None:
        self._cells = {cell.cell_id: cell for cell in cells}

    async def cell_of(self, lesson_id: str) -> CellAddress | None:
        """See `LessonPlaces`; None only if the table is empty."""
        cell_id = chosen(lesson_id, tuple(self._cells))
        return None if cell_id is None else self._cells[cell_id]

    def forget(self, lesson_id: str) -> None:
        """See `LessonPlaces`; a table does not change."""

    async def place(self, lesson_id: str, expected: int) -> CellAddress:
        """See `LessonPlaces`. Cells of a fixed table take what comes, of any size."""
        del expected
        cell = await self.cell_of(lesson_id)
        if cell is None:
            raise NoCell("the table of cells is empty")
        return cell

    async def cells(self) -> Sequence[CellAddress]:
        """See `LessonPlaces`; of a fixed table some may be down."""
        return tuple(self._cells.values())


class StaticShare:
    """The part of the lessons that one cell of a fixed table holds."""

    def __init__(self, cell_id: str, places: StaticPlaces) -> None:
        self._cell_id = cell_id
        self._places = places

    async def holds(self, lesson_id: str) -> bool:
        """See `HeldLessons`."""
        cell = await self._places.cell_of(lesson_id)
        return cell is not None and cell.cell_id == self._cell_id
