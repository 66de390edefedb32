"""The formula of the ledger: what one unit counts. Pure, and versioned.

A unit is one class at one receive room in one lesson. Everything that it counts follows from its
facts, the settings and the present moment. Whoever changes the rules here counts `FORMULA` up:
a month that was reported keeps its number.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from signaling.ledger.core.measures import Measures
from signaling.ledger.wire import MissedCause, UnitOrigin, UnitOutcome
from signaling.lessons.reasons import WITHOUT_CAUSE, MissedReason
from signaling.lessons.wire import LessonState

FORMULA = 2  # 1: 资源推送 was held only where it had a live room

Stretch = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class FormulaSettings:
    """Settings that a county may choose.

    Attributes:
        valid_minutes: a unit is 有效 if its room was there for so long (DOMAIN.md: 30).
        formula: the version of the rules; a month that was reported keeps its own.
    """

    valid_minutes: int = 30
    formula: int = FORMULA


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """The raw facts of a unit.

    Attributes:
        state: of the lesson.
        starts_at: as planned.
        ends_at: as planned.
        held_from: when the lesson began, if it did.
        held_to: when it ended.
        origin: why it stands in the plan.
        withdrawn: the plan took it back; nobody was to teach it.
        presence: the stretches in which the room's page was in the live lesson.
        seen_s: seconds in which the room had picture or page, and sound.
        headcount: 到课人数, if it was entered.
        reason: why it was missed, as far as anybody said.
        pushed_s: the length of the resources that a lesson of 资源推送 carries.
        played_s: seconds that the room watched of them.
    """

    state: LessonState
    starts_at: datetime
    ends_at: datetime
    held_from: datetime | None = None
    held_to: datetime | None = None
    origin: UnitOrigin = UnitOrigin.PERIODIC
    withdrawn: bool = False
    presence: tuple[Stretch, ...] = ()
    seen_s: float = 0.0
    headcount: int | None = None
    reason: MissedReason | None = None
    pushed_s: float = 0.0
    played_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Judgement:
    """Judgement of a unit: its outcome, seconds and validity, and the cause of a miss."""

    outcome: UnitOutcome
    present_s: int = 0
    seen_s: int = 0
    valid: bool = False
    cause: MissedCause | None = None


def judge(facts: UnitFacts, settings: FormulaSettings, now: datetime) -> Judgement:
    """Return what became of a unit by now."""
    if is_played(facts, settings):
        watched_s = round(facts.played_s)
        return Judgement(UnitOutcome.HELD, watched_s, watched_s, valid=True)
    outcome = outcome_of(facts, now)
    if outcome is UnitOutcome.MISSED:
        return Judgement(outcome, cause=cause_of(facts.reason))
    if outcome is not UnitOutcome.HELD:
        return Judgement(outcome)
    present_s = round(seconds_of(facts.presence, facts.held_from, facts.held_to))
    valid = present_s >= settings.valid_minutes * 60
    # Both are measured apart, and nobody sees more than the time in which the room was there.
    return Judgement(outcome, present_s, min(round(facts.seen_s), present_s), valid)


def needed_s(
    pushed_s: float, starts_at: datetime, ends_at: datetime, settings: FormulaSettings
) -> float:
    """Return the seconds that a room must watch of what a lesson of 资源推送 carries.

    It is the share that 有效 asks of a live lesson: 30 of 40 minutes are three quarters. Of long
    resources nobody has to watch more than those minutes. Where the list was emptied after
    something was watched, nothing less than those minutes counts.
    """
    valid_s = settings.valid_minutes * 60.0
    if pushed_s <= 0:
        return valid_s
    planned_s = max((ends_at - starts_at).total_seconds(), 1.0)
    return min(valid_s, pushed_s * min(valid_s / planned_s, 1.0))


def is_played(facts: UnitFacts, settings: FormulaSettings) -> bool:
    """Return whether a room watched enough of pushed resources for its unit to be held."""
    if settings.formula < 2 or facts.withdrawn or facts.state is LessonState.CANCELLED:
        return False
    needed = needed_s(facts.pushed_s, facts.starts_at, facts.ends_at, settings)
    return facts.played_s > 0 and facts.played_s >= needed


def outcome_of(facts: UnitFacts, now: datetime) -> UnitOutcome:
    """Return what became of a unit: it is held if its room came while the lesson was live."""
    if facts.withdrawn:
        return UnitOutcome.WITHDRAWN
    if facts.state is LessonState.LIVE:
        return UnitOutcome.LIVE
    if facts.state is LessonState.SCHEDULED and now <= facts.ends_at:
        return UnitOutcome.UPCOMING
    if facts.state is LessonState.ENDED and facts.presence:
        return UnitOutcome.HELD
    return UnitOutcome.MISSED


def cause_of(reason: MissedReason | None) -> MissedCause:
    """Return 待说明, 因故 or 无故 by the reason that was given."""
    if reason is None:
        return MissedCause.AWAITING
    return MissedCause.UNEXCUSED if reason in WITHOUT_CAUSE else MissedCause.EXCUSED


def seconds_of(
    presence: Iterable[Stretch], held_from: datetime | None, held_to: datetime | None
) -> float:
    """Return the seconds that stretches cover of the time in which a lesson was held."""
    if held_from is None or held_to is None:
        return 0.0
    covered, reached = timedelta(), held_from
    for came, went in sorted(presence):
        start, end = max(came, reached), min(went, held_to)
        if end > start:
            covered += end - start
            reached = end
    return covered.total_seconds()


def measures_of(
    judgement: Judgement, origin: UnitOrigin, headcount: int | None, *, by_plan: bool
) -> Measures:
    """Return what a unit adds to its day.

    Args:
        judgement: what became of it.
        origin: why it stands in the plan; holiday lessons do not count towards the week, and a
            made-up lesson is held in place of one that was planned before.
        headcount: 到课人数, if it was entered.
        by_plan: no requirement names its grade and subject, so the plan says what is due.
    """
    outcome = judgement.outcome
    if outcome is UnitOutcome.WITHDRAWN:
        return Measures()
    held = outcome is UnitOutcome.HELD
    if origin is UnitOrigin.HOLIDAY:
        return Measures(extra=int(held))
    planned = origin is not UnitOrigin.MAKE_UP
    due = planned and outcome in {UnitOutcome.HELD, UnitOutcome.MISSED}
    counted = held and headcount is not None
    return Measures(
        planned=int(planned),
        due=int(due),
        free_due=int(due and by_plan),
        held=int(held),
        valid=int(held and judgement.valid),
        excused=int(judgement.cause is MissedCause.EXCUSED),
        unexcused=int(judgement.cause is MissedCause.UNEXCUSED),
        awaiting=int(judgement.cause is MissedCause.AWAITING),
        present_s=judgement.present_s,
        seen_s=judgement.seen_s,
        counted=int(counted),
        pupils=headcount if counted and headcount is not None else 0,
    )
