"""Consents as their readers ask for them: the list of a term, and one class."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, tzinfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.actions import Action
from signaling.access.grants import demand_somewhere
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.log import AuditLog
from signaling.base.clock import Clock
from signaling.base.database import Database
from signaling.base.errors import Invalid, NotFound
from signaling.base.problem_codes import ProblemCode
from signaling.consent import store
from signaling.consent.asked import ClassDays, RecordedLessons, TermBook, TermFacts
from signaling.consent.store import ClassConsent, Search
from signaling.consent.tables import ConsentRow
from signaling.consent.visibility import demand, may, readable
from signaling.consent.wire import (
    Consent,
    ConsentCount,
    ConsentEffect,
    ConsentLine,
    ConsentOfClass,
    ConsentPage,
    ConsentState,
    ConsentTerm,
)
from signaling.directory.tables import SchoolRow

_PART = 25  # lines made in one step of the loop, which forwards media


@dataclass(frozen=True, slots=True)
class Question:
    """Question of a reader to the list."""

    county_id: str | None = None
    term_id: str | None = None
    school_id: str | None = None
    state: ConsentState | None = None
    words: str = ""
    after: str | None = None


class ConsentReader:
    """Reads consents for those who may see them."""

    def __init__(
        self,
        *,
        database: Database,
        terms: TermBook,
        lessons: RecordedLessons,
        audit: AuditLog,
        clock: Clock,
        zone: tzinfo,
    ) -> None:
        self._database = database
        self._audit = audit
        self._terms = terms
        self._lessons = lessons
        self._clock = clock
        self._zone = zone

    def today(self) -> date:
        """Return the county's day."""
        return self._clock.now().astimezone(self._zone).date()

    async def listed(self, actor: Actor, question: Question, limit: int) -> ConsentPage:
        """Return a page of the classes of a term, by default that of the actor's county by now.

        Raises:
            Forbidden: the actor reads no consents at all.
            NotFound: the actor reads none in that county, or there is no such term.
            Invalid: `after` is no place of the list.
        """
        demand_somewhere(actor, Action.READ_CONSENT)
        today = self.today()
        async with self._database.read() as session:
            county_id, term = await self._term_of(session, actor, question)
            search = Search(
                readable(actor),
                county_id,
                "" if term is None else term.term_id,
                today,
                question.words,
                question.school_id,
                question.state,
            )
            found, following = await store.page(session, search, limit, question.after)
            counted = await store.counts(session, search)
            lines = await shown(session, actor, found, today)
        tally = tuple(ConsentCount(one, counted.get(one, 0)) for one in ConsentState)
        return ConsentPage(_term(term), tuple(lines), tally, following)

    async def of_class(self, actor: Actor, class_id: str, term_id: str | None) -> ConsentOfClass:
        """Return a class in a term, with its history. Raises NotFound."""
        async with self._database.read() as session:
            one = await store.class_in(session, class_id, "")
            if one is None:
                raise NotFound(code=ProblemCode.UNKNOWN_CLASS)
            demand(actor, Action.READ_CONSENT, one.school_id, one.path)
            if term_id is None:
                term = await self._terms.now(session, one.county_id, self.today())
            else:
                term = await self._terms.term(session, term_id)
                if term is None or term.county_id != one.county_id:
                    raise NotFound(code=ProblemCode.UNKNOWN_TERM, field="term")
            in_term = "" if term is None else term.term_id
            one = await store.class_in(session, class_id, in_term) or one
            (line,) = await shown(session, actor, [one], self.today())
            rows = await store.former(session, class_id, in_term)
            files = await store.files_of(session, [row.consent_id for row in rows])
        past = tuple(store.consent_of(row, files[row.consent_id]) for row in rows)
        return ConsentOfClass(_term(term), line, past)

    async def get(self, actor: Actor, consent_id: str) -> Consent:
        """Return one consent. Raises NotFound."""
        async with self._database.read() as session:
            row, _ = await demanded(session, actor, Action.READ_CONSENT, consent_id)
            files = await store.files_of(session, [consent_id])
        return store.consent_of(row, files[consent_id])

    async def note_page_read(self, actor: Actor, consent_id: str, file_id: str) -> None:
        """Note that the actor reads a scanned page: it names pupils and guardians.

        Whoever sees personal information of minors is recorded (未成年人网络保护条例, article 36).
        Raises NotFound.
        """
        async with self._audit.work(actor, AuditAction.CONSENT_PAGE_READ, consent_id) as work:
            _, place = await demanded(work.session, actor, Action.READ_CONSENT, consent_id)
            pages = (await store.files_of(work.session, [consent_id]))[consent_id]
            page = next((one for one in pages if one.file_id == file_id), None)
            if page is None:
                raise NotFound(code=ProblemCode.FILE_NOT_FOUND)
            work.concerns(place.path, place.name)
            work.detail = page.name

    async def effect(self, actor: Actor, consent_id: str) -> ConsentEffect:
        """Tell what a withdrawal would reach. Raises NotFound, Forbidden."""
        async with self._database.read() as session:
            row, place = await demanded(session, actor, Action.KEEP_CONSENT, consent_id)
            wanted = ClassDays(row.class_id, place.school_id, row.covers_from, row.covers_to)
            return await self._lessons.effect(session, wanted)

    async def term_to_export(self, actor: Actor, term_id: str) -> TermFacts:
        """Return a term of which the actor reads consents. Raises Invalid."""
        async with self._database.read() as session:
            term = await self._terms.term(session, term_id)
            if term is None or not await _reads_in(session, actor, term.county_id):
                raise Invalid(code=ProblemCode.UNKNOWN_TERM, field="term_id")
        return term

    async def _term_of(
        self, session: AsyncSession, actor: Actor, question: Question
    ) -> tuple[str, TermFacts | None]:
        """Return the county and the term that are asked for. Raises NotFound."""
        if question.term_id is not None:
            term = await self._terms.term(session, question.term_id)
            if term is None or not await _reads_in(session, actor, term.county_id):
                raise NotFound(code=ProblemCode.UNKNOWN_TERM, field="term")
            return term.county_id, term
        county_id = question.county_id or await _own_county(session, actor)
        if not await _reads_in(session, actor, county_id):
            raise NotFound(code=ProblemCode.UNKNOWN_COUNTY, field="county")
        return county_id, await self._terms.now(session, county_id, self.today())


