"""Sources of harvests, and the records that they brought."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.actions import Action
from signaling.access.grants import allows, branches_granted
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.facts import detail_of
from signaling.audit.log import SYSTEM, AuditLog
from signaling.base.clock import Clock
from signaling.base.cursors import BadPlace, cursor_of, read_cursor
from signaling.base.database import Database
from signaling.base.errors import Forbidden, Invalid, NotFound, Refused, Taken, TooManyJobs
from signaling.base.ids import new_id
from signaling.base.problem_codes import ProblemCode
from signaling.directory.branches import in_branches
from signaling.directory.tables import CountyRow, OrgNodeRow
from signaling.exchange.core.requests import Prefix
from signaling.exchange.core.sets import is_spec
from signaling.exchange.harvests.kind import HARVEST, HarvestTask
from signaling.exchange.harvests.rules import MAX_FAILURES, BadSource, usable_url
from signaling.exchange.harvests.store import Found, HarvestStore
from signaling.exchange.harvests.tables import HarvestSourceRow
from signaling.exchange.harvests.wire import (
    HarvestSource,
    HarvestSourceChange,
    HarvestSourceCreate,
)
from signaling.jobs.service import JobService

MAX_SOURCES = 20  # of one county
EVERY = timedelta(hours=24)  # between two harvests of a source


class Harvests:
    """The actions on sources."""

    def __init__(self, database: Database, audit: AuditLog, jobs: JobService, clock: Clock) -> None:
        self._database = database
        self._store = HarvestStore(database)
        self._audit = audit
        self._jobs = jobs
        self._clock = clock

    # --- reading ---------------------------------------------------------------------------------

    async def listed(self, actor: Actor, county_id: str) -> Sequence[HarvestSource]:
        """Return the sources of a county. Raises NotFound, Forbidden."""
        async with self._database.read() as session:
            await _demand(session, actor, county_id)
        rows = await self._store.rows(county_id)
        return [_shown(row, count) for row, count in rows]

    async def found(
        self, actor: Actor, words: str, cursor: str | None, limit: int
    ) -> tuple[Sequence[Found], str | None]:
        """Return a page of records that the actor's counties harvested. Raises Invalid."""
        try:
            place = None if cursor is None else read_cursor(cursor)
        except BadPlace:
            raise Invalid(code=ProblemCode.BAD_CURSOR, field="before") from None
        counties = _counties_of(actor)
        found = await self._store.found(counties, words, place, limit + 1)
        shown = found[:limit]
        return shown, cursor_of(shown[-1].place) if len(found) > limit else None

    # --- actions ---------------------------------------------------------------------------------

    async def add(self, actor: Actor, wish: HarvestSourceCreate) -> HarvestSource:
        """Add a source; its first harvest is due at once.

        Raises:
            NotFound: there is no such county for the actor.
            Forbidden: the actor may only read there.
            Invalid: address or set cannot be.
            Taken: the county has this source already.
            Refused: the county has all the sources that there may be.
        """
        url = _usable(wish)
        async with self._audit.work(actor, AuditAction.HARVEST_SOURCE_ADD) as work:
            path = await _demand(work.session, actor, wish.county_id)
            known = await self._store.known(work, wish.county_id)
            if (url, wish.set_spec) in known:
                raise Taken(field="url")
            if len(known) >= MAX_SOURCES:
                raise Refused(code=ProblemCode.TOO_MANY_SOURCES, facts={"most": MAX_SOURCES})
            row = self._row(wish, url)
            work.session.add(row)
            work.target = row.source_id
            work.concerns(path, wish.name)
            work.detail = url
        return _shown(row, 0)

    async def change(
        self, actor: Actor, source_id: str, wish: HarvestSourceChange
    ) -> HarvestSource:
        """Rename, order, pause or resume a source. Raises NotFound, Forbidden.

        What was harvested stays to be found while a source is paused.
        """
        async with self._audit.work(actor, AuditAction.HARVEST_SOURCE_CHANGE, source_id) as work:
            source, path = await self._own(work.session, actor, source_id)
            work.concerns(path, wish.name)
            work.detail = detail_of(
                **{
                    name: [getattr(source, name), getattr(wish, name)]
                    for name in ("name", "paused", "place")
                    if getattr(source, name) != getattr(wish, name)
                }
            )
            source.name, source.paused, source.place = wish.name, wish.paused, wish.place
            if wish.paused and source.job_id is not None:
                await self._jobs.withdraw(work, source.job_id)
        return _shown(source, await self._store.count(source_id))

    async def remove(self, actor: Actor, source_id: str) -> None:
        """Remove a source; its records are not found from now on. Raises NotFound, Forbidden."""
        async with self._audit.work(actor, AuditAction.HARVEST_SOURCE_REMOVE, source_id) as work:
            source, path = await self._own(work.session, actor, source_id)
            work.concerns(path, source.name)
            work.detail = source.url
            if source.job_id is not None:
                await self._jobs.withdraw(work, source.job_id)
            if not await self._store.remove(work, source_id, self._clock.now()):
                work.nothing_to_do()

    async def harvest_now(self, actor: Actor, source_id: str) -> HarvestSource:
        """Let a source be harvested within a minute, however often it failed.

        Raises NotFound, Forbidden.
        """
        async with self._audit.work(actor, AuditAction.HARVEST_ASK, source_id) as work:
            source, path = await self._own(work.session, actor, source_id)
            work.concerns(path, source.name)
            source.due_at, source.failures = self._clock.now(), 0
            work.detail = source.url
        return _shown(source, await self._store.count(source_id))

    # --- upkeep ----------------------------------------------------------------------------------

    async def submit_due(self) -> None:
        """Submit the harvests whose time has come, and delete some of what was removed."""
        now = self._clock.now()
        for row in await self._store.due(now):
            try:
                await self._submit(row, now)
            except TooManyJobs:  # other harvests are under way: the next round goes on
                break
        await self._store.sweep()

    # --- inside ----------------------------------------------------------------------------------

    async def _submit(self, row: HarvestSourceRow, now: datetime) -> None:
        """Submit the harvest of a source, unless another process has. Raises TooManyJobs."""
        task = HarvestTask(row.source_id)
        async with self._audit.work(SYSTEM, AuditAction.JOB_SUBMIT, detail=HARVEST.name) as work:
            if not await self._store.take_due(work, row.source_id, now, now + EVERY):
                work.nothing_to_do()
                return
            path = await _path_of(work.session, row.county_id) or ""
            job = await self._jobs.submit(SYSTEM, HARVEST, task, branch=path, work=work)
            await self._store.set_job(work, row.source_id, job.job_id)
            work.target = job.job_id
            work.concerns(path, row.name)

    async def _own(
        self, session: AsyncSession, actor: Actor, source_id: str
    ) -> tuple[HarvestSourceRow, str]:
        row = await session.get(HarvestSourceRow, source_id)
        if row is None or row.removed_at is not None:
            raise NotFound(code=ProblemCode.SOURCE_NOT_FOUND)
        try:
            return row, await _demand(session, actor, row.county_id)
        except NotFound:
            raise NotFound(code=ProblemCode.SOURCE_NOT_FOUND) from None

    def _row(self, wish: HarvestSourceCreate, url: str) -> HarvestSourceRow:
        now = self._clock.now()
        return HarvestSourceRow(
            source_id=new_id(),
            county_id=wish.county_id,
            name=wish.name,
            url=url,
            set_spec=wish.set_spec,
            prefix=Prefix.LOM,
            by_day=False,
            since=None,
            began=None,
            token="",
            pages=0,
            restarts=0,
            version=1,
            job_id=None,
            problem="",
            failures=0,
            due_at=now,
            harvested_at=None,
            created_at=now,
            removed_at=None,
        )


