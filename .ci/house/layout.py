"""Places for boxes on floors and for the arrows between them (Sugiyama's layered drawing)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from house.graph import Edges

BOX_WIDTH = 132  # px
_LANE_WIDTH = 18  # px, for an arrow that passes a floor between two boxes
_GAP = 26  # px between neighbours on a floor
_SWEEPS = 12  # passes over all floors; the order no longer changes after a few


@dataclass
class Cell:
    """One place on a floor: a box, or the lane of an arrow that passes."""

    name: str
    floor: int
    width: int
    x: float = 0.0
    above: list["Cell"] = field(default_factory=list)
    below: list["Cell"] = field(default_factory=list)


@dataclass
class Layout:
    """Places of all boxes and arrows.

    Attributes:
        boxes: each wing's box.
        arrows: for each arrow downwards, the cells that it passes.
        wrong: arrows that the contract forbids: upwards, or to a neighbour.
        width: width of all, px.
    """

    boxes: dict[str, Cell]
    arrows: list[list[Cell]]
    wrong: list[tuple[Cell, Cell]]
    width: float

    def shift(self, x: float) -> None:
        """Move everything to the right."""
        lanes = [cell for path in self.arrows for cell in path[1:-1]]
        for cell in [*self.boxes.values(), *lanes]:
            cell.x += x


def lay_out(floors: list[list[str]], edges: Edges) -> Layout:
    """Place boxes so that arrows are short and cross seldom."""
    rows = [[Cell(name, floor, BOX_WIDTH) for name in names] for floor, names in enumerate(floors)]
    boxes = {cell.name: cell for row in rows for cell in row}
    arrows: list[list[Cell]] = []
    wrong: list[tuple[Cell, Cell]] = []
    for start, end in _pairs(boxes, edges):
        if start.floor < end.floor:
            arrows.append(_lane(start, end, rows))
        else:
            wrong.append((start, end))
    _order(rows)
    _settle(rows)
    return Layout(boxes, arrows, wrong, _frame(rows))


def _pairs(boxes: dict[str, Cell], edges: Edges) -> Iterator[tuple[Cell, Cell]]:
    for name, box in boxes.items():
        yield from ((box, boxes[target]) for target in sorted(edges[name] & set(boxes)))


def _lane(start: Cell, end: Cell, rows: list[list[Cell]]) -> list[Cell]:
    """Link two boxes through a lane on each floor between them."""
    path = [start]
    for floor in range(start.floor + 1, end.floor):
        lane = Cell("", floor, _LANE_WIDTH)
        rows[floor].append(lane)
        path.append(lane)
    path.append(end)
    for upper, lower in pairwise(path):
        upper.below.append(lower)
        lower.above.append(upper)
    return path


def _order(rows: list[list[Cell]]) -> None:
    """Sort each floor by the places of its neighbours, downwards and upwards in turn."""
    for sweep in range(_SWEEPS):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            if sweep:
                row.sort(key=lambda cell: _wish(cell, downwards=sweep % 2 == 0))
            _pack(row)


def _wish(cell: Cell, *, downwards: bool) -> float:
    neighbours = cell.above if downwards else cell.below
    return sum(one.x for one in neighbours) / len(neighbours) if neighbours else cell.x


def _pack(row: list[Cell]) -> None:
    """Place a floor's cells side by side, centred on 0."""
    x = -(sum(cell.width + _GAP for cell in row) - _GAP) / 2
    for cell in row:
        cell.x = x + cell.width / 2
        x += cell.width + _GAP


def _settle(rows: list[list[Cell]]) -> None:
    """Move cells towards their neighbours, without changing the order of a floor."""
    for _ in range(_SWEEPS):
        for row in rows:
            wishes = [_middle(cell) for cell in row]
            for cell, wish in zip(row, wishes, strict=True):
                cell.x = wish
            for left, right in pairwise(row):
                right.x = max(right.x, left.x + (left.width + right.width) / 2 + _GAP)
            # Push back half of what the pass to the right has moved.
            shift = sum(c.x - w for c, w in zip(row, wishes, strict=True)) / max(len(row), 1)
            for cell in row:
                cell.x -= shift


def _middle(cell: Cell) -> float:
    neighbours = [*cell.above, *cell.below]
    return sum(one.x for one in neighbours) / len(neighbours) if neighbours else cell.x


def _frame(rows: list[list[Cell]]) -> float:
    """Shift everything to start at 0; return the width."""
    cells = [cell for row in rows for cell in row]
    left = min(cell.x - cell.width / 2 for cell in cells)
    for cell in cells:
        cell.x -= left
    return max(cell.x + cell.width / 2 for cell in cells)