async def demanded(
    session: AsyncSession, actor: Actor, action: Action, consent_id: str
) -> tuple[ConsentRow, ClassConsent]:
    """Return a consent with its class. Raises NotFound, Forbidden."""
    row = await session.get(ConsentRow, consent_id)
    place = None if row is None else await store.class_in(session, row.class_id, row.term_id)
    if row is None or place is None:
        raise NotFound()
    demand(actor, action, place.school_id, place.path)
    return row, place


async def shown(
    session: AsyncSession, actor: Actor, found: Sequence[ClassConsent], today: date
) -> list[ConsentLine]:
    """Return classes as the API shows them."""
    kept = [one.consent.consent_id for one in found if one.consent is not None]
    files = await store.files_of(session, kept)
    lines: list[ConsentLine] = []
    for number, one in enumerate(found):
        if number % _PART == 0:
            await asyncio.sleep(0)
        row = one.consent
        lines.append(
            ConsentLine(
                class_id=one.class_id,
                class_name=one.name,
                grade=one.grade,
                pupils=one.pupils,
                school_id=one.school_id,
                school=one.school,
                state=one.state(today),
                consent=None if row is None else store.consent_of(row, files[row.consent_id]),
                may_keep=may(actor, Action.KEEP_CONSENT, one.school_id, one.path),
            )
        )
    return lines


def _term(term: TermFacts | None) -> ConsentTerm | None:
    return None if term is None else ConsentTerm(term.term_id, term.name, term.first, term.last)


async def _own_county(session: AsyncSession, actor: Actor) -> str:
    """Return the actor's county, or else the first in which there is something to read."""
    if actor.county:
        return actor.county.rstrip("/").rpartition("/")[2]
    query = select(SchoolRow.county_id).where(readable(actor)).order_by(SchoolRow.county_id)
    found = await session.scalar(query.limit(1))
    if found is None:
        raise NotFound(code=ProblemCode.UNKNOWN_COUNTY, field="county")
    return found


async def _reads_in(session: AsyncSession, actor: Actor, county_id: str) -> bool:
    if actor.county.endswith(f"/{county_id}/"):
        return True
    query = select(SchoolRow.school_id).where(SchoolRow.county_id == county_id, readable(actor))
    return await session.scalar(query.limit(1)) is not None
