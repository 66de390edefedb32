"""Rules of pairings: which two cannot hold at the same time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any


class Conflict(StrEnum):
    """Reason for which two pairings cannot hold together."""

    OVERLAP = "overlap"  # the same schools, subject and time
    TEXTBOOK = "textbook"  # lessons are shared, and the 教材版本 is another


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement of two schools. `last` is the last day; None: until further notice."""

    center: str
    point: str
    subjects: frozenset[str]
    first: date
    last: date | None
    textbook: str | None


def agreement_of(values: Mapping[str, Any]) -> Agreement:
    """Return what the fields of a pairing say."""
    return Agreement(
        values["center_school_id"],
        values["point_school_id"],
        frozenset(values["subject_ids"]),
        values["valid_from"],
        values["valid_to"],
        values["textbook"],
    )


def conflict(wish: Agreement, other: Agreement) -> Conflict | None:
    """Return why a wish cannot hold beside another agreement; None where it can.

    A centre school gives one lesson to several points, and a class has one textbook. So pairings
    that share a school, a subject and a day must name the same 教材版本, where both name one.
    """
    if wish.subjects.isdisjoint(other.subjects) or not overlap(wish, other):
        return None
    same_center, same_point = wish.center == other.center, wish.point == other.point
    if same_center and same_point:
        return Conflict.OVERLAP
    named = wish.textbook is not None and other.textbook is not None
    if (same_center or same_point) and named and wish.textbook != other.textbook:
        return Conflict.TEXTBOOK
    return None


def first_conflict(
    wish: Agreement, others: Iterable[Agreement]
) -> tuple[Conflict, Agreement] | None:
    """Return the first of the others beside which the wish cannot hold, with the reason."""
    for other in others:
        found = conflict(wish, other)
        if found is not None:
            return found, other
    return None


def overlap(one: Agreement, other: Agreement) -> bool:
    """Return whether two agreements hold on some same day."""
    return _begins_in(one, other) and _begins_in(other, one)


def _begins_in(one: Agreement, other: Agreement) -> bool:
    return other.last is None or one.first <= other.last
