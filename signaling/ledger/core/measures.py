"""Sums of the ledger, and the rates that are read off them."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from signaling.ledger.wire import LedgerFigures


class Measures(msgspec.Struct, frozen=True):
    """Sums of units.

    Attributes:
        planned: 计划.
        due: planned ones whose time is over.
        free_due: due ones for which no requirement says how many there must be.
        held: 实开, with made-up lessons.
        valid: 有效 among them.
        extra: held lessons of holidays; they count nowhere else.
        excused: missed 因故.
        unexcused: missed 无故.
        awaiting: missed, and nobody said why.
        present_s: seconds in which rooms were there.
        seen_s: seconds in which rooms had picture or page, and sound.
        counted: held ones with 到课人数.
        pupils: the sum of 到课人数.
        owed: periods that requirements ask for.
    """

    planned: int = 0
    due: int = 0
    free_due: int = 0
    held: int = 0
    valid: int = 0
    extra: int = 0
    excused: int = 0
    unexcused: int = 0
    awaiting: int = 0
    present_s: int = 0
    seen_s: int = 0
    counted: int = 0
    pupils: int = 0
    owed: int = 0

    @property
    def required(self) -> int:
        """应开: what requirements ask for, and what was due where there is none."""
        return self.owed + self.free_due

    def __add__(self, other: Measures) -> Measures:
        return combined((self, other))

    def __sub__(self, other: Measures) -> Measures:
        names = Measures.__struct_fields__
        return Measures(**{name: getattr(self, name) - getattr(other, name) for name in names})


SUMS = tuple(name for name in Measures.__struct_fields__ if name != "owed")  # of units


def combined(some: Iterable[Measures]) -> Measures:
    """Return the sum of some measures."""
    sums = dict.fromkeys(Measures.__struct_fields__, 0)
    for one in some:
        for name in sums:
            sums[name] += getattr(one, name)
    return Measures(**sums)


def figures(measures: Measures, *, by_plan: bool = False) -> LedgerFigures:
    """Return measures as the API shows them.

    Args:
        measures: the sums.
        by_plan: requirements cannot be told apart here (a school that gives lessons): the plan
            says what is required.
    """
    required = measures.due if by_plan else measures.required
    return LedgerFigures(
        planned=measures.planned,
        due=measures.due,
        required=required,
        held=measures.held,
        valid=measures.valid,
        extra=measures.extra,
        excused=measures.excused,
        unexcused=measures.unexcused,
        awaiting=measures.awaiting,
        present_minutes=measures.present_s // 60,
        seen_minutes=measures.seen_s // 60,
        counted=measures.counted,
        pupils=measures.pupils,
        delivery_rate=measures.held / required if required else None,
    )
