"""Lessons are placed among the cells that are there, and orphans are shared among them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import cast

import pytest

from signaling.base.errors import CellAway
from signaling.cells.api import CellAddress as HeldAt
from signaling.cells.api import CellsState, Health, Node, NodeRole, NoPlace, SeenNode
from signaling.cells.core.placement import Placer
from signaling.cells.core.times import CellTimes
from signaling.cells.desk import CellsDesk
from signaling.forwarding.places import CellAddress, NoCell
from signaling.joints.cell_places import ORPHANS_AT_ONCE, CellPlaces, CellShares, OtherCells
from signaling.lessons.records import LessonRecord


@dataclass
class FakeBook:
    """The cell of each lesson, as the database has it."""

    held: dict[str, str] = field(default_factory=dict)
    forgotten: list[str] = field(default_factory=list)

    async def holders(self, lesson_ids: Sequence[str]) -> Mapping[str, str]:
        return {one: self.held[one] for one in lesson_ids if one in self.held}

    async def cell_of(self, lesson_id: str) -> HeldAt | None:
        cell_id = self.held.get(lesson_id)
        return None if cell_id is None else HeldAt(cell_id, f"unix:///run/{cell_id}.sock", 1)

    def forget(self, lesson_id: str) -> None:
        self.forgotten.append(lesson_id)


@dataclass
class FakeDesk:
    """The cells as one process sees them; the placer is the real one."""

    node_id: str
    nodes: Sequence[SeenNode]
    book: FakeBook = field(default_factory=FakeBook)
    reachable: bool = True

    def __post_init__(self) -> None:
        self._placer = Placer(CellTimes())

    @property
    def state(self) -> CellsState:
        return CellsState(self.node_id, self.reachable, False, 0, 0)

    @property
    def holders(self) -> FakeBook:
        return self.book

    @property
    def places(self) -> FakeBook:
        return self.book

    def choose(
        self, lesson_id: str, expected: int, without: Collection[str] = ()
    ) -> Node | NoPlace:
        nodes = [one for one in self.nodes if one.node.node_id not in without]
        return self._placer.place(lesson_id, expected, nodes, 0.0)


def _cell(name: str, health: Health = Health.ALIVE, **more: int) -> SeenNode:
    node = Node(name, NodeRole.CELL, f"unix:///run/{name}.sock", **({"capacity": 60} | more))
    return SeenNode(node, health)


def _web(name: str) -> SeenNode:
    return SeenNode(Node(name, NodeRole.WEB, ""), Health.ALIVE)


def _records(*lesson_ids: str, rooms: int = 2) -> list[LessonRecord]:
    """Records as far as placement looks at them."""
    receive_rooms = tuple(range(rooms))
    return [
        cast("LessonRecord", SimpleNamespace(lesson_id=one, receive_rooms=receive_rooms))
        for one in lesson_ids
    ]


async def _mine(desk: FakeDesk, lessons: Sequence[LessonRecord]) -> list[str]:
    return list(await CellShares(cast("CellsDesk", desk)).mine(lessons))


LESSONS = tuple(f"lesson-{number}" for number in range(8))


async def test_each_orphan_is_the_share_of_one_cell() -> None:
    nodes = (_cell("a"), _cell("b"), _cell("c", Health.GONE), _web("w"))
    book = FakeBook(dict.fromkeys(LESSONS, "c"))
    a = await _mine(FakeDesk("a", nodes, book), _records(*LESSONS))
    b = await _mine(FakeDesk("b", nodes, book), _records(*reversed(LESSONS)))
    assert sorted((*a, *b)) == sorted(LESSONS)
    assert len(a) == len(b)


async def test_lessons_without_a_cell_are_shared_too() -> None:
    nodes = (_cell("a"), _cell("b"))
    shares = [await _mine(FakeDesk(own, nodes), _records(*LESSONS)) for own in ("a", "b")]
    assert sorted((*shares[0], *shares[1])) == sorted(LESSONS)


@pytest.mark.parametrize("health", [Health.ALIVE, Health.SUSPECT])
async def test_a_lesson_of_a_living_cell_is_no_orphan(health: Health) -> None:
    desk = FakeDesk("a", (_cell("a"), _cell("b", health)), FakeBook({"x": "b"}))
    assert await _mine(desk, _records("x")) == []


async def test_a_cell_that_starts_again_has_its_former_lessons_back_at_once() -> None:
    """All were killed: to the others its holder is alive, so nobody else takes them."""
    nodes = (_cell("a"), _cell("b", load=50))
    book = FakeBook(dict.fromkeys(LESSONS, "b"))
    assert await _mine(FakeDesk("a", nodes, book), _records(*LESSONS)) == []
    assert await _mine(FakeDesk("b", nodes, book), _records(*LESSONS)) == list(LESSONS)


async def test_nobody_takes_what_no_cell_has_room_for() -> None:
    desk = FakeDesk("a", (_cell("a", capacity=4),))
    assert await _mine(desk, _records("x", rooms=4)) == []


async def test_nothing_is_taken_up_while_redis_is_away() -> None:
    desk = FakeDesk("a", (_cell("a"),), reachable=False)
    assert await _mine(desk, _records("x")) == []


async def test_one_look_has_a_bound() -> None:
    desk = FakeDesk("a", (_cell("a", capacity=10_000),))
    many = [f"lesson-{number:04}" for number in range(ORPHANS_AT_ONCE + 1)]
    assert await _mine(desk, _records(*many)) == many[:ORPHANS_AT_ONCE]


class FakeDoors:
    """Doors of cells that are asked to take a lesson."""

    def __init__(self, *answers: bool | CellAway) -> None:
        """`answers` come one after the other; the last one stays."""
        self.asked: list[tuple[str, str]] = []
        self._answers = list(answers)

    async def take(self, cell: CellAddress, lesson_id: str) -> bool:
        self.asked.append((cell.cell_id, lesson_id))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, CellAway):
            raise answer
        return answer


def _places(desk: FakeDesk, doors: FakeDoors) -> CellPlaces:
    return CellPlaces(cast("CellsDesk", desk), doors.take)


async def test_a_lesson_is_placed_by_asking_the_chosen_cell() -> None:
    desk, doors = FakeDesk("w", (_cell("a", load=9), _cell("b"))), FakeDoors(True)
    cell = await _places(desk, doors).place("x", 3)
    assert (cell.cell_id, doors.asked) == ("b", [("b", "x")])
    assert desk.book.forgotten == ["x"]


@pytest.mark.parametrize("answer", [False, CellAway("gone")])
async def test_another_cell_is_asked_where_the_chosen_one_cannot(answer: bool | CellAway) -> None:
    """It drains, or has just died; its last beat says nothing of that."""
    desk, doors = FakeDesk("w", (_cell("a", load=9), _cell("b"))), FakeDoors(answer, True)
    cell = await _places(desk, doors).place("x", 3)
    assert (cell.cell_id, doors.asked) == ("a", [("b", "x"), ("a", "x")])


async def test_who_was_slower_finds_the_cell_of_the_faster_one() -> None:
    desk = FakeDesk("w", (_cell("a"), _cell("b")), FakeBook({"x": "b"}))
    cell = await _places(desk, FakeDoors(False)).place("x", 3)
    assert cell.cell_id == "b"


@pytest.mark.parametrize("answer", [False, CellAway("gone")])
async def test_a_lesson_that_nobody_takes_has_no_cell(answer: bool | CellAway) -> None:
    desk = FakeDesk("w", (_cell("a"),))
    with pytest.raises(NoCell):
        await _places(desk, FakeDoors(answer)).place("x", 3)
    assert desk.book.forgotten == ["x"]


async def test_nobody_is_asked_where_no_cell_is_alive() -> None:
    desk, doors = FakeDesk("w", (_web("w"), _cell("a", Health.GONE))), FakeDoors(True)
    with pytest.raises(NoCell, match=NoPlace.NO_CELLS):
        await _places(desk, doors).place("x", 3)
    assert doors.asked == []


async def test_the_cells_are_those_that_are_not_gone() -> None:
    nodes = (_cell("a"), _cell("b", Health.SUSPECT), _cell("c", Health.GONE), _web("w"))
    found = await _places(FakeDesk("w", nodes), FakeDoors(True)).cells()
    assert [one.cell_id for one in found] == ["a", "b"]


async def test_a_lesson_is_not_handed_to_the_cell_that_gives_it_away() -> None:
    desk = FakeDesk("a", (_cell("a"),))
    others = OtherCells(cast("CellsDesk", desk), _places(desk, FakeDoors(True)))
    assert not others.have_room(_records("x")[0])
    with pytest.raises(CellAway):
        await others.take(_records("x")[0])
