"""Link samples over SQLite and over a real PostgreSQL: written in batches, summed, forgotten."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from signaling.base.database import Database
from signaling.base.migrate import migrate
from signaling.lessons.store import LessonStore
from signaling.links.rules import Seen
from signaling.links.samples import LinkReading, LinkSample
from signaling.links.service import LinkHistory
from signaling.links.store import LinkStore
from signaling.links.wire import LinkLimit, LinkState
from tests.integration.signaling.stores import a_lesson, created
from tests.support.services import ManualClock


def _sample(who: str, at_s: int, **figures: Any) -> LinkSample:
    base = LinkSample(
        participant_id=who,
        at_s=at_s,
        carries_min_bps=1_000_000,
        carries_mean_bps=2_000_000,
        queue_ms=10.0,
        loss=0.02,
        rtt_ms=60.0,
        limit=LinkLimit.NONE,
        uplink=None,
        switches=1,
        seen_s={Seen.HIGH: 10.0},
        link_s={LinkState.GOOD: 10.0},
    )
    return replace(base, **figures)


async def test_link_samples_are_told_in_steps_by_participant(
    database: Database, lessons: LessonStore
) -> None:
    links, lesson_id = LinkStore(database), await created(lessons, a_lesson())
    assert await links.recorded(lesson_id) is None
    await links.add(
        [
            (lesson_id, _sample("room-a", 1000)),
            (
                lesson_id,
                _sample(
                    "room-a",
                    1010,
                    carries_min_bps=400_000,
                    carries_mean_bps=1_000_000,
                    queue_ms=90.0,
                    loss=0.04,
                    rtt_ms=None,
                    limit=LinkLimit.RATE,
                    uplink=LinkState.POOR,
                    seen_s={Seen.LOW: 4.0, Seen.STILLS: 6.0},
                    link_s={LinkState.POOR: 10.0},
                ),
            ),
            (lesson_id, _sample("room-a", 1040, carries_min_bps=None, carries_mean_bps=None)),
            (lesson_id, _sample("lead", 1050)),
        ]
    )
    assert await links.recorded(lesson_id) == (frozenset({"room-a", "lead"}), 1000, 1060)
    first, last = await links.series(lesson_id, ["room-a"], 1000, 20)
    assert (first.participant_id, first.at_s, last.at_s) == ("room-a", 1000, 1040)
    assert (first.carries_min_bps, first.carries_mean_bps) == (400_000, 1_500_000)
    assert (first.queue_ms, first.rtt_ms, first.switches) == (90.0, 60.0, 2)
    assert first.loss == pytest.approx(0.03)
    assert (first.limit, first.uplink) == (LinkLimit.RATE, LinkState.POOR)
    assert (last.limit, last.uplink) == (LinkLimit.NONE, None)
    assert (last.carries_min_bps, last.carries_mean_bps) == (None, None)
    assert first.seen_s == {
        Seen.HIGH: 10.0,
        Seen.MIDDLE: 0.0,
        Seen.LOW: 4.0,
        Seen.STILLS: 6.0,
        Seen.SOUND: 0.0,
        Seen.OFFLINE: 0.0,
    }
    assert first.bad_share == pytest.approx(0.5)


async def test_a_room_is_summed_over_its_lessons_and_old_samples_go(
    database: Database, lessons: LessonStore
) -> None:
    links = LinkStore(database)
    today = await created(lessons, a_lesson())
    later = await created(lessons, a_lesson(120))
    await links.add([(today, _sample("room-a", 100)), (today, _sample("lead", 100))])
    await links.add([(later, _sample("room-a", 200)), (later, _sample("room-b", 300))])
    await links.add([(later, _sample("room-b", 300, switches=99))])  # there already: stays
    found = {one.participant_id: one for one in await links.by_room(100, 300)}
    assert set(found) == {"room-a"}
    assert (found["room-a"].lessons, found["room-a"].switches) == (2, 2)
    assert found["room-a"].link_s[LinkState.GOOD] == 20.0
    (b,) = await links.by_room(300, 400)
    assert (b.participant_id, b.switches) == ("room-b", 1)
    await links.forget_before(300)
    assert [one.participant_id for one in await links.by_room(0, 1000)] == ["room-b"]


async def test_samples_of_a_lesson_that_is_gone_are_dropped_not_tried_for_ever(
    database: Database, lessons: LessonStore
) -> None:
    history = LinkHistory(LinkStore(database), ManualClock(), 90)
    reading = LinkReading(LinkState.GOOD)
    history.note("no-such-lesson", [("room-a", reading)])
    history.close_all()
    await history.write()
    assert (history.written, history.dropped) == (0, 1)
    lesson_id = await created(lessons, a_lesson())
    history.note(lesson_id, [("room-a", reading)])
    history.close(lesson_id)
    await history.write()
    assert (history.written, history.dropped) == (1, 1)


async def test_samples_wait_for_a_database_that_is_away_but_not_without_bound(
    tmp_path: Path,
) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}")  # no table: nothing goes in
    clock = ManualClock()
    history = LinkHistory(LinkStore(database), clock, 90)
    many = [(f"room-{number}", LinkReading(LinkState.GOOD)) for number in range(9_000)]
    for _ in range(3):
        history.note("l1", many)
        clock.advance(seconds=10)
    await history.write()
    assert history.dropped == 0  # 18 000 wait, the third round is still open
    history.close_all()
    assert history.dropped == 7_000
    await migrate(database)
    await history.write()
    assert (history.written, history.dropped) == (0, 27_000)  # and l1 does not exist
    await database.close()
