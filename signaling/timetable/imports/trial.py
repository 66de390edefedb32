"""The dry run of an import: all that applying would do, and all that stands in its way."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.actions import Action
from signaling.access.roles import Actor
from signaling.base.errors import NotFound
from signaling.base.problem_codes import ProblemCode
from signaling.files.workbooks.reading import read_workbook
from signaling.files.workbooks.refusals import WorkbookRefused
from signaling.timetable.core.codes import ClashLevel
from signaling.timetable.imports.batches import Batch, Batches, Frame, planned_of
from signaling.timetable.imports.core.catalogue import Catalogue
from signaling.timetable.imports.core.comparing import Comparison, compare
from signaling.timetable.imports.core.drafts import Finding, Reading
from signaling.timetable.imports.core.names import TooManyQuestions
from signaling.timetable.imports.core.reading import read_drafts
from signaling.timetable.imports.core.resolving import Resolution, resolve
from signaling.timetable.imports.county_names import load_catalogue
from signaling.timetable.imports.errors import UnusableWorkbook
from signaling.timetable.imports.records import ImportRecord
from signaling.timetable.imports.store import answers_of
from signaling.timetable.imports.wire import ImportCounts
from signaling.timetable.scopes import demand_county
from signaling.timetable.tables import TermRow
from signaling.timetable.terms import term_of


@dataclass(frozen=True, slots=True)
class Trial:
    """Outcome of a dry run."""

    catalogue: Catalogue
    frame: Frame
    reading: Reading
    resolution: Resolution
    comparison: Comparison
    batch: Batch
    remove_missing: bool

    @property
    def findings(self) -> list[Finding]:
        """All cells that were not read or cannot be, in the order in which they were met."""
        refused = [
            Finding(wanted.sources[0], reason, wanted.wish.subject)
            for wanted, reason in self.batch.refused
        ]
        return [*self.reading.findings, *self.resolution.findings, *refused]

    @property
    def counts(self) -> ImportCounts:
        """The figures."""
        found, batch = self.comparison, self.batch
        missing = len(found.missing)
        return ImportCounts(
            added=sum(entry.is_new for entry in batch.entries),
            changed=sum(not entry.is_new for entry in batch.entries),
            unchanged=len(found.unchanged),
            missing=0 if self.remove_missing else missing,
            removed=missing if self.remove_missing else 0,
            lessons=batch.lessons,
            skipped=self.resolution.skipped,
            waiting=self.resolution.waiting,
            questions=len(self.resolution.questions),
            findings=len(self.findings),
            hard_clashes=batch.count(ClashLevel.HARD),
            soft_clashes=batch.count(ClashLevel.SOFT),
        )

    @property
    def digest(self) -> str:
        """A name for what applying would do: two dry runs with one name do the same."""
        entries = self.batch.entries
        added = [entry.wanted.wish for entry in entries if entry.is_new]
        changed = [
            (entry.settling.plan.plan_id, entry.settling.plan.version, entry.wanted.wish)
            for entry in entries
            if not entry.is_new
        ]
        removed = [(plan.plan_id, plan.version) for plan in self.batch.ended]
        return _digest((added, changed, removed))


class Trials:
    """Makes dry runs. Slow work: for worker processes only."""

    def __init__(self, batches: Batches) -> None:
        self._batches = batches

    async def run(
        self, session: AsyncSession, actor: Actor, record: ImportRecord, data: bytes, now: datetime
    ) -> Trial:
        """Read a file, match it and try it.

        Raises:
            NotFound: county or term are gone, or not the actor's any more.
            Forbidden: the actor may only read them.
            UnusableWorkbook: the file cannot be read.
        """
        await demand_county(session, actor, Action.MANAGE_TIMETABLE, record.county_id)
        row = await session.get(TermRow, record.term_id)
        if row is None or row.county_id != record.county_id:
            raise NotFound(code=ProblemCode.UNKNOWN_TERM, field="term_id")
        term = term_of(row)
        frame = Frame(record.import_id, record.county_id, record.term_id, term, now)
        catalogue = await load_catalogue(session, actor, record.county_id, term, now)
        answers = await answers_of(session, record.county_id)
        school_id = record.school_id or ""
        try:
            workbook = read_workbook(data)
            reading = read_drafts(workbook, catalogue, answers, row.weeks, bool(school_id))
            resolution = resolve(reading.drafts, catalogue, answers, row.weeks, school_id)
        except WorkbookRefused as refused:
            code = ProblemCode(refused.code)
            raise UnusableWorkbook(code=code, field="file_id", facts=refused.facts) from None
        except TooManyQuestions:
            code = ProblemCode.IMPORT_WRONG_COUNTY
            raise UnusableWorkbook(code=code, field="file_id") from None
        plans = await self._batches.plans(session, frame)
        comparison = compare(resolution.wanted, map(planned_of, plans.values()))
        batch = await self._batches.prepare(
            session, frame, plans, comparison, record.remove_missing
        )
        return Trial(
            catalogue, frame, reading, resolution, comparison, batch, record.remove_missing
        )


def _digest(parts: Iterable[Iterable[object]]) -> str:
    """Return a digest in which the order of wishes does not count."""
    found = hashlib.sha256()
    for part in parts:
        for one in sorted(msgspec.json.encode(item) for item in part):
            found.update(one + b"\n")
        found.update(b"\n")
    return found.hexdigest()
