"""开齐, 开足 and 教学点覆盖率."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SubjectTally:
    """One subject of one class over a span: the periods that are required, and those held."""

    class_id: str
    subject: str
    owed: int
    held: int


@dataclass(frozen=True, slots=True)
class ClassVerdict:
    """A class: its required subjects that were not held at all, and those held too seldom."""

    lacking: tuple[str, ...] = ()
    short: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """开齐: every required subject was held."""
        return not self.lacking

    @property
    def sufficient(self) -> bool:
        """开足: every required subject was held as often as required."""
        return not self.lacking and not self.short


def verdicts(tallies: Iterable[SubjectTally]) -> Mapping[str, ClassVerdict]:
    """Return what is to be said of each class for which subjects are required."""
    lacking: dict[str, list[str]] = defaultdict(list)
    short: dict[str, list[str]] = defaultdict(list)
    required: dict[str, None] = {}
    for tally in tallies:
        if tally.owed <= 0:
            continue
        required[tally.class_id] = None
        if tally.held == 0:
            lacking[tally.class_id].append(tally.subject)
        elif tally.held < tally.owed:
            short[tally.class_id].append(tally.subject)
    return {
        class_id: ClassVerdict(tuple(sorted(lacking[class_id])), tuple(sorted(short[class_id])))
        for class_id in required
    }
