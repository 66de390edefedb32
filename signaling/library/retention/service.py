"""Deleting: by hand, by rules after a notice, and the job that removes the files."""

from __future__ import annotations

from datetime import timedelta

import structlog
from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.actions import Action
from signaling.access.roles import ROOT_PATH, Actor
from signaling.audit.actions import AuditAction
from signaling.audit.log import SYSTEM
from signaling.base.errors import Forbidden, Refused, SignalingError
from signaling.base.problem_codes import ProblemCode
from signaling.jobs.rules import OPEN_STATES
from signaling.jobs.service import JobService
from signaling.jobs.tables import JobRow
from signaling.jobs.wire import JobState
from signaling.library.retention import store
from signaling.library.retention.burying import Burial, Decision
from signaling.library.retention.erasure_kind import ERASURE, ErasureTask
from signaling.library.retention.rules import NOTICE, SECOND_LOOK, may_go, rule_at
from signaling.library.retention.standing import UNDER_REVIEW, kind_of
from signaling.library.retention.store import Candidate, Wanted
from signaling.library.retention.tables import DeletionNoticeRow
from signaling.library.retention.wire import DeletionReason, ResourceDelete
from signaling.library.versions.ground import ResourceGround, WrongResourceState
from signaling.library.versions.records import Held
from signaling.library.versions.store import load
from signaling.library.wire import ResourceState

TOLD_AT_ONCE = 200  # notices of one sweep
DELETED_AT_ONCE = 20  # resources of one sweep
ASKED_AGAIN = timedelta(minutes=10)  # after a job that could not remove everything

log = structlog.get_logger(__name__)


class ResourceHeld(Refused):
    """A legal hold stands on the resource."""

    code = ProblemCode.RESOURCE_HELD
    title = "a legal hold stands on the resource"


class Deletions:
    """The actions that delete resources."""

    def __init__(self, ground: ResourceGround, jobs: JobService) -> None:
        self._ground = ground
        self._jobs = jobs
        self._burial = Burial(ground.recorder, ground.index, jobs, ground.clock)

    async def delete(self, actor: Actor, resource_id: str, wish: ResourceDelete) -> None:
        """删除 by hand, for good; a job that the next sweep submits removes the files.

        Raises:
            ResourceNotFound: there is none for the actor.
            Forbidden: the actor may not delete it, or not once it was published.
            WrongResourceState: it is published, under review, or still being recorded.
            ResourceHeld: a legal hold stands on it.
        """
        deed, action = AuditAction.RESOURCE_DELETE, Action.DELETE_RESOURCE
        seen = await self._ground.seen(actor, action, resource_id, deed)
        demand_deletable(seen)
        await self._burial.prepare(seen.row.recording_id)
        async with self._ground.opened(actor, deed, action, resource_id) as (work, held):
            if held.publication is not None and not held.allows(actor, Action.DELETE_WITHDRAWN):
                raise Forbidden()
            demand_deletable(held)
            await self._demand_free(work.session, resource_id)
            rules = await store.all_rules(work.session)
            rule = rule_at(held.path, rules, kind_of(held))
            decision = Decision(actor, DeletionReason.BY_HAND, wish.note, rule)
            await self._burial.bury(work, held, decision)

    # --- what the server does by itself ----------------------------------------------------------

    async def sweep(self) -> None:
        """Tell owners what is due soon, and delete what is due and was told of."""
        now = self._ground.clock.now()
        async with self._ground.database.read() as session:
            rules = await store.all_rules(session)
            soon = Wanted(due_before=now + NOTICE, held=False, noticed=False)
            untold = await store.candidates(session, rules, soon, now, TOLD_AT_ONCE)
            over = Wanted(due_before=now, held=False, noticed_before=now - NOTICE)
            due = await store.candidates(session, rules, over, now, DELETED_AT_ONCE)
        if untold:
            async with self._ground.database.write() as session:
                for one in untold:
                    notice = DeletionNoticeRow(
                        resource_id=one.row.resource_id,
                        kind=one.reach.rule.kind,
                        since=one.since,
                        noticed_at=now,
                    )
                    await session.merge(notice)
            log.info("deletions_told", count=len(untold))
        for one in due:
            try:
                await self._by_rule(one)
            except SignalingError as error:  # still being recorded, say
                log.info("deletion_waits", resource_id=one.row.resource_id, code=error.code)
            except Exception:
                log.exception("deletion_failed", resource_id=one.row.resource_id)
        await self.submit_due()

    async def submit_due(self) -> None:
        """Submit the job that removes files, if there is something to remove and none at it."""
        now = self._ground.clock.now()
        at_it = or_(
            JobRow.state.in_(OPEN_STATES),
            and_(JobRow.state == JobState.FAILED, JobRow.ended_at > now - ASKED_AGAIN),
        )
        query = select(JobRow.job_id).where(JobRow.kind == ERASURE.name, at_it).limit(1)
        async with self._ground.database.read() as session:
            if not await store.has_unfinished(session, now, SECOND_LOOK):
                return
            if await session.scalar(query) is not None:
                return
        action = AuditAction.JOB_SUBMIT
        async with self._ground.audit.work(SYSTEM, action, detail=ERASURE.name) as work:
            job = await self._jobs.submit(
                SYSTEM, ERASURE, ErasureTask(), branch=ROOT_PATH, work=work
            )
            work.target = job.job_id
            work.concerns(ROOT_PATH)

    # --- inside ----------------------------------------------------------------------------------

    async def _by_rule(self, seen: Candidate) -> None:
        await self._burial.prepare(seen.row.recording_id)
        resource_id, now = seen.row.resource_id, self._ground.clock.now()
        action = AuditAction.RESOURCE_DELETE
        async with self._ground.audit.work(SYSTEM, action, resource_id) as work:
            held = await load(work.session, resource_id, lock=True)
            rules = await store.all_rules(work.session)
            one = await store.candidate(work.session, rules, resource_id, now)
            if held is None or one is None or one.hold is not None:
                work.nothing_to_do()
                return
            if not may_go(one.since, one.reach.days, one.noticed_at, now):
                work.nothing_to_do()
                return
            rule = one.reach.rule
            reason = DeletionReason(rule.kind)
            decision = Decision(SYSTEM, reason, rule=rule, noticed_at=one.noticed_at)
            await self._burial.bury(work, held, decision)

    async def _demand_free(self, session: AsyncSession, resource_id: str) -> None:
        hold = await store.hold_of(session, resource_id, self._ground.clock.now())
        if hold is not None:
            raise ResourceHeld(facts={"by": hold.by_name})


def demand_deletable(held: Held) -> None:
    """Raise WrongResourceState for what is published or under review: withdraw it first."""
    if held.row.state == ResourceState.PUBLISHED:
        raise WrongResourceState(code=ProblemCode.RESOURCE_IS_PUBLISHED)
    if held.working is not None and held.working.state in UNDER_REVIEW:
        raise WrongResourceState(code=ProblemCode.RESOURCE_UNDER_REVIEW)
