"""Fences over several lessons, and losses that are told once."""

from typing import cast

from sqlalchemy.ext.asyncio import AsyncSession

from signaling.base.fences import MAX_TOLD, NO_FENCES, LeaseLost, ToldLosses, lost_among

SESSION = cast("AsyncSession", object())


class _Fences:
    """Refuses lessons whose names begin with x."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def check(self, _session: AsyncSession, lesson_id: str) -> None:
        self.asked.append(lesson_id)
        if lesson_id.startswith("x"):
            raise LeaseLost(lesson_id)


async def test_of_several_lessons_the_lost_ones_are_named_and_each_is_asked_once() -> None:
    fences = _Fences()
    assert await lost_among(fences, SESSION, ["b", "x2", "a", "x1", "b"]) == {"x1", "x2"}
    assert fences.asked == ["a", "b", "x1", "x2"]  # always in one order: two writers cannot cross


async def test_a_process_without_fences_has_all_lessons() -> None:
    assert not await lost_among(NO_FENCES, SESSION, ["a", "x"])


def test_a_loss_is_told_once_until_the_lesson_is_written_again() -> None:
    losses = ToldLosses()
    assert [losses.tell("a"), losses.tell("a"), losses.tell("b")] == [True, False, True]
    losses.wrote("a")
    assert [losses.tell("a"), losses.tell("b")] == [True, False]


def test_only_so_many_losses_are_remembered() -> None:
    losses = ToldLosses()
    assert all(losses.tell(str(number)) for number in range(MAX_TOLD + 1))
    assert losses.tell("0") and not losses.tell(str(MAX_TOLD))
