"""Amendments to a unit after its lesson: why it was missed, how many pupils there were.

The unit is counted anew in the same transaction, so the sums agree with what was said at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.actions import Action
from signaling.access.grants import granted
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.facts import detail_of
from signaling.audit.log import AuditLog
from signaling.base.clock import Clock
from signaling.base.database import Database
from signaling.base.errors import ChangedMeanwhile, Forbidden, Invalid, LedgerRefused
from signaling.base.problem_codes import ProblemCode
from signaling.ledger.counting import COUNTING_LOCK, Counting
from signaling.ledger.decision_wire import AmendHeadcount, ConfirmReason, GiveReason
from signaling.ledger.tables import LedgerUnitRow, MissedReasonRow
from signaling.ledger.units import visible_unit
from signaling.ledger.visibility import owns
from signaling.ledger.wire import UnitOutcome
from signaling.lessons.fact_records import FactBatch
from signaling.lessons.facts import FactStore, fact_sheets
from signaling.lessons.reasons import MissedReason
from signaling.lessons.seats import room_participant
from signaling.lessons.wire import Headcount, HeadcountChange


@dataclass(frozen=True, slots=True)
class ReasonGiven:
    """A reason for a missed unit; `confirms`: the county says so; `returns`: it asks again."""

    reason: MissedReason
    note: str
    confirms: bool = False
    returns: bool = False


class Amending:
    """The actions on units."""

    def __init__(
        self,
        database: Database,
        counting: Counting,
        facts: FactStore,
        audit: AuditLog,
        clock: Clock,
    ) -> None:
        self._database = database
        self._counting = counting
        self._facts = facts
        self._audit = audit
        self._clock = clock

    async def explain(
        self, actor: Actor, lesson_id: str, room_id: str, wish: GiveReason
    ) -> LedgerUnitRow:
        """Say why a unit was missed.

        Raises:
            NotFound, Forbidden: not a unit of the actor's.
            LedgerRefused: it was not missed.
            ChangedMeanwhile: it is another than the actor saw, or the county has confirmed it.
            Invalid: 其他 without a note.
        """
        _demand_note(wish.reason, wish.note)
        async with self._audit.work(actor, AuditAction.MISSED_EXPLAIN, lesson_id) as work:
            row = await self._missed(work.session, actor, Action.EXPLAIN_MISSED, lesson_id, room_id)
            work.concerns(row.path, row.title)
            work.detail = _told(row, reason=wish.reason, note=wish.note)
            _demand_version(row, wish.version)
            county = granted(Action.CONFIRM_MISSED, owns(actor, row))
            if row.confirmed and not county:
                raise Forbidden()
            given = ReasonGiven(wish.reason, wish.note or "", county)
            await self._add_reason(work.session, actor, row, given)
            return await self._counted(work.session, actor, row)

    async def confirm(
        self, actor: Actor, lesson_id: str, room_id: str, wish: ConfirmReason
    ) -> LedgerUnitRow:
        """Confirm the reason that was given, or set another one; for the county.

        Raises:
            NotFound, Forbidden, LedgerRefused, ChangedMeanwhile: as `explain`.
            Invalid: nobody has given a reason that could be confirmed.
        """
        async with self._audit.work(actor, AuditAction.MISSED_CONFIRM, lesson_id) as work:
            row = await self._missed(work.session, actor, Action.CONFIRM_MISSED, lesson_id, room_id)
            work.concerns(row.path, row.title)
            _demand_version(row, wish.version)
            reason = wish.reason or row.reason
            if reason is None:
                raise Invalid(code=ProblemCode.INVALID, field="reason")
            if wish.reason is not None and wish.reason != row.reason:
                _demand_note(wish.reason, wish.note)
            work.detail = _told(row, reason=reason, note=wish.note)
            given = ReasonGiven(MissedReason(reason), wish.note or "", confirms=True)
            await self._add_reason(work.session, actor, row, given)
            return await self._counted(work.session, actor, row)

    async def give_back(
        self, actor: Actor, lesson_id: str, room_id: str, version: int, note: str
    ) -> LedgerUnitRow:
        """退回: ask for the reason again, and say why; for the county.

        Raises:
            NotFound, Forbidden, LedgerRefused, ChangedMeanwhile: as `explain`.
            Invalid: there is no reason to give back, or it is not said why.
        """
        if not note:
            raise Invalid(code=ProblemCode.NOTE_MISSING, field="note")
        async with self._audit.work(actor, AuditAction.MISSED_RETURN, lesson_id) as work:
            row = await self._missed(work.session, actor, Action.CONFIRM_MISSED, lesson_id, room_id)
            work.concerns(row.path, row.title)
            _demand_version(row, version)
            if row.reason is None:
                raise Invalid(code=ProblemCode.INVALID, field="reason")
            work.detail = _told(row, reason=row.reason, note=note)
            given = ReasonGiven(MissedReason(row.reason), note, returns=True)
            await self._add_reason(work.session, actor, row, given)
            return await self._counted(work.session, actor, row)

    async def count(
        self, actor: Actor, lesson_id: str, room_id: str, wish: AmendHeadcount
    ) -> LedgerUnitRow:
        """Enter or correct 到课人数 of a lesson that is over.

        Raises:
            NotFound, Forbidden: not a unit of the actor's.
            LedgerRefused: it was not held.
            ChangedMeanwhile: it is another than the actor saw.
        """
        async with self._audit.work(actor, AuditAction.HEADCOUNT_AMEND, lesson_id) as work:
            row = await self._own(work.session, actor, Action.AMEND_HEADCOUNT, lesson_id, room_id)
            work.concerns(row.path, row.title)
            if UnitOutcome(row.outcome) is not UnitOutcome.HELD:
                raise LedgerRefused(code=ProblemCode.NOT_HELD)
            _demand_version(row, wish.version)
            if row.headcount == wish.pupils:
                work.nothing_to_do()
                return row
            work.detail = _told(row, pupils=(row.headcount, wish.pupils))
            await self._add_headcount(work.session, actor, row, wish.pupils)
            return await self._counted(work.session, actor, row)

    # --- inside ----------------------------------------------------------------------------------

    async def _own(
        self, session: AsyncSession, actor: Actor, action: Action, lesson_id: str, room_id: str
    ) -> LedgerUnitRow:
        """Return a unit that nobody else counts or amends from here on."""
        await self._database.serialize(session, COUNTING_LOCK)
        row = await visible_unit(session, actor, lesson_id, room_id)
        if not granted(action, owns(actor, row)):
            raise Forbidden()
        return row

    async def _missed(
        self, session: AsyncSession, actor: Actor, action: Action, lesson_id: str, room_id: str
    ) -> LedgerUnitRow:
        row = await self._own(session, actor, action, lesson_id, room_id)
        if UnitOutcome(row.outcome) is not UnitOutcome.MISSED:
            raise LedgerRefused(code=ProblemCode.NOT_MISSED)
        return row

    async def _add_reason(
        self,
        session: AsyncSession,
        actor: Actor,
        row: LedgerUnitRow,
        entry: ReasonGiven,
    ) -> None:
        mine = (
            MissedReasonRow.lesson_id == row.lesson_id,
            MissedReasonRow.room_id == row.room_id,
        )
        given = await session.scalar(select(func.count()).select_from(MissedReasonRow).where(*mine))
        session.add(
            MissedReasonRow(
                lesson_id=row.lesson_id,
                room_id=row.room_id,
                number=given or 0,
                reason=entry.reason,
                note=entry.note,
                by_id=actor.actor_id,
                by_name=actor.name,
                confirms=entry.confirms,
                returns=entry.returns,
                at=self._clock.now(),
            )
        )
        await session.flush()

    async def _add_headcount(
        self, session: AsyncSession, actor: Actor, row: LedgerUnitRow, pupils: int
    ) -> None:
        who = room_participant(row.room_id)
        sheet = (await fact_sheets(session, [row.lesson_id]))[row.lesson_id]
        known = next((one for one in sheet.headcounts if one.participant_id == who), None)
        former = None if known is None else known.pupils
        by_id = who if actor.room_id is not None else f"person-{actor.actor_id}"
        change = HeadcountChange(self._clock.now(), by_id, actor.name, former, pupils)
        changes = () if known is None else known.changes
        counted = Headcount(who, pupils, (*changes, change))
        await self._facts.put(session, row.lesson_id, FactBatch((), (counted,)))

    async def _counted(
        self, session: AsyncSession, actor: Actor, row: LedgerUnitRow
    ) -> LedgerUnitRow:
        """Count the unit's lesson anew; a unit of a deleted lesson keeps what it was."""
        now: datetime = self._clock.now()
        await self._counting.count(session, [row.lesson_id], now, actor.name)
        await session.flush()
        return row


def _told(row: LedgerUnitRow, **facts: object) -> str:
    return detail_of(room=f"{row.school} {row.room}", **facts)


def _demand_version(row: LedgerUnitRow, version: int) -> None:
    if row.version != version:
        raise ChangedMeanwhile(facts={"version": row.version})


def _demand_note(reason: MissedReason, note: str | None) -> None:
    if reason is MissedReason.OTHER and not note:
        raise Invalid(code=ProblemCode.NOTE_MISSING, field="note")
