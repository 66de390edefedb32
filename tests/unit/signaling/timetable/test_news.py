"""Waiting for changes: who is woken, what is remembered, and the bounds."""

import asyncio

import pytest

from signaling.access.roles import Actor, Role, held_in
from signaling.base.errors import Busy
from signaling.timetable import news
from signaling.timetable.events import TimetableChanged
from signaling.timetable.news import ChangeBoard

COUNTY = "/cn/c1/"
TEACHER = Actor("wang", "王", frozenset({Role.LEAD_TEACHER}), "town", county=COUNTY)
COLLEAGUE = Actor("li", "李", frozenset({Role.LEAD_TEACHER}), "town", county=COUNTY)
ASSISTANT = Actor("zhu", "朱", frozenset({Role.ASSISTANT}), "hills", county=COUNTY)
ROOM = Actor("r1", "教室", frozenset({Role.RECEIVE_ROOM}), "hills", "r1", county=COUNTY)
OTHER_ROOM = Actor("r2", "教室", frozenset({Role.RECEIVE_ROOM}), "hills", "r2", county=COUNTY)


def admin(path: str) -> Actor:
    return Actor(
        "admin", "管", frozenset({Role.COUNTY_ADMIN}), grants=held_in(path, [Role.COUNTY_ADMIN])
    )


def change(lesson: str = "l1") -> TimetableChanged:
    return TimetableChanged(
        "c1", frozenset({lesson}), frozenset({"wang"}), frozenset({"r1"}), frozenset({"hills"})
    )


@pytest.mark.parametrize(
    ("actor", "concerned"),
    [
        (TEACHER, True),
        (COLLEAGUE, False),
        (ASSISTANT, True),
        (ROOM, True),
        (OTHER_ROOM, False),
        (admin(COUNTY), True),
        (admin("/cn/"), True),
        (admin("/cn/c1/hills/"), True),
        (admin("/cn/c1/town/"), False),
        (admin("/cn/c2/"), False),
    ],
)
async def test_a_change_is_told_to_those_whom_it_concerns(actor: Actor, concerned: bool) -> None:
    board = ChangeBoard(wait_s=0.01)
    since = board.place()
    board.add(change(), COUNTY)
    found = await board.news(actor, since)
    assert (found.changed, found.lesson_ids) == (concerned, ("l1",) if concerned else ())
    assert found.since == board.place()


async def test_a_page_that_waits_is_woken_and_then_forgotten() -> None:
    board = ChangeBoard(wait_s=5)
    waiting = asyncio.create_task(board.news(TEACHER, None))
    await asyncio.sleep(0)
    assert len(board) == 1
    board.add(change(), COUNTY)
    assert (await waiting).lesson_ids == ("l1",)
    assert len(board) == 0


async def test_who_waits_in_vain_or_goes_away_is_forgotten() -> None:
    board = ChangeBoard(wait_s=0.01)
    found = await board.news(TEACHER, None)
    assert (found.changed, found.since, len(board)) == (False, board.place(), 0)
    gone = asyncio.create_task(ChangeBoard.news(board, TEACHER, None))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    assert len(board) == 0


@pytest.mark.parametrize("since", ["another.1", "", "x", "{begun}.-1", "{begun}.x", "{begun}.9²"])
async def test_a_place_of_another_start_means_read_everything(since: str) -> None:
    board = ChangeBoard(wait_s=0.01)
    place = since.replace("{begun}", board.place().partition(".")[0])
    found = await board.news(TEACHER, place or "nothing")
    assert (found.changed, found.lesson_ids) == (True, ())


async def test_a_page_between_two_processes_reads_everything_once_for_each() -> None:
    boards = [ChangeBoard(wait_s=0.01) for _ in range(2)]
    found = await boards[1].news(TEACHER, boards[0].place())
    assert (found.changed, found.lesson_ids) == (True, ())
    for number in range(4):  # to and fro: nothing happened
        found = await boards[number % 2].news(TEACHER, found.since)
        assert not found.changed
    for board in boards:  # by hints, each hears of each change
        board.add(change("l2"), COUNTY)
    for board in boards:
        found = await board.news(TEACHER, found.since)
        assert found.lesson_ids == ("l2",)
    for number in range(4):
        found = await boards[number % 2].news(TEACHER, found.since)
        assert not found.changed


async def test_a_place_names_a_few_processes_only() -> None:
    since = ""
    for _ in range(9):
        since = (await ChangeBoard(wait_s=0.01).news(TEACHER, since or "nothing")).since
    assert since.count(".") == news.MAX_BOARDS
    board = ChangeBoard(wait_s=0.01)
    assert board.place("<b>.1~x~" + since).count(".") == news.MAX_BOARDS
    assert board.place("<b>.1~x") == board.place()


async def test_who_missed_more_than_is_remembered_reads_everything() -> None:
    board = ChangeBoard(wait_s=0.01)
    since = board.place()
    for number in range(news.MAX_REMEMBERED):
        board.add(change(f"l{number % 5}"), COUNTY)
    assert (await board.news(TEACHER, since)).lesson_ids == ("l0", "l1", "l2", "l3", "l4")
    board.add(change(), COUNTY)
    assert (await board.news(TEACHER, since)).lesson_ids == ()


async def test_too_many_pages_do_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(news, "MAX_WAITING", 1)
    board = ChangeBoard(wait_s=5)
    first = asyncio.create_task(board.news(TEACHER, None))
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await board.news(TEACHER, None)
    board.close()
    assert not (await first).changed
    assert not (await board.news(TEACHER, None)).changed  # nobody waits any more
