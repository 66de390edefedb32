"""The REST API's bodies of what is decided about units: reasons, and numbers of pupils."""

from __future__ import annotations

from typing import Annotated

import msgspec

from signaling.base.problem_codes import ProblemCode
from signaling.base.text import TextKind, Word, text_of
from signaling.ledger.wire import LedgerUnit, Version
from signaling.lessons.reasons import MissedReason
from signaling.lessons.rules import MAX_PUPILS

Note = Annotated[str, text_of(TextKind.PARAGRAPH, 200, 0)]
MAX_DECIDED = 100  # units of one request: a page of them


class GiveReason(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The point's or the teacher's reason for a missed unit."""

    reason: MissedReason
    version: Version
    note: Note | None = None


class ConfirmReason(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The county confirms the reason that was given, or sets another one."""

    version: Version
    reason: MissedReason | None = None
    note: Note | None = None


class UnitSeen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A unit as a page shows it."""

    lesson_id: Word
    room_id: Word
    version: Version


UnitsSeen = Annotated[tuple[UnitSeen, ...], msgspec.Meta(min_length=1, max_length=MAX_DECIDED)]


class ConfirmReasons(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The county confirms the reasons that were given for some units."""

    units: UnitsSeen


class ReturnReasons(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """退回: the county gives reasons back, and says why; the units await a reason again."""

    units: UnitsSeen
    note: Note


class UnitRefusal(msgspec.Struct, frozen=True):
    """A unit about which nothing was decided, and the code of the problem."""

    lesson_id: str
    room_id: str
    code: ProblemCode


class ReasonsDecided(msgspec.Struct, frozen=True):
    """Each unit was decided for itself: those that could be, and those that could not."""

    decided: tuple[LedgerUnit, ...]
    refused: tuple[UnitRefusal, ...]


class AmendHeadcount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """到课人数, entered or corrected after the lesson."""

    pupils: Annotated[int, msgspec.Meta(ge=0, le=MAX_PUPILS)]
    version: Version
