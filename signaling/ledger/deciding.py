"""The county decides about the reasons of many missed units: 确认 or 退回.

Each unit is an action of its own: a page of a hundred needs no long transaction, and what somebody
else has changed meanwhile hinders none of the others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from signaling.access.roles import Actor
from signaling.base.errors import Invalid, SignalingError
from signaling.base.problem_codes import ProblemCode
from signaling.ledger.amending import Amending
from signaling.ledger.decision_wire import ConfirmReason, ReasonsDecided, UnitRefusal, UnitSeen
from signaling.ledger.tables import LedgerUnitRow
from signaling.ledger.units import shown
from signaling.ledger.wire import LedgerUnit

Decision = Callable[[UnitSeen], Awaitable[LedgerUnitRow]]


class Deciding:
    """The decisions about reasons, many at once."""

    def __init__(self, amending: Amending) -> None:
        self._amending = amending

    async def confirm(self, actor: Actor, units: Sequence[UnitSeen]) -> ReasonsDecided:
        """Confirm the reasons that were given."""

        async def decide(one: UnitSeen) -> LedgerUnitRow:
            wish = ConfirmReason(one.version)
            return await self._amending.confirm(actor, one.lesson_id, one.room_id, wish)

        return await _each(actor, units, decide)

    async def give_back(self, actor: Actor, units: Sequence[UnitSeen], note: str) -> ReasonsDecided:
        """退回: ask for the reasons again, and say why. Raises Invalid where nothing is said."""
        if not note:
            raise Invalid(code=ProblemCode.NOTE_MISSING, field="note")

        async def decide(one: UnitSeen) -> LedgerUnitRow:
            return await self._amending.give_back(
                actor, one.lesson_id, one.room_id, one.version, note
            )

        return await _each(actor, units, decide)


async def _each(actor: Actor, units: Sequence[UnitSeen], decide: Decision) -> ReasonsDecided:
    decided: list[LedgerUnit] = []
    refused: list[UnitRefusal] = []
    for one in units:
        try:
            decided.append(shown(await decide(one), actor))
        except SignalingError as error:
            refused.append(UnitRefusal(one.lesson_id, one.room_id, error.code))
        await asyncio.sleep(0)  # media go between
    return ReasonsDecided(tuple(decided), tuple(refused))
