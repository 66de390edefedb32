"""导入课表: making an import, answering what it asks, applying it, and looking at it."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.actions import Action
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.log import AuditLog, Work
from signaling.base.clock import Clock
from signaling.base.cursors import BadPlace, cursor_of, read_cursor
from signaling.base.database import Database
from signaling.base.errors import ChangedMeanwhile, Invalid, Malformed, NotFound
from signaling.base.events import Events
from signaling.base.ids import new_id
from signaling.base.problem_codes import ProblemCode
from signaling.directory.branches import concerns_node
from signaling.directory.tables import RoomRow
from signaling.files.keeping import Files
from signaling.files.wire import FilePurpose
from signaling.jobs.events import JobEnded
from signaling.jobs.records import JobRecord
from signaling.jobs.rules import OPEN_STATES
from signaling.jobs.service import JobService
from signaling.jobs.store import JobStore
from signaling.jobs.wire import JobState
from signaling.timetable.events import TimetableChanged
from signaling.timetable.imports import wire as w
from signaling.timetable.imports.core.answers import Asked, asked
from signaling.timetable.imports.errors import ImportNotReady, ImportUnderWay, demand_ready
from signaling.timetable.imports.kinds import APPLY_IMPORT, READ_IMPORT, ApplyTask, ReadTask
from signaling.timetable.imports.records import ImportRecord, Part
from signaling.timetable.imports.rules import is_sound
from signaling.timetable.imports.store import (
    add_import,
    drop_answers,
    import_of,
    import_of_job,
    keep_answers,
    page_of_imports,
    page_of_lines,
    write_import,
)
from signaling.timetable.scopes import demand_county, own_county, paths_of
from signaling.timetable.tables import PlannedLessonRow, PlanRoomRow, PlanRow, TermRow

MAX_TOLD = 200  # lessons that the event of an applied import names


class Imports:
    """The actions on imports."""

    def __init__(
        self,
        *,
        database: Database,
        audit: AuditLog,
        clock: Clock,
        jobs: JobService,
        job_store: JobStore,
        files: Files,
        events: Events,
    ) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._jobs = jobs
        self._job_store = job_store
        self._files = files
        self._events = events

    # --- reading ---------------------------------------------------------------------------------

    async def listed(
        self, actor: Actor, county_id: str | None, after: str | None
    ) -> w.TimetableImportList:
        """Return a page of a county's imports, newest first.

        Raises:
            NotFound: there is no such county for the actor.
            Forbidden: the actor may only read.
            Malformed: the cursor is none of this list.
        """
        try:
            place = None if after is None else read_cursor(after)
        except BadPlace:
            raise Malformed(code=ProblemCode.BAD_CURSOR, field="after") from None
        async with self._database.read() as session:
            county = await own_county(session, actor, county_id)
            await demand_county(session, actor, Action.MANAGE_TIMETABLE, county)
            found, following = await page_of_imports(session, county, place)
        shown = [await self._shown(record) for record in found]
        return w.TimetableImportList(
            tuple(shown), None if following is None else cursor_of(following)
        )

    async def get(self, actor: Actor, import_id: str) -> w.TimetableImport:
        """Return one import. Raises NotFound, Forbidden."""
        async with self._database.read() as session:
            record = await _managed(session, actor, import_id)
        return await self._shown(record)

    async def lines(
        self, actor: Actor, import_id: str, part: Part, after: str | None
    ) -> tuple[list[bytes], str | None]:
        """Return a page of the lines of the newest dry run, as JSON. Raises NotFound, Malformed."""
        place = after or "0"
        if not (place.isascii() and place.isdigit() and len(place) < 8):
            raise Malformed(code=ProblemCode.BAD_CURSOR, field="after")
        async with self._database.read() as session:
            await _managed(session, actor, import_id)
            bodies, following = await page_of_lines(session, import_id, part, int(place))
        return bodies, None if following is None else str(following)

    # --- actions ---------------------------------------------------------------------------------

    async def create(self, actor: Actor, wish: w.ImportCreate) -> w.TimetableImport:
        """Take an uploaded file in, and begin its dry run.

        Raises:
            NotFound: no such file of the actor's, or no such term for the actor.
            Forbidden: the actor may only read the county.
            Invalid: the school is none of the county's.
            TooManyJobs: the actor has all the jobs under way that there may be.
        """
        file = await self._files.ready(actor.actor_id, wish.file_id, FilePurpose.IMPORT_WORKBOOK)
        action = AuditAction.TIMETABLE_IMPORT_CREATE
        async with self._audit.work(actor, action, detail=file.name) as work:
            county_id = await _county_of(work.session, wish.term_id)
            await _demand_school(work.session, actor, county_id, wish.school_id)
            record = ImportRecord(
                import_id=new_id(),
                county_id=county_id,
                term_id=wish.term_id,
                school_id=wish.school_id,
                owner_id=actor.actor_id,
                owner_name=actor.name,
                file_id=file.file_id,
                file_name=file.name,
                remove_missing=wish.remove_missing,
                state=w.ImportState.READING,
                job_id="",
                digest="",
                counts=w.ImportCounts(),
                version=1,
                created_at=self._clock.now(),
            )
            work.target = record.import_id
            await _concerns(work, record)
            job = await self._submit_reading(work, actor, record)
            record = replace(record, job_id=job.job_id)
            await add_import(work, record)
        return await self._shown(record)

    async def change(
        self, actor: Actor, import_id: str, change: w.ImportChange
    ) -> w.TimetableImport:
        """Keep answers and options, forget answers, and begin another dry run.

        Raises:
            NotFound, Forbidden: as `get`.
            Invalid: an answer or the school cannot be.
            ChangedMeanwhile: somebody else answered.
            ImportUnderWay: a job of the import has not ended.
            ImportNotReady: the import is applied already.
        """
        answers = [_asked(index, answer) for index, answer in enumerate(change.answers)]
        withdrawn = [asked(one.topic, one.text, one.scope or "") for one in change.withdrawn]
        action = AuditAction.TIMETABLE_IMPORT_CHANGE
        async with self._audit.work(actor, action, import_id) as work:
            record = await self._idle(work.session, actor, import_id, change.version)
            await _demand_school(work.session, actor, record.county_id, change.school_id)
            work.detail = record.file_name
            await _concerns(work, record)
            changed = replace(
                record,
                school_id=change.school_id,
                remove_missing=change.remove_missing,
                state=w.ImportState.READING,
                version=record.version + 1,
            )
            job = await self._submit_reading(work, actor, changed)
            changed = replace(changed, job_id=job.job_id)
            if not await write_import(work, changed, record.version):
                raise ChangedMeanwhile(facts={"version": record.version})
            now = self._clock.now()
            await drop_answers(work, record.county_id, withdrawn)
            await keep_answers(work, record.county_id, answers, by=actor.actor_id, now=now)
        return await self._shown(changed)

    async def apply(self, actor: Actor, import_id: str, wish: w.ImportApply) -> w.TimetableImport:
        """采用: begin the job that does what the dry run showed.

        Raises:
            NotFound, Forbidden, ChangedMeanwhile, ImportUnderWay: as `change`.
            ImportNotReady: questions, unread cells or clashes stand in the way.
        """
        action = AuditAction.TIMETABLE_IMPORT_AGREE
        async with self._audit.work(actor, action, import_id) as work:
            record = await self._idle(work.session, actor, import_id, wish.version)
            work.detail = wish.waiver or record.file_name
            await _concerns(work, record)
            if record.state not in {w.ImportState.OPEN, w.ImportState.READY}:
                raise ImportUnderWay(code=ProblemCode.IMPORT_NOT_TRIED)
            demand_ready(record.counts, skip_unread=wish.skip_unread, waiver=wish.waiver)
            version = record.version + 1
            task = ApplyTask(import_id, version, wish.skip_unread, wish.waiver)
            branch = await _branch(work.session, record.county_id)
            job = await self._jobs.submit(actor, APPLY_IMPORT, task, branch=branch, work=work)
            changed = replace(
                record, state=w.ImportState.APPLYING, job_id=job.job_id, version=version
            )
            if not await write_import(work, changed, record.version):
                raise ChangedMeanwhile(facts={"version": record.version})
        return await self._shown(changed)

    async def job_ended(self, event: JobEnded) -> None:
        """Tell the pages once an import was applied; its worker could not."""
        if event.kind != APPLY_IMPORT.name or event.state is not JobState.DONE:
            return
        async with self._database.read() as session:
            record = await import_of_job(session, event.job_id)
            if record is None:
                return
            told = await _whole_term(session, record)
        await self._events.publish((told,))

    # --- inside ----------------------------------------------------------------------------------

    async def _submit_reading(self, work: Work, actor: Actor, record: ImportRecord) -> JobRecord:
        task = ReadTask(record.import_id, record.version)
        branch = await _branch(work.session, record.county_id)
        return await self._jobs.submit(actor, READ_IMPORT, task, branch=branch, work=work)

    async def _idle(
        self, session: AsyncSession, actor: Actor, import_id: str, version: int
    ) -> ImportRecord:
        """Return an import that no job works on, in the version that the actor has seen."""
        record = await _managed(session, actor, import_id)
        if record.version != version:
            raise ChangedMeanwhile(facts={"version": record.version})
        if record.state is w.ImportState.APPLIED:
            raise ImportNotReady(code=ProblemCode.IMPORT_APPLIED_ALREADY)
        job = await self._job_store.job(record.job_id)
        under_way = record.state in {w.ImportState.READING, w.ImportState.APPLYING}
        if under_way and job is not None and job.state in OPEN_STATES:
            raise ImportUnderWay()
        return record

    async def _shown(self, record: ImportRecord) -> w.TimetableImport:
        """Show an import; where its job broke off, it has failed."""
        state, problem = record.state, None
        if state in {w.ImportState.READING, w.ImportState.APPLYING}:
            job = await self._job_store.job(record.job_id)
            if job is None or job.state not in (*OPEN_STATES, JobState.DONE):
                state = w.ImportState.FAILED
                problem = None if job is None else job.problem
        return w.TimetableImport(
            import_id=record.import_id,
            version=record.version,
            county_id=record.county_id,
            term_id=record.term_id,
            school_id=record.school_id,
            file_name=record.file_name,
            owner_name=record.owner_name,
            remove_missing=record.remove_missing,
            state=state,
            job_id=record.job_id,
            problem=problem,
            counts=record.counts,
            created_at=record.created_at,
        )


def _asked(index: int, answer: w.ImportAnswer) -> tuple[Asked, w.ImportAnswer]:
    if not is_sound(answer):
        raise Invalid(field=f"answers[{index}].targets")
    return asked(answer.topic, answer.text, answer.scope or ""), answer


async def _managed(session: AsyncSession, actor: Actor, import_id: str) -> ImportRecord:
    """Return an import of a county for which the actor plans. Raises NotFound, Forbidden."""
    record = await import_of(session, import_id)
    if record is None:
        raise NotFound()
    await demand_county(session, actor, Action.MANAGE_TIMETABLE, record.county_id)
    return record


async def _county_of(session: AsyncSession, term_id: str) -> str:
    row = await session.get(TermRow, term_id)
    if row is None:
        raise NotFound(code=ProblemCode.UNKNOWN_TERM, field="term_id")
    return row.county_id


async def _demand_school(
    session: AsyncSession, actor: Actor, county_id: str, school_id: str | None
) -> None:
    """Raise unless the actor plans for the county, and the school is one of its own."""
    await demand_county(session, actor, Action.MANAGE_TIMETABLE, county_id)
    if school_id is not None:
        await demand_county(session, actor, Action.MANAGE_TIMETABLE, county_id, school_id)


async def _concerns(work: Work, record: ImportRecord) -> None:
    await concerns_node(work, record.school_id or record.county_id, record.file_name)


async def _branch(session: AsyncSession, county_id: str) -> str:
    return next(iter(await paths_of(session, [county_id])), "")


async def _whole_term(session: AsyncSession, record: ImportRecord) -> TimetableChanged:
    """Return the event that concerns everybody in the plans of a term."""
    plans = await session.execute(
        select(PlanRow.lead_teacher_id, PlanRow.lead_room_id).where(
            PlanRow.term_id == record.term_id
        )
    )
    people: set[str] = set()
    rooms: set[str | None] = set()
    for row in plans:
        people.add(row.lead_teacher_id)
        rooms.add(row.lead_room_id)
    seats = select(PlanRoomRow.room_id).join(PlanRow, PlanRow.plan_id == PlanRoomRow.plan_id)
    rooms |= set(await session.scalars(seats.where(PlanRow.term_id == record.term_id)))
    lessons = select(PlannedLessonRow.lesson_id).where(PlannedLessonRow.term_id == record.term_id)
    return TimetableChanged(
        county_id=record.county_id,
        lesson_ids=frozenset(await session.scalars(lessons.limit(MAX_TOLD))),
        person_ids=frozenset(people),
        room_ids=frozenset(room for room in rooms if room is not None),
        school_ids=await _schools_of(session, record.term_id),
    )


async def _schools_of(session: AsyncSession, term_id: str) -> frozenset[str]:
    """Return the schools of all rooms in the plans of a term."""
    seats = select(PlanRoomRow.room_id).join(PlanRow, PlanRow.plan_id == PlanRoomRow.plan_id)
    used = seats.where(PlanRow.term_id == term_id).union(
        select(PlanRow.lead_room_id).where(PlanRow.term_id == term_id)
    )
    query = select(RoomRow.school_id).where(RoomRow.room_id.in_(used)).distinct()
    return frozenset(await session.scalars(query))
