"""Rules that hold between entries, judged over everything that there would be after an import."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from signaling.directory.entries.noun import Unique
from signaling.directory.nodes.rules import may_stand_below
from signaling.directory.pairings.rules import Agreement, Conflict, agreement_of, first_conflict
from signaling.directory.wire import OrgLevel, SchoolKind
from signaling.directory.workbooks.wire import DirectoryNoun
from signaling.directory.workbooks.wire import ImportIssueCode as Code

Fault = tuple[str, str, Code]  # the entry, the field, why
_CONFLICTS = {Conflict.OVERLAP: Code.PAIRING_OVERLAPS, Conflict.TEXTBOOK: Code.TEXTBOOK_DIFFERS}


@dataclass(frozen=True, slots=True)
class Outcome:
    """All entries as an import would leave them.

    Attributes:
        entries: by id.
        touched: those that the import adds or changes; only they can be at fault.
        idle: those that are disabled.
        kinds: of the schools.
        others: what people who are no entries have, by field; logins in lower case.
    """

    entries: Mapping[str, Mapping[str, Any]]
    touched: Set[str]
    idle: Set[str] = frozenset()
    kinds: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[str, Set[str]] = field(default_factory=dict)


def faults(noun: DirectoryNoun, unique: tuple[Unique, ...], outcome: Outcome) -> Iterator[Fault]:
    """Yield what keeps an import from being carried out."""
    for one in unique:
        yield from _taken(one, outcome, str)
    yield from _OWN.get(noun, _none)(outcome)


def _none(_outcome: Outcome) -> Iterator[Fault]:
    yield from ()


def _taken(unique: Unique, outcome: Outcome, fold: Callable[[str], str]) -> Iterator[Fault]:
    def named(values: Mapping[str, Any]) -> tuple[Any, ...]:
        return (fold(values[unique.field]), *(values[name] for name in unique.within))

    has = {key: one for key, one in outcome.entries.items() if one[unique.field] is not None}
    counts = Counter(named(values) for values in has.values())
    for entry_id in outcome.touched & has.keys():
        if counts[named(has[entry_id])] > 1:
            yield entry_id, unique.field, Code.TAKEN


def _teachers(outcome: Outcome) -> Iterator[Fault]:
    yield from _taken(Unique("staff_no"), outcome, str)
    yield from _taken(Unique("login"), outcome, str.lower)
    for entry_id in outcome.touched:
        login, staff_no = (outcome.entries[entry_id][name] for name in ("login", "staff_no"))
        if login is None:
            yield entry_id, "login", Code.LOGIN_MISSING
        elif login.lower() in outcome.others["login"]:
            yield entry_id, "login", Code.TAKEN
        if staff_no in outcome.others["staff_no"]:
            yield entry_id, "staff_no", Code.TAKEN


def _nodes(outcome: Outcome) -> Iterator[Fault]:
    for entry_id in outcome.touched:
        node = outcome.entries[entry_id]
        above = outcome.entries.get(node["parent_id"])
        if above is not None and not may_stand_below(
            OrgLevel(node["level"]), OrgLevel(above["level"])
        ):
            yield entry_id, "level", Code.BAD_LEVEL


def _pairings(outcome: Outcome) -> Iterator[Fault]:
    sharing: dict[str, list[tuple[str, Agreement]]] = defaultdict(list)
    for entry_id, values in outcome.entries.items():
        if entry_id not in outcome.idle:
            agreement = agreement_of(values)
            sharing[agreement.center].append((entry_id, agreement))
            sharing[agreement.point].append((entry_id, agreement))
    for entry_id in outcome.touched:
        values = outcome.entries[entry_id]
        wish = agreement_of(values)
        if wish.last is not None and wish.last < wish.first:
            yield entry_id, "valid_to", Code.ENDS_BEFORE_START
        elif wish.center == wish.point:
            yield entry_id, "point_school_id", Code.SAME_SCHOOL
        elif outcome.kinds[wish.center] == SchoolKind.TEACHING_POINT:
            yield entry_id, "center_school_id", Code.NOT_A_CENTER
        elif entry_id not in outcome.idle:
            beside = (*sharing[wish.center], *sharing[wish.point])
            found = first_conflict(wish, (one for key, one in beside if key != entry_id))
            if found is not None:
                name = "valid_from" if found[0] is Conflict.OVERLAP else "textbook"
                yield entry_id, name, _CONFLICTS[found[0]]


_OWN: Mapping[DirectoryNoun, Callable[[Outcome], Iterator[Fault]]] = MappingProxyType(
    {
        DirectoryNoun.TEACHERS: _teachers,
        DirectoryNoun.NODES: _nodes,
        DirectoryNoun.PAIRINGS: _pairings,
    }
)
