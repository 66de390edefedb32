"""Jobs of imports, carried out in worker processes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta, tzinfo

from sqlalchemy.ext.asyncio import AsyncSession

from signaling.audit.actions import AuditAction
from signaling.base.errors import Busy, ChangedMeanwhile
from signaling.directory.branches import concerns_node
from signaling.jobs.kinds import JobContext, JobKinds
from signaling.lessons.store import LessonStore
from signaling.timetable.imports.batches import Batches, bear
from signaling.timetable.imports.errors import demand_ready
from signaling.timetable.imports.exporting import make_workbook
from signaling.timetable.imports.kinds import (
    APPLY_IMPORT,
    MAKE_WORKBOOK,
    READ_IMPORT,
    ApplyTask,
    ReadTask,
)
from signaling.timetable.imports.lines import lines_of
from signaling.timetable.imports.records import ImportRecord
from signaling.timetable.imports.staging import Stage
from signaling.timetable.imports.store import (
    import_of,
    timetable_mark,
    write_import,
    write_lines,
)
from signaling.timetable.imports.trial import Trial, Trials
from signaling.timetable.imports.wire import ImportResult, ImportState
from signaling.timetable.judging import Judge
from signaling.timetable.lesson_book import Mark
from signaling.timetable.wire import ChangeKind


@dataclass(frozen=True, slots=True)
class _Agreed:
    """Agreed import: its record, its dry run, its stage, and the timetable that it builds on."""

    record: ImportRecord
    trial: Trial
    stage: Stage
    mark: str


class ImportJobs:
    """Carries out the jobs of imports."""

    def __init__(self, zone: tzinfo, longest: timedelta, relay_mbps: int) -> None:
        """Make it; see `Judge` for the settings."""
        self._batches = Batches(Judge(zone, longest, relay_mbps), zone, longest)
        self._trials = Trials(self._batches)

    def add_to(self, kinds: JobKinds) -> JobKinds:
        """Add the kinds to a registry."""
        kinds.add(READ_IMPORT, self.read).add(APPLY_IMPORT, self.apply)
        return kinds.add(MAKE_WORKBOOK, make_workbook)

    async def read(self, context: JobContext, task: ReadTask) -> ImportResult:
        """Make a dry run and keep its lines."""
        async with context.database.read() as session:
            record = await _current(session, task.import_id, task.version)
            trial = await self._run(context, session, record)
            lines = await lines_of(session, trial)
        counts = trial.counts
        result = ImportResult(record.import_id, counts)
        done = replace(
            record,
            state=ImportState.OPEN if counts.questions else ImportState.READY,
            counts=counts,
            digest=trial.digest,
            version=record.version + 1,
        )
        action = AuditAction.TIMETABLE_IMPORT_READ
        async with context.audit.work(
            context.actor, action, record.import_id, record.file_name
        ) as work:
            context.finish(result)
            await concerns_node(work, record.school_id or record.county_id, record.file_name)
            if not await write_import(work, done, record.version):
                raise _changed(record)
            await write_lines(work, record.import_id, lines)
        return result

    async def apply(self, context: JobContext, task: ApplyTask) -> ImportResult:
        """Do what the dry run showed, in one transaction.

        The dry run is made again. Where it would do something else than what was agreed to, nothing
        is done.
        """
        async with context.database.read() as session:
            record = await _current(session, task.import_id, task.version)
            mark = await timetable_mark(session, record.term_id)
            trial = await self._run(context, session, record)
        if trial.digest != record.digest:
            raise _changed(record)
        demand_ready(trial.counts, skip_unread=task.skip_unread, waiver=task.waiver)
        if task.waiver is not None:
            bear(trial.batch, task.waiver)
        stage = Stage(context.database, record.import_id, record.term_id)
        await stage.clear()  # of a run that broke off
        try:
            new = [entry for entry in trial.batch.entries if entry.is_new]
            await stage.put(new, trial.frame.now, context.progress)
            return await self._finish(context, task, _Agreed(record, trial, stage, mark))
        except Exception:
            await stage.clear()
            raise

    async def _finish(self, context: JobContext, task: ApplyTask, agreed: _Agreed) -> ImportResult:
        """Show what is staged, and write everything else, in one transaction."""
        record, trial = agreed.record, agreed.trial
        result = ImportResult(record.import_id, trial.counts)
        version = record.version + 1
        done = replace(record, state=ImportState.APPLIED, counts=trial.counts, version=version)
        action, detail = AuditAction.TIMETABLE_IMPORT_APPLY, _detail(record, task)
        async with context.audit.work(context.actor, action, record.import_id, detail) as work:
            context.finish(result)
            await concerns_node(work, record.school_id or record.county_id, record.file_name)
            await LessonStore(context.database).lock_creation(work)
            if await timetable_mark(work.session, record.term_id) != agreed.mark:
                raise Busy("the timetable changed meanwhile")  # the job is run again
            if not await write_import(work, done, record.version):
                raise _changed(record)
            by = Mark(ChangeKind.PLAN, context.actor, context.clock.now(), waiver=task.waiver)
            await agreed.stage.show(work.session)
            await self._batches.write(work.session, trial.batch, by)
        return result

    async def _run(self, context: JobContext, session: AsyncSession, record: ImportRecord) -> Trial:
        data = await context.files.read(record.owner_id, record.file_id)
        context.progress(0, 0)
        now = context.clock.now()
        return await self._trials.run(session, context.actor, record, data, now)


async def _current(session: AsyncSession, import_id: str, version: int) -> ImportRecord:
    """Return the import that a job is about. Raises ChangedMeanwhile."""
    record = await import_of(session, import_id)
    if record is None or record.version != version:
        raise ChangedMeanwhile()
    return record


def _changed(record: ImportRecord) -> ChangedMeanwhile:
    return ChangedMeanwhile(facts={"version": record.version})


def _detail(record: ImportRecord, task: ApplyTask) -> str:
    return record.file_name if task.waiver is None else f"{record.file_name}: {task.waiver}"
