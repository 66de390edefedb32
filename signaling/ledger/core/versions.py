"""Effects of a new version of a requirement on those before it: they end, change, or go.

A version begins on a day. What was in force until then ends on the day before, so the history of a
grade and subject is the row of its requirements. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum, auto

from signaling.ledger.core.duties import RequirementRule

_DAY = timedelta(days=1)


class Step(Enum):
    """Fate of the requirement that was in force."""

    NOTHING = auto()  # it says the same already
    ENDS = auto()  # on the day before
    CHANGES = auto()  # it begins on that day itself
    GOES = auto()  # it begins on that day itself, and nothing is required any more


@dataclass(frozen=True, slots=True)
class NewVersion:
    """The outcome for one grade and subject.

    Attributes:
        step: what becomes of the one in force.
        in_force: that one, if there is one.
        periods: of a requirement to be added; 0 for none.
        last: its last day; None until further notice.
    """

    step: Step
    in_force: RequirementRule | None
    periods: int = 0
    last: date | None = None


def in_force_on(rules: Iterable[RequirementRule], day: date) -> RequirementRule | None:
    """Return the rule of one node, grade and subject that holds on a day."""
    return next((one for one in rules if one.holds_on(day)), None)


def new_version(rules: Iterable[RequirementRule], periods: int, day: date) -> NewVersion:
    """Return what a number of periods from a day on does.

    Args:
        rules: all of one node for one grade and subject; no two hold on one day.
        periods: a week; 0 for none.
        day: the first day.
    """
    known = sorted(rules, key=lambda one: one.first)
    now = in_force_on(known, day)
    if (0 if now is None else now.periods) == periods:
        return NewVersion(Step.NOTHING, now)
    if now is None:
        later = next((one for one in known if one.first > day), None)
        last = None if later is None else later.first - _DAY
        return NewVersion(Step.NOTHING, None, periods, last)
    if now.first == day:
        return NewVersion(Step.CHANGES if periods else Step.GOES, now)
    return NewVersion(Step.ENDS, now, periods, now.last)
