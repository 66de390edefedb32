"""Classes of weeks: weeks that no set of a problem tells apart are looked at once."""

from __future__ import annotations

from collections.abc import Iterable


def week_classes(sets: Iterable[int]) -> tuple[int, ...]:
    """Split the weeks of some sets into the fewest classes that lie wholly in or out of each set.

    With 1-16周, 单周 and 双周 there are two classes: the odd and the even weeks.
    """
    classes: list[int] = []
    known = 0
    for weeks in sorted(set(sets)):
        parts = [part for one in classes for part in (one & weeks, one & ~weeks)]
        classes = [part for part in (*parts, weeks & ~known) if part]
        known |= weeks
    return tuple(sorted(classes))
