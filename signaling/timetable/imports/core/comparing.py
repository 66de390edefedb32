"""A file against the timetable that is there: what would be added, changed, kept or missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from signaling.timetable.imports.core.wishes import Wanted, Wish

# Attributes of a wish that may differ while it is still the same plan.
_COMPARED = (
    "teacher_id",
    "lead_room_id",
    "lead_class_id",
    "period_count",
    "weeks",
    "seats",
    "class_kind",
    "delivery_mode",
)
# Those of which an empty cell says nothing.
_TOLD = ("title", "grade", "textbook_volume", "textbook_section")


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan that is there, as a wish would say it."""

    plan_id: str
    version: int
    wish: Wish


@dataclass(frozen=True, slots=True)
class Changed:
    """A plan that the file has otherwise, and in which attributes."""

    planned: Planned
    wanted: Wanted
    fields: tuple[str, ...]


@dataclass(slots=True)
class Comparison:
    """Effect that applying would have.

    Attributes:
        missing: plans of the file's classes and rooms that the file does not have.
    """

    added: list[Wanted] = field(default_factory=list)
    changed: list[Changed] = field(default_factory=list)
    unchanged: list[tuple[Planned, Wanted]] = field(default_factory=list)
    missing: list[Planned] = field(default_factory=list)


def compare(wanted: Sequence[Wanted], planned: Iterable[Planned]) -> Comparison:
    """Compare the wishes of a file with the plans of its term.

    The natural key of a plan is weekday, period, subject and place: class, room or teacher. Plans
    of one key, such as those of 单周 and 双周, are told apart by what else is equal.
    """
    found = Comparison()
    planned = list(planned)
    by_key: defaultdict[object, list[Planned]] = defaultdict(list)
    for plan in planned:
        by_key[_key(plan.wish)].append(plan)
    groups: defaultdict[object, list[Wanted]] = defaultdict(list)
    for one in wanted:
        groups[_key(one.wish)].append(one)
    for key, group in groups.items():
        _compare_group(group, by_key.get(key, []), found)
    _find_missing(wanted, planned, found)
    return found


def differences(wish: Wish, planned: Wish) -> tuple[str, ...]:
    """Return the attributes in which a wish differs from a plan."""
    told = (name for name in _TOLD if getattr(wish, name))
    names = [*_COMPARED, *told]
    return tuple(name for name in names if _value(wish, name) != _value(planned, name))


def _value(wish: Wish, name: str) -> object:
    """Return an attribute; the order of receive rooms does not count."""
    return frozenset(wish.seats) if name == "seats" else getattr(wish, name)


def _key(wish: Wish) -> object:
    place = wish.lead_class_id or wish.lead_room_id or wish.teacher_id
    return wish.weekday, wish.period, wish.subject_id, place


def _compare_group(group: Sequence[Wanted], plans: Sequence[Planned], found: Comparison) -> None:
    """Pair wishes and plans of one key: the most alike first."""
    open_wishes, open_plans = list(enumerate(group)), list(plans)
    pairs = sorted(
        (
            (
                len(differences(one.wish, plan.wish)),
                one.wish.weeks != plan.wish.weeks,
                index,
                plan.plan_id,
                one,
                plan,
            )
            for index, one in open_wishes
            for plan in open_plans
        ),
        key=lambda pair: pair[:4],
    )
    paired_wishes: set[int] = set()
    paired_plans: set[str] = set()
    for _, _, index, plan_id, one, plan in pairs:
        if index in paired_wishes or plan_id in paired_plans:
            continue
        paired_wishes.add(index)
        paired_plans.add(plan_id)
        fields = differences(one.wish, plan.wish)
        if fields:
            found.changed.append(Changed(plan, one, fields))
        else:
            found.unchanged.append((plan, one))
    found.added += [one for index, one in open_wishes if index not in paired_wishes]


def _find_missing(wanted: Sequence[Wanted], planned: Sequence[Planned], found: Comparison) -> None:
    """Find plans of the classes and rooms of which the file speaks."""
    places = {place for one in wanted for place in _places(one.wish)}
    kept = {one.planned.plan_id for one in found.changed}
    kept |= {plan.plan_id for plan, _ in found.unchanged}
    found.missing = [
        plan
        for plan in planned
        if plan.plan_id not in kept and not places.isdisjoint(_places(plan.wish))
    ]


def _places(wish: Wish) -> set[str]:
    places = {wish.lead_class_id, wish.lead_room_id} - {None}
    return {place for place in places if place is not None}
