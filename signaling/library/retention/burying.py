"""The decision to delete: a tombstone in place of the resource, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from recorder.api import RecordingState
from signaling.access.roles import Actor
from signaling.audit.facts import detail_of
from signaling.audit.log import Work
from signaling.base.clock import Clock
from signaling.base.problem_codes import ProblemCode
from signaling.jobs.rules import OPEN_STATES
from signaling.jobs.service import JobService
from signaling.jobs.tables import JobRow
from signaling.library.media_shelf import MediaShelf
from signaling.library.retention.rules import NodeRule
from signaling.library.retention.title_hash import hash_of
from signaling.library.retention.wire import DeletionReason
from signaling.library.search.index import SearchIndex
from signaling.library.tables import TombstoneRow
from signaling.library.versions.ground import WrongResourceState
from signaling.library.versions.records import Held

_BUSY = frozenset({RecordingState.RECORDING, RecordingState.FINISHING})
_HASH_CHARS = 12  # of a title's hash in the audit log


@dataclass(frozen=True, slots=True)
class Decision:
    """Who deletes, and why.

    Attributes:
        rule: the rule that did, or that says how the title is kept; None for neither.
        noticed_at: when the owner was told.
    """

    by: Actor
    reason: DeletionReason
    note: str = ""
    rule: NodeRule | None = None
    noticed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Burial:
    """Takes resources away, and leaves tombstones."""

    recorder: MediaShelf
    index: SearchIndex
    jobs: JobService
    clock: Clock

    async def prepare(self, recording_id: str) -> None:
        """Make sure that media are at rest, and stay so.

        Raises:
            WrongResourceState: the lesson still runs, or its recording is being finished.
        """
        entry = (await self.recorder.entries_of([recording_id])).get(recording_id)
        if entry is None:
            return  # lost, or removed by hand: the rest is deleted all the same
        if entry.state in _BUSY or entry.retrying:
            raise WrongResourceState(code=ProblemCode.RECORDING_NOT_READY)
        if entry.state is RecordingState.READY and not entry.sealed:
            await self.recorder.seal(recording_id)

    async def bury(self, work: Work, held: Held, decision: Decision) -> None:
        """Put a tombstone in place of a resource; the caller has judged that it may go."""
        session, row, rule = work.session, held.row, decision.rule
        publication = held.publication
        title = row.title if publication is None else publication.title
        keeps_title = rule is None or rule.keeps_title
        by_hand = decision.reason is DeletionReason.BY_HAND
        now = self.clock.now()
        session.add(
            TombstoneRow(
                resource_id=held.resource_id,
                recording_id=row.recording_id,
                kind=row.kind,
                title=title if keeps_title else "",
                title_hash=hash_of(title),
                node_id=row.node_id,
                owner_id=held.owner_id,
                reason=decision.reason,
                rule_node_id=None if rule is None or by_hand else rule.node_id,
                days=None if rule is None or by_hand else rule.days,
                note=decision.note,
                by_id=decision.by.actor_id,
                by_name=decision.by.name,
                noticed_at=decision.noticed_at,
                decided_at=now,
                problem="",
                scope=None if publication is None else publication.scope,
                was_public=publication is not None and publication.was_public,
                subject=row.subject if publication is None else publication.subject,
                stage="" if publication is None else publication.stage or "",
                county_id="" if publication is None else publication.county_id,
                changed_at=now,
            )
        )
        await self._cancel_jobs(work, row.recording_id)
        await self.index.remove(session, held.resource_id)
        await session.delete(row)  # versions, reviews, publication, notice and links go with it
        await session.flush()
        work.concerns(held.path, title if keeps_title else f"#{hash_of(title)[:_HASH_CHARS]}")
        work.detail = detail_of(
            reason=decision.reason,
            note=decision.note or None,
            days=None if by_hand or rule is None else rule.days,
            recording=row.recording_id,
        )

    async def _cancel_jobs(self, work: Work, recording_id: str) -> None:
        """Cancel what would still make files of the recording."""
        query = select(JobRow.job_id).where(
            JobRow.state.in_(OPEN_STATES),
            JobRow.kind.startswith("resource_"),
            JobRow.argument.contains(f'"{recording_id}"', autoescape=True),
        )
        for job_id in (await work.session.scalars(query)).all():
            await self.jobs.withdraw(work, job_id)
