"""A unit with its evidence: who was there, how many, what they saw, what was changed."""

from __future__ import annotations

import msgspec

from signaling.access.roles import Actor
from signaling.base.database import Database
from signaling.ledger.core.formula import FormulaSettings, needed_s
from signaling.ledger.core.measures import Measures, figures
from signaling.ledger.plans import PlannedLessons
from signaling.ledger.plays import PlayedLessons
from signaling.ledger.tables import CorrectionRow
from signaling.ledger.units import corrections_of, reasons_of, shown, visible_unit
from signaling.ledger.wire import LedgerCorrection, LedgerEvidence, PresenceSpan
from signaling.lessons.facts import fact_sheets
from signaling.lessons.seats import LEAD_PARTICIPANT, room_participant
from signaling.lessons.tables import LessonRow


class Evidence:
    """The evidence of units."""

    def __init__(
        self,
        database: Database,
        plans: PlannedLessons,
        plays: PlayedLessons,
        settings: FormulaSettings,
    ) -> None:
        self._database = database
        self._plans = plans
        self._plays = plays
        self._settings = settings

    async def of(self, actor: Actor, lesson_id: str, room_id: str) -> LedgerEvidence:
        """Return a unit with its evidence. Raises NotFound."""
        async with self._database.read() as session:
            row = await visible_unit(session, actor, lesson_id, room_id)
            lesson = await session.get(LessonRow, lesson_id)  # may be gone
            sheet = (await fact_sheets(session, [lesson_id]))[lesson_id]
            reasons = await reasons_of(session, row)
            changes = await self._plans.changes(session, lesson_id)
            corrections = await corrections_of(session, row)
            pushed = (await self._plays.played(session, [lesson_id])).get(lesson_id)
            played = await self._plays.resources(session, lesson_id, room_id)
        who = room_participant(room_id)
        counts = (one.changes for one in sheet.headcounts if one.participant_id == who)
        return LedgerEvidence(
            unit=shown(row, actor),
            held_from=None if lesson is None else lesson.held_from,
            held_to=None if lesson is None else lesson.held_to,
            cancel_reason=None if lesson is None else lesson.cancel_reason,
            recording_id=None if lesson is None else lesson.recording_id,
            presence=tuple(
                PresenceSpan(spell.participant_id, spell.joined_at, spell.left_at, spell.exact)
                for spell in sheet.spells
                if spell.participant_id in {who, LEAD_PARTICIPANT}
            ),
            headcounts=next(counts, ()),
            seen_seconds=round(sheet.seen_s.get(who, 0.0)),
            reasons=reasons,
            changes=tuple(changes),
            corrections=tuple(correction_shown(one) for one in corrections),
            played=tuple(played),
            needed_seconds=None
            if pushed is None
            else round(needed_s(pushed.length_s, row.starts_at, row.ends_at, self._settings)),
        )


def correction_shown(row: CorrectionRow) -> LedgerCorrection:
    """Return a correction as the API shows it."""
    return LedgerCorrection(
        correction_id=row.correction_id,
        at=row.at,
        by=row.by_name,
        month=row.month,
        day=row.day,
        lesson_id=row.lesson_id,
        room_id=row.room_id,
        school=row.school,
        class_name=row.class_name,
        subject=row.subject,
        before=figures(msgspec.convert(row.before, Measures)),
        after=figures(msgspec.convert(row.after, Measures)),
    )
