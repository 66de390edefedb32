"""Putting recordings away: again and again, one at a time, until the storage has them."""

import asyncio
import errno
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from recorder.api import Entry, RecordingNotFound, RecordingState, StorageFailure, StorageState
from recorder.recordings.storing import Storing
from recorder.storage.api import Storage
from tests.support.waiting import until

ENTRY = Entry(
    recording_id="r1",
    lesson_id="lesson-1",
    lead_teacher_id="person-1",
    title="浮力",
    subject="物理",
    grade="八年级",
    class_kind="dedicated",
    lead_teacher="王老师",
    started_at=datetime(2026, 11, 29, tzinfo=UTC),
    duration_s=60.0,
    state=RecordingState.READY,
    progress=1.0,
    failure=None,
    has_thumbnail=True,
    sealed=True,
)


@dataclass
class ScriptedStorage:
    """The part of a storage that is used: `outcomes` says what each call gives."""

    outcomes: list[float | BaseException | None] = field(default_factory=list)
    here: list[str] = field(default_factory=list)
    calls: list[tuple[str, bool]] = field(default_factory=list)
    tidied: int = 0
    busy: int = 0

    def waiting(self) -> list[str]:
        return self.here

    async def tidy(self) -> None:
        assert not self.busy
        self.tidied += 1

    async def put_away(self, recording_id: str, *, sealed: bool) -> float | None:
        assert not self.busy
        self.busy += 1
        await asyncio.sleep(0)
        self.busy -= 1
        self.calls.append((recording_id, sealed))
        outcome = self.outcomes.pop(0) if self.outcomes else None
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


class World:
    """Entries by id, the storage, and what puts away."""

    def __init__(self) -> None:
        self.entries = {name: replace(ENTRY, recording_id=name) for name in ("r1", "r2", "r3")}
        self.storage = ScriptedStorage()
        self.storing = Storing(
            cast(Storage, self.storage), self.entry, retry_s=0.001, sweep_s=3600.0
        )

    async def entry(self, recording_id: str) -> Entry:
        if recording_id not in self.entries:
            raise RecordingNotFound(recording_id)
        return self.entries[recording_id]

    async def called(self, *calls: Any) -> None:
        await until(lambda: self.storage.calls == list(calls))


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    yield made
    await made.storing.stop()


async def test_a_start_takes_up_what_is_here_after_clearing_away(world: World) -> None:
    world.storage.here = ["r1", "r2"]
    world.storing.start()
    await world.called(("r1", True), ("r2", True))
    assert world.storage.tidied == 1
    assert world.storing.state == StorageState(0, None)


async def test_only_finished_recordings_go_and_sealed_ones_with_their_archive(
    world: World,
) -> None:
    world.entries["r1"] = replace(ENTRY, state=RecordingState.FINISHING)
    world.entries["r2"] = replace(world.entries["r2"], sealed=False)
    world.storing.start()
    for recording_id in ("r1", "none", "r2"):
        world.storing.put(recording_id)
    await world.called(("r2", False))
    assert world.storing.state == StorageState(0, None)


@pytest.mark.parametrize(
    ("number", "failure"),
    [
        (errno.ENOSPC, StorageFailure.FULL),
        (errno.EACCES, StorageFailure.REFUSED),
        (errno.ENODEV, StorageFailure.REFUSED),
        (errno.EBADMSG, StorageFailure.DIFFERENT),
        (errno.ETIMEDOUT, StorageFailure.AWAY),
        (errno.EIO, StorageFailure.AWAY),
    ],
)
async def test_a_failure_is_told_and_tried_again_until_it_is_over(
    world: World, number: int, failure: StorageFailure
) -> None:
    told = []
    world.storage.outcomes = [OSError(number, "no"), OSError(number, "no"), None]
    put_away = world.storage.put_away

    async def watched(recording_id: str, *, sealed: bool) -> float | None:
        told.append(world.storing.state)
        return await put_away(recording_id, sealed=sealed)

    world.storage.put_away = watched  # type: ignore[method-assign]
    world.storing.start()
    world.storing.put("r1")
    await world.called(*[("r1", True)] * 3)
    await until(lambda: world.storing.state == StorageState(0, None))
    assert told[1:] == [StorageState(1, failure)] * 2


async def test_one_that_differs_holds_up_no_other(world: World) -> None:
    world.storage.outcomes = [OSError(errno.EEXIST, "another segment")]
    world.storing = Storing(cast(Storage, world.storage), world.entry, retry_s=3600.0)
    world.storing.start()
    for recording_id in ("r1", "r2"):
        world.storing.put(recording_id)
    await world.called(("r1", True), ("r2", True))


async def test_a_copy_that_may_leave_later_is_asked_for_later(world: World) -> None:
    world.storage.outcomes = [0.001, None]
    world.storing.start()
    world.storing.put("r1")
    await world.called(("r1", True), ("r1", True))


async def test_a_recording_that_a_job_works_on_is_no_failure(world: World) -> None:
    world.storage.outcomes = [BlockingIOError(errno.EAGAIN, "a job"), None]
    world.storing.start()
    world.storing.put("r1")
    await world.called(("r1", True), ("r1", True))


async def test_an_error_of_the_database_does_not_end_it(world: World) -> None:
    entry, world.storage.here = world.entry, []

    async def broken(recording_id: str) -> Entry:
        if recording_id == "r1":
            raise RuntimeError("the database is away")
        return await entry(recording_id)

    world.storing = Storing(cast(Storage, world.storage), broken)
    world.storing.start()
    for recording_id in ("r1", "r2"):
        world.storing.put(recording_id)
    await world.called(("r2", True))
