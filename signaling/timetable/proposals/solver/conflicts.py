"""Named rules that contradict each other, found by assumption literals.

Every rule and every need gets a literal: it holds where the literal is true. The solver assumes
that all of them are true. If that cannot be, it names assumptions that are enough for the
contradiction. Then needs and rules go for which the rest is enough. What remains is minimal:
without any one of its rules, its needs can be placed.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence

from signaling.timetable.proposals.core.cells import Cells
from signaling.timetable.proposals.core.named_rules import NamedRule
from signaling.timetable.proposals.core.options import Options
from signaling.timetable.proposals.core.proposal import MAX_RULES, Conflict, Unplaced
from signaling.timetable.proposals.core.smallest import smallest
from signaling.timetable.proposals.solver.contradiction import Contradiction

MAX_CONFLICTS = 3  # that are named; the next proposal names others
ASSUMING_S = 5.0  # of the question under assumptions, which finds what is involved
CHECK_S = 2.0  # of one question without an element; what takes longer counts as possible


class Conflicts:
    """Finds the conflicts of one problem."""

    def __init__(self, options: Options, cells: Cells, stop: threading.Event) -> None:
        self._contradiction = Contradiction(options, cells)
        self._needs = [lesson.need.need_id for lesson in options.lessons]
        self._stop = stop

    def named(self, missing: Sequence[Unplaced], deadline: float) -> tuple[Conflict, ...]:
        """Return at most `MAX_CONFLICTS` conflicts, no need in two of them.

        Args:
            missing: the lessons that the search could not place.
            deadline: of the steady clock.
        """
        found: list[Conflict] = []
        first = {one.need_id for one in missing}
        needs = sorted(frozenset(self._needs), key=lambda need_id: (need_id not in first, need_id))
        try:
            while needs and len(found) < MAX_CONFLICTS:
                conflict = self._conflict(needs, deadline)
                if conflict is None:
                    break
                found.append(conflict)
                needs = [need_id for need_id in needs if need_id not in conflict.need_ids]
        except _OutOfTimeError:
            pass
        return tuple(found) or (_most_blocking(missing),)

    def _conflict(self, needs: Sequence[str], deadline: float) -> Conflict | None:
        """Return a conflict of some needs, or None where none is found."""
        limit_s = self._time(deadline, ASSUMING_S)
        involved = self._contradiction.assumed(needs, limit_s)
        if involved is None:
            return None
        needs, rules = involved

        def contradict(some_needs: Sequence[str], some_rules: Sequence[NamedRule]) -> bool:
            limit_s = self._time(deadline, CHECK_S)
            return self._contradiction.holds(some_needs, some_rules, limit_s)

        needs = smallest(needs, lambda some: contradict(some, rules))
        rules = smallest(rules, lambda some: contradict(needs, some))
        return Conflict(tuple(rules[:MAX_RULES]), tuple(needs), len(rules) <= MAX_RULES)

    def _time(self, deadline: float, longest_s: float) -> float:
        """Return the seconds that a question may take. Raises _OutOfTimeError."""
        left_s = min(deadline - time.monotonic(), longest_s)
        if left_s <= 0 or self._stop.is_set():
            raise _OutOfTimeError
        return left_s


class _OutOfTimeError(Exception):
    """No time is left, or somebody stopped the search."""


def _most_blocking(missing: Sequence[Unplaced]) -> Conflict:
    """Return the rules that block most places of the lessons that are missing; not proved."""
    counts: Counter[NamedRule] = Counter()
    for one in missing:
        for blocking in one.blocked_by:
            counts[blocking.rule] += blocking.places
    most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MAX_RULES]
    needs = sorted({one.need_id for one in missing})
    return Conflict(tuple(rule for rule, _ in most), tuple(needs), proved=False)
