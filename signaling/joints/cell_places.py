"""Where lessons are, and where they are put: what forwarding and the classroom ask of the cells."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import structlog

from signaling.base.errors import CellAway
from signaling.cells.api import Health, Node, NodeRole, NoPlace
from signaling.cells.desk import CellsDesk
from signaling.forwarding.places import CellAddress, NoCell
from signaling.lessons.records import LessonRecord

log = structlog.get_logger(__name__)

MOST_ASKED = 3  # cells for one lesson; a page asks again by itself
ORPHANS_AT_ONCE = 100  # of one look; a cell has room for some tens

# Asks a cell to take a lesson; tells whether it has it now. Raises CellAway.
AskToTake = Callable[[CellAddress, str], Awaitable[bool]]


class CellPlaces:
    """Implements `LessonPlaces` of forwarding over leases and presence."""

    def __init__(self, desk: CellsDesk, ask_to_take: AskToTake) -> None:
        self._desk = desk
        self._ask_to_take = ask_to_take

    async def cell_of(self, lesson_id: str) -> CellAddress | None:
        """See `LessonPlaces`."""
        held = await self._desk.places.cell_of(lesson_id)
        return None if held is None else CellAddress.at(held.cell_id, held.address)

    def forget(self, lesson_id: str) -> None:
        """See `LessonPlaces`."""
        self._desk.places.forget(lesson_id)

    async def place(self, lesson_id: str, expected: int) -> CellAddress:
        """See `LessonPlaces`. The chosen cell is asked to take the lesson, or else another.

        A cell that has begun to drain, or has just died, may look well for a beat. Of several
        processes that place a lesson at once, one succeeds, and all find its cell.
        """
        asked: set[str] = set()
        while len(asked) < MOST_ASKED:
            node = self._desk.choose(lesson_id, expected, without=asked)
            if isinstance(node, NoPlace):
                if not asked:
                    raise NoCell(node)
                break
            asked.add(node.node_id)
            cell = CellAddress.at(node.node_id, node.address)
            if await self._took(cell, lesson_id):
                log.info("lesson_placed", lesson_id=lesson_id, cell=cell.cell_id)
                return cell
            if (found := await self.cell_of(lesson_id)) is not None:
                return found
        raise NoCell(f"{', '.join(sorted(asked))} cannot take the lesson now")

    async def _took(self, cell: CellAddress, lesson_id: str) -> bool:
        """Ask a cell to take a lesson; tell whether it has said that it has it now."""
        try:
            return await self._ask_to_take(cell, lesson_id)
        except CellAway:
            return False
        finally:
            self.forget(lesson_id)

    async def cells(self) -> Sequence[CellAddress]:
        """See `LessonPlaces`; those that are gone are not among them."""
        return tuple(
            CellAddress.at(seen.node.node_id, seen.node.address)
            for seen in self._desk.nodes
            if seen.node.role is NodeRole.CELL and seen.health is not Health.GONE
        )


class OtherCells:
    """Implements `Others` of the classroom: the cells to which this one hands its lessons."""

    def __init__(self, desk: CellsDesk, places: CellPlaces) -> None:
        self._desk = desk
        self._places = places

    def have_room(self, record: LessonRecord) -> bool:
        """See `Others`. While Redis is away nobody can claim, so nobody takes a lesson."""
        if not self._desk.state.reachable:
            return False
        chosen = self._desk.choose(record.lesson_id, _size(record))
        return isinstance(chosen, Node) and chosen.node_id != self._desk.node_id

    async def take(self, record: LessonRecord) -> None:
        """See `Others`."""
        try:
            cell = await self._places.place(record.lesson_id, _size(record))
        except NoCell as error:
            raise CellAway(str(error)) from None
        if cell.cell_id == self._desk.node_id:
            raise CellAway("the lesson is here")


class CellShares:
    """Implements `Shares` of the classroom: each orphan goes where placement puts it.

    A lesson that this cell had in a former life is its own again. To the others its holder is
    alive, so none of them would take it.
    """

    def __init__(self, desk: CellsDesk) -> None:
        self._desk = desk

    async def orphans(self, lesson_ids: Sequence[str]) -> Sequence[str]:
        """See `Shares`. While Redis is away nobody can claim, so there is nothing to take up."""
        return tuple(await self._orphans(lesson_ids))

    async def mine(self, lessons: Sequence[LessonRecord]) -> Sequence[str]:
        """See `Shares`."""
        own = self._desk.node_id
        former = await self._orphans([one.lesson_id for one in lessons])
        orphans = sorted(
            (one for one in lessons if one.lesson_id in former), key=lambda one: one.lesson_id
        )
        mine = []
        for one in orphans[:ORPHANS_AT_ONCE]:
            if former[one.lesson_id] == own:
                mine.append(one.lesson_id)
                continue
            chosen = self._desk.choose(one.lesson_id, _size(one))
            if isinstance(chosen, Node) and chosen.node_id == own:
                mine.append(one.lesson_id)
        return mine

    async def _orphans(self, lesson_ids: Sequence[str]) -> dict[str, str | None]:
        """Return those that no other living cell has, with the cell that had them last."""
        if not lesson_ids or not self._desk.state.reachable:
            return {}
        there = {one.node.node_id for one in self._desk.nodes if one.health is not Health.GONE}
        others = there - {self._desk.node_id}
        holders = await self._desk.holders.holders(lesson_ids)
        return {one: holders.get(one) for one in lesson_ids if holders.get(one) not in others}


def _size(record: LessonRecord) -> int:
    """The participants that a lesson will have."""
    return len(record.receive_rooms) + 1