def _usable(wish: HarvestSourceCreate) -> str:
    if wish.set_spec and not is_spec(wish.set_spec):
        raise Invalid(field="set_spec")
    try:
        return usable_url(wish.url)
    except BadSource as error:
        raise Invalid(code=ProblemCode(error.code), field="url") from None


async def _path_of(session: AsyncSession, county_id: str) -> str | None:
    query = (
        select(OrgNodeRow.path)
        .join(CountyRow, CountyRow.county_id == OrgNodeRow.node_id)
        .where(CountyRow.county_id == county_id)
    )
    found: str | None = await session.scalar(query)
    return found


async def _demand(session: AsyncSession, actor: Actor, county_id: str) -> str:
    """Return the path of a county whose sources the actor may manage.

    Raises:
        NotFound: there is no such county for the actor.
        Forbidden: the actor may only read its records.
    """
    path = await _path_of(session, county_id)
    if path is not None and allows(actor, Action.MANAGE_HARVESTS, branches=(path,)):
        return path
    if path is not None and allows(actor, Action.READ_FEDERATED, branches=(path,)):
        raise Forbidden()
    raise NotFound(code=ProblemCode.UNKNOWN_COUNTY, field="county_id")


def _counties_of(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on sources of counties whose records the actor may read."""
    column = HarvestSourceRow.county_id
    own = column.in_(select(OrgNodeRow.node_id).where(OrgNodeRow.path == actor.county))
    paths = branches_granted(actor, Action.READ_FEDERATED)
    return or_(own, in_branches(column, paths)) if paths else own


def _shown(row: HarvestSourceRow, records: int) -> HarvestSource:
    return HarvestSource(
        source_id=row.source_id,
        county_id=row.county_id,
        name=row.name,
        url=row.url,
        set_spec=row.set_spec,
        records=records,
        under_way=row.began is not None,
        problem=row.problem,
        paused=row.paused,
        place=row.place,
        failures=row.failures,
        given_up=row.failures >= MAX_FAILURES,
        harvested_at=row.harvested_at,
        due_at=row.due_at,
    )
