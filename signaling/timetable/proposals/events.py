"""Changes made by an accepted proposal, told in the process that serves pages.

The proposal is written by a worker process, whose events nobody here hears. The end of its job is
heard, and becomes the event that the timetable has changed.
"""

from __future__ import annotations

from sqlalchemy import or_, select

from signaling.base.database import Database
from signaling.base.events import Events
from signaling.jobs.events import JobEnded
from signaling.jobs.wire import JobState
from signaling.timetable.events import TimetableChanged
from signaling.timetable.proposals.core.outcome import Outcome
from signaling.timetable.proposals.kinds import ADOPTION
from signaling.timetable.proposals.store import outcome_of
from signaling.timetable.proposals.tables import ProposalRow
from signaling.timetable.tables import PlannedLessonRow, PlanRow

MAX_LESSONS = 200  # named in the event; pages with more to read read everything again


class AdoptionReporter:
    """Tells that accepted proposals have changed the timetable."""

    def __init__(self, database: Database, events: Events) -> None:
        self._database = database
        self._events = events

    async def job_ended(self, event: JobEnded) -> None:
        """Follow the end of a job, if it has written a proposal."""
        if event.kind != ADOPTION.name or event.state is not JobState.DONE:
            return
        async with self._database.read() as session:
            row = await session.scalar(
                select(ProposalRow).where(ProposalRow.job_id == event.job_id)
            )
            outcome = None if row is None else outcome_of(row)
            if row is None or outcome is None:
                return
            moved = [one.plan_id for one in outcome.lessons if one.moved]
            plans = select(PlanRow.plan_id).where(
                PlanRow.county_id == row.county_id,
                or_(PlanRow.plan_id.in_(moved), PlanRow.created_at == row.decided_at),
            )
            lessons = await session.scalars(
                select(PlannedLessonRow.lesson_id)
                .where(PlannedLessonRow.plan_id.in_(plans))
                .limit(MAX_LESSONS)
            )
            changed = _changed(row.county_id, frozenset(lessons), row.school_id, outcome)
        await self._events.publish((changed,))


def _changed(
    county_id: str, lesson_ids: frozenset[str], school_id: str, outcome: Outcome
) -> TimetableChanged:
    lessons = [one for one in outcome.lessons if one.position is not None]
    seats = [seat for one in lessons for seat in one.seats]
    places = [place for one in lessons for place in (one.position, one.before) if place]
    rooms = {place.lead_room_id for place in places} | {seat.room_id for seat in seats}
    return TimetableChanged(
        county_id=county_id,
        lesson_ids=lesson_ids,
        person_ids=frozenset(place.teacher_id for place in places),
        room_ids=frozenset(room_id for room_id in rooms if room_id is not None),
        school_ids=frozenset({school_id, *(seat.school_id for seat in seats)}),
    )
