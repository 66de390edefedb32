"""The actions on consents: record, change, withdraw."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.actions import Action
from signaling.access.grants import demand_somewhere
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.facts import detail_of
from signaling.audit.log import SYSTEM, AuditLog, Work
from signaling.base.clock import Clock
from signaling.base.database import Database
from signaling.base.errors import ChangedMeanwhile, Invalid, Refused, Taken
from signaling.base.ids import new_id
from signaling.base.problem_codes import ProblemCode
from signaling.consent import store
from signaling.consent.asked import TermBook, TermFacts
from signaling.consent.events import ConsentEnd
from signaling.consent.reading import demanded
from signaling.consent.rules import (
    LONGEST_COVER,
    LONGEST_SHOWN,
    Given,
    completed,
    narrower,
    overlapping,
)
from signaling.consent.store import ClassConsent, given_of
from signaling.consent.tables import ConsentRow
from signaling.consent.visibility import demand
from signaling.consent.wire import (
    Consent,
    ConsentChange,
    ConsentFile,
    ConsentForm,
    ConsentRecord,
    ConsentWithdraw,
    WithdrawalReason,
)
from signaling.files.keeping import Files
from signaling.files.wire import FilePurpose

CONSENT_LOCK = 0x544B_434E  # PostgreSQL advisory lock: one writer of consents at a time
# Scanned pages are evidence for so long after the last day (Civil Code art. 188: three years).
EVIDENCE = timedelta(days=3 * 366)
_AT_ONCE = 50  # consents whose end is told after one look
_LOOKS = 20  # of one round: the end of a term may be that of thousands


class ConsentDesk:
    """Keeps consents."""

    def __init__(
        self,
        *,
        database: Database,
        terms: TermBook,
        files: Files,
        audit: AuditLog,
        clock: Clock,
        zone: tzinfo,
    ) -> None:
        self._database = database
        self._terms = terms
        self._files = files
        self._audit = audit
        self._clock = clock
        self._zone = zone

    async def record(self, actor: Actor, wish: ConsentRecord) -> Consent:
        """登记: record the consent of a class in a term.

        Raises:
            Forbidden, NotFound: no class for which the actor keeps consents.
            Invalid: a field cannot be.
            Taken: the class has a consent that stands, in this term or on one of its days.
        """
        demand_somewhere(actor, Action.KEEP_CONSENT)
        action = AuditAction.CONSENT_RECORD
        async with self._audit.work(actor, action, new_id()) as work:
            session = work.session
            await self._database.serialize(session, CONSENT_LOCK)
            place = await store.class_in(session, wish.class_id, wish.term_id)
            if place is None:
                raise Invalid(code=ProblemCode.UNKNOWN_CLASS, field="class_id")
            demand(actor, Action.KEEP_CONSENT, place.school_id, place.path)
            if place.consent is not None and place.consent.withdrawn_at is None:
                raise Taken(code=ProblemCode.CONSENT_STANDS, field="term_id")
            row = ConsentRow(
                consent_id=work.target,
                class_id=wish.class_id,
                term_id=wish.term_id,
                version=1,
                newest=True,
                over_told=False,
            )
            await self._fill(session, actor, row, place, wish)
            await store.add_newest(session, row)
            files = await self._take_files(work, actor, row, wish.file_ids)
            _concerns(work, place, wish)
        return store.consent_of(row, files)

    async def change(self, actor: Actor, consent_id: str, wish: ConsentChange) -> Consent:
        """修改: change a consent that stands.

        Raises:
            NotFound, Forbidden: no consent that the actor keeps.
            ChangedMeanwhile: it is another than the actor saw.
            Refused: it was withdrawn.
            Invalid, Taken: as `record`.
        """
        async with self._audit.work(actor, AuditAction.CONSENT_CHANGE, consent_id) as work:
            row, place = await self._standing(work, actor, consent_id, wish.version)
            before = given_of(row)
            await self._fill(work.session, actor, row, place, wish)
            row.version += 1
            row.over_told = False
            files = await self._take_files(work, actor, row, wish.file_ids)
            _concerns(work, place, wish)
            if narrower(before, given_of(row)):
                self._end(work, row, place, ConsentEnd.NARROWED, before)
        return store.consent_of(row, files)

    async def withdraw(self, actor: Actor, consent_id: str, wish: ConsentWithdraw) -> Consent:
        """撤回: end a consent for good; who shows the class hears of it.

        Raises:
            NotFound, Forbidden, ChangedMeanwhile, Refused: as `change`.
            Invalid: the day cannot be, or the note that says why is missing.
        """
        if wish.reason is WithdrawalReason.OTHER and wish.note is None:
            raise Invalid(code=ProblemCode.NOTE_MISSING, field="note")
        now = self._clock.now()
        async with self._audit.work(actor, AuditAction.CONSENT_WITHDRAW, consent_id) as work:
            row, place = await self._standing(work, actor, consent_id, wish.version)
            if not row.given_on <= wish.on <= self._today():
                raise Invalid(code=ProblemCode.TIME_OUT_OF_RANGE, field="on")
            row.withdrawn_on, row.withdrawn_reason = wish.on, wish.reason
            row.withdrawn_note = wish.note or ""
            row.withdrawn_at, row.withdrawn_by = now, actor.name
            row.version += 1
            work.concerns(place.path, place.name)
            work.detail = detail_of(withdrawal=wish.reason, note=wish.note, date=str(wish.on))
            self._end(work, row, place, ConsentEnd.WITHDRAWN)
            files = (await store.files_of(work.session, [consent_id]))[consent_id]
            await self._files.keep_until(
                work, [one.file_id for one in files], self._evidence_end(self._today())
            )
        return store.consent_of(row, files)

    async def tell_over(self) -> None:
        """Tell of consents whose last day is over, each in a transaction of its own.

        A call tells of a thousand at most; the next one goes on.
        """
        after = ""
        for _ in range(_LOOKS):
            async with self._database.read() as session:
                ids = await store.over(session, self._today(), after, _AT_ONCE)
            for after in ids:  # one that cannot be told keeps no other from it
                await self._tell_over(after)
            if len(ids) < _AT_ONCE:
                return

    # --- inside ----------------------------------------------------------------------------------

    async def _tell_over(self, consent_id: str) -> None:
        async with self._audit.work(SYSTEM, AuditAction.CONSENT_EXPIRE, consent_id) as work:
            row = await work.session.get(ConsentRow, consent_id)
            place = None
            if row is not None and row.withdrawn_at is None and row.until < self._today():
                place = await store.class_in(work.session, row.class_id, row.term_id)
            if row is None or place is None or row.over_told:
                work.nothing_to_do()  # somebody changed it meanwhile
                return
            row.over_told = True
            work.concerns(place.path, place.name)
            work.detail = detail_of(until=str(row.until))
            self._end(work, row, place, ConsentEnd.EXPIRED)

    def _today(self) -> date:
        return self._clock.now().astimezone(self._zone).date()

    def _end(
        self,
        work: Work,
        row: ConsentRow,
        place: ClassConsent,
        cause: ConsentEnd,
        before: Given | None = None,
    ) -> None:
        """Tell who shows the class that it may be shown no longer, or less, and keep that.

        `before` is the consent before a change.
        """
        meant = before or given_of(row)
        row.ended_at, row.ended_cause = self._clock.now(), cause
        row.ended_from, row.ended_to = meant.covers_from, meant.covers_to
        work.tell(store.end_of(row, place.school_id))

    def _evidence_end(self, last: date) -> datetime:
        return datetime.combine(last + EVIDENCE, time(), UTC)

    async def _standing(
        self, work: Work, actor: Actor, consent_id: str, version: int
    ) -> tuple[ConsentRow, ClassConsent]:
        """Return a consent that the actor may change, as the actor saw it."""
        await self._database.serialize(work.session, CONSENT_LOCK)
        row, place = await demanded(work.session, actor, Action.KEEP_CONSENT, consent_id)
        if row.version != version:
            raise ChangedMeanwhile(facts={"version": row.version})
        if row.withdrawn_at is not None:
            raise Refused(code=ProblemCode.CONSENT_WITHDRAWN)
        return row, place

    async def _fill(
        self,
        session: AsyncSession,
        actor: Actor,
        row: ConsentRow,
        place: ClassConsent,
        wish: ConsentForm,
    ) -> None:
        """Write a form into a row. Raises Invalid, Taken."""
        term = await self._terms.term(session, row.term_id)
        if term is None or term.county_id != place.county_id:
            raise Invalid(code=ProblemCode.UNKNOWN_TERM, field="term_id")
        _demand_days(wish, term, self._today())
        if wish.refusals > wish.pupils:
            raise Invalid("more refusals than pupils", field="refusals")
        row.given_on, row.pupils, row.refusals = wish.given_on, wish.pupils, wish.refusals
        row.purposes = ",".join(completed(wish.purposes))
        row.remedy = wish.remedy if wish.refusals > 0 else None
        row.covers_from, row.covers_to, row.until = wish.covers_from, wish.covers_to, wish.until
        row.note = wish.note or ""
        row.recorded_at, row.by_id, row.by_name = self._clock.now(), actor.actor_id, actor.name
        if overlapping(given_of(row), await store.standing_beside(session, row)):
            raise Taken(code=ProblemCode.CONSENT_OVERLAPS, field="covers_from")

    async def _take_files(
        self, work: Work, actor: Actor, row: ConsentRow, file_ids: Sequence[str]
    ) -> list[ConsentFile]:
        """Make uploads of the actor, and pages that are there, the pages of a consent."""
        known = {
            one.file_id: one
            for one in (await store.files_of(work.session, [row.consent_id]))[row.consent_id]
        }
        end = self._evidence_end(row.until)
        taken = await self._files.take_over(
            work,
            actor.actor_id,
            [one for one in file_ids if one not in known],
            FilePurpose.CONSENT_FORM,
            owner_id=row.consent_id,
            expires_at=end,
        )
        pages: dict[str, ConsentFile] = {}
        for number, file_id in enumerate(file_ids):
            if file_id in known:
                pages[file_id] = known[file_id]
            elif file_id in taken:
                pages[file_id] = ConsentFile(file_id, taken[file_id].name, taken[file_id].size)
            else:
                raise Invalid(code=ProblemCode.FILE_NOT_FOUND, field=f"file_ids[{number}]")
        await self._files.keep_until(work, [one for one in pages if one in known], end)
        await self._files.keep_until(work, [*(known.keys() - pages)], self._clock.now())
        await store.put_files(work.session, row.consent_id, [*pages.values()])
        return [*pages.values()]


def _demand_days(wish: ConsentForm, term: TermFacts, today: date) -> None:
    """Raise Invalid unless the days of a form fit each other, the term and today."""
    if wish.given_on > today:
        raise Invalid(code=ProblemCode.TIME_OUT_OF_RANGE, field="given_on")
    if wish.covers_to < wish.covers_from:
        raise Invalid(code=ProblemCode.ENDS_BEFORE_START, field="covers_to")
    if wish.covers_to - wish.covers_from > LONGEST_COVER:
        raise Invalid(code=ProblemCode.TIME_OUT_OF_RANGE, field="covers_to")
    if wish.covers_to < term.first or wish.covers_from > term.last:
        raise Invalid(code=ProblemCode.OUTSIDE_TERM, field="covers_from")
    if wish.until < wish.covers_from:
        raise Invalid(code=ProblemCode.ENDS_BEFORE_START, field="until")
    if wish.until - wish.covers_to > LONGEST_SHOWN:
        raise Invalid(code=ProblemCode.TIME_OUT_OF_RANGE, field="until")


def _concerns(work: Work, place: ClassConsent, wish: ConsentForm) -> None:
    work.concerns(place.path, place.name)
    work.detail = detail_of(
        widest=completed(wish.purposes)[-1],
        pupils=wish.pupils,
        refusals=wish.refusals,
        remedy=wish.remedy,
        until=str(wish.until),
    )
