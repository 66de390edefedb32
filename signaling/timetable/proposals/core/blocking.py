"""Reasons that a lesson found no place: the rules that block its places in a given proposal."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator

from signaling.timetable.proposals.core.cells import Cells
from signaling.timetable.proposals.core.named_rules import NamedRule
from signaling.timetable.proposals.core.options import Options
from signaling.timetable.proposals.core.proposal import MAX_RULES, Blocking, Unplaced


def unplaced(options: Options, cells: Cells, chosen: Collection[int]) -> tuple[Unplaced, ...]:
    """Return the lessons of which no option was chosen, each with the rules that block most."""
    placed = {options.all[index].lesson for index in chosen}
    missing = [index for index in range(len(options.lessons)) if index not in placed]
    if not missing:
        return ()
    full = _full(options, cells, frozenset(chosen))
    found = []
    for lesson in missing:
        counts: Counter[NamedRule] = Counter()
        for index in options.of_lesson[lesson]:
            counts.update(options.all[index].forbidden_by | full.get(index, frozenset()))
        most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MAX_RULES]
        weekly = options.lessons[lesson]
        found.append(
            Unplaced(
                weekly.need.need_id,
                weekly.number,
                len(options.of_lesson[lesson]),
                tuple(Blocking(rule, places) for rule, places in most),
            )
        )
    return tuple(found)


def _full(
    options: Options, cells: Cells, chosen: frozenset[int]
) -> dict[int, frozenset[NamedRule]]:
    """Return the rules that each option would break beside the chosen ones."""
    found: dict[int, set[NamedRule]] = defaultdict(set)
    for index, rule in _broken(cells, chosen):
        found[index].add(rule)
    return {index: frozenset(rules) for index, rules in found.items()}


def _broken(cells: Cells, chosen: frozenset[int]) -> Iterator[tuple[int, NamedRule]]:
    for meeting in cells.meetings():
        if not chosen.isdisjoint(meeting.members):
            for index in meeting.members:
                yield index, meeting.rule
    for limit in cells.limits():
        pairs = tuple(zip(limit.members, limit.amounts, strict=True))
        used = sum(amount for index, amount in pairs if index in chosen)
        for index, amount in pairs:
            if used + amount > limit.most:
                yield index, limit.rule
