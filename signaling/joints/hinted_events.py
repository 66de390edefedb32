"""Which events of one process others hear of, and what they do then.

Each follower does what the database says, and may be called twice. The table is in docs/cells.md.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from signaling.base.events import Events
from signaling.cells.hints import HintKind, Hints
from signaling.jobs.events import JobEnded, JobSubmitted
from signaling.jobs.supervisor import Supervisor
from signaling.jobs.wire import JobState
from signaling.ledger.counter import LedgerCounter
from signaling.lessons.events import LessonChanged, LessonFactsKept
from signaling.timetable.desk import TimetableDesk
from signaling.timetable.events import TimetableChanged

MAX_LESSONS = 500  # of one hint; the ledger finds more by itself, and pages read all beyond 100


def _was_cancelled(event: JobEnded) -> bool:
    """Tell whether the run of a job is to be ended; any other end is the run's own."""
    return event.state is JobState.CANCELLED


def _some_lessons(event: TimetableChanged) -> TimetableChanged:
    return replace(event, lesson_ids=frozenset(islice(event.lesson_ids, MAX_LESSONS)))


HINTED: tuple[HintKind[Any], ...] = (
    HintKind("lesson_changed", LessonChanged),
    HintKind("lesson_facts_kept", LessonFactsKept),
    HintKind("timetable_changed", TimetableChanged, shortened=_some_lessons),
    HintKind("job_submitted", JobSubmitted),
    HintKind("job_cancelled", JobEnded, wanted=_was_cancelled),
)


def tell_others(events: Events, hints: Hints) -> None:
    """Send the events of this process. Subscribe first: other listeners may take long."""
    for kind in hints.kinds:
        events.subscribe(kind.event, hints.send)


@dataclass(frozen=True, slots=True)
class Followers:
    """Those in this process who follow events of others."""

    timetable: TimetableDesk
    counter: LedgerCounter
    supervisor: Supervisor

    def listen(self, hints: Hints, roles: Collection[str]) -> None:
        """Follow what a process of these roles has to follow."""
        if "web" in roles:
            hints.follow(LessonChanged, self.timetable.reporter.lesson_changed)
            hints.follow(TimetableChanged, self.timetable.reporter.timetable_changed)
            hints.on_gap(self.timetable.board.begin_anew)
        if "worker" in roles:
            hints.follow(LessonChanged, self.counter.on_lesson_changed)
            hints.follow(LessonFactsKept, self.counter.on_facts_kept)
            hints.follow(TimetableChanged, self._count_planned)
            hints.follow(JobSubmitted, self.supervisor.on_submitted)
            hints.follow(JobEnded, self.supervisor.on_ended)

    async def _count_planned(self, event: TimetableChanged) -> None:
        self.counter.note(event.lesson_ids)
