"""应开: what requirements ask of a class on each teaching day.

A requirement says periods a week, and a week has five teaching days. So each teaching day since the
requirement's first day owes a fifth of them, and whole periods fall due as the fifths add up. Five
teaching days in a row owe exactly the periods of a week, wherever days off and make-up days lie.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

SCHOOL_DAYS = 5  # of a plain week


@dataclass(frozen=True, slots=True)
class RequirementRule:
    """A requirement in force somewhere above a class.

    Attributes:
        requirement_id: which one.
        depth: how far down the org tree it stands; the deepest one counts.
        grade: the grade that it names.
        subject: the subject that it names.
        periods: a week.
        first: the first day.
        last: the last day; None: until further notice.
    """

    requirement_id: str
    depth: int
    grade: str
    subject: str
    periods: int
    first: date
    last: date | None

    def holds_on(self, day: date) -> bool:
        """Return whether the requirement is in force on a day."""
        return self.first <= day and (self.last is None or day <= self.last)


def share(periods: int, days_before: int) -> int:
    """Return the periods that fall due on a teaching day.

    Args:
        periods: of the requirement, a week.
        days_before: the teaching days from the requirement's first day to this one.
    """
    return periods * (days_before + 1) // SCHOOL_DAYS - periods * days_before // SCHOOL_DAYS


def in_force(rules: Iterable[RequirementRule], grade: str, day: date) -> dict[str, RequirementRule]:
    """Return the rule that counts for each subject of a grade on a day."""
    found: dict[str, RequirementRule] = {}
    for rule in rules:
        if rule.grade == grade and rule.holds_on(day):
            known = found.get(rule.subject)
            if known is None or (rule.depth, rule.first) > (known.depth, known.first):
                found[rule.subject] = rule
    return found


def overlapping(rules: Sequence[RequirementRule], new: RequirementRule) -> RequirementRule | None:
    """Return a rule for the same grade and subject that has a day in common with a new one."""
    for rule in rules:
        same = (rule.grade, rule.subject) == (new.grade, new.subject)
        apart = (rule.last is not None and rule.last < new.first) or (
            new.last is not None and new.last < rule.first
        )
        if same and not apart and rule.requirement_id != new.requirement_id:
            return rule
    return None
