"""审核: the queue, and 通过, 驳回, 转交."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from signaling.access.actions import Action
from signaling.access.grants import demand_somewhere
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.facts import detail_of
from signaling.audit.log import Work
from signaling.base.cursors import Place, cursor_of
from signaling.base.errors import Forbidden, Invalid
from signaling.base.problem_codes import ProblemCode
from signaling.directory.wire import PersonRef
from signaling.library.review import store
from signaling.library.review import wire as w
from signaling.library.versions.ground import (
    ResourceGround,
    WrongResourceState,
    demand_revision,
)
from signaling.library.versions.reading import ResourceReader
from signaling.library.versions.records import (
    Held,
    edits_of,
    levels_of_row,
    metadata_of,
    people_of,
)
from signaling.library.versions.rules import MOVES, Move, refusal
from signaling.library.versions.service import move
from signaling.library.versions.showing import refused_to
from signaling.library.versions.store import add_review, passed_by
from signaling.library.versions.tables import ResourceVersionRow
from signaling.library.versions.wire import (
    ResourceSummary,
    ReviewLevel,
    ShareScope,
    Verdict,
    VersionState,
)

_DEEDS = {
    Verdict.PASS: (AuditAction.RESOURCE_PASS, Move.PASS),
    Verdict.REJECT: (AuditAction.RESOURCE_REJECT, Move.REJECT),
    Verdict.FORWARD: (AuditAction.RESOURCE_FORWARD, Move.FORWARD),
}


class Reviewing:
    """The queue, and the actions of reviewers."""

    def __init__(self, ground: ResourceGround, reader: ResourceReader) -> None:
        self._ground = ground
        self._reader = reader

    async def queue(
        self,
        actor: Actor,
        *,
        state: VersionState,
        level: ReviewLevel | None,
        limit: int,
        after: Place | None,
    ) -> w.ReviewQueue:
        """待审核 of the actor's branches, or what was passed and waits for its publication.

        Raises:
            Forbidden: the actor reviews nothing at all.
        """
        demand_somewhere(actor, Action.REVIEW_RESOURCE)
        wanted = store.waiting(actor, state, level)
        async with self._ground.database.read() as session:
            page, following = await store.queue(session, wanted, limit=limit, after=after)
            total = await store.count(session, wanted)
            shown = await self._reader.summaries(session, actor, page)
            rows = [one.working for one in page if one.working is not None]
            passed = await passed_by(session, rows)
        entries = [
            await self._entry(actor, held, summary, frozenset(passed[held.resource_id]))
            for held, summary in zip(page, shown, strict=True)
        ]
        cursor = None if following is None else cursor_of(following)
        return w.ReviewQueue(tuple(entries), total, self._ground.clock.now(), cursor)

    async def reviewers(self, actor: Actor, resource_id: str) -> w.ReviewerList:
        """List who else may decide about a resource now.

        Raises:
            ResourceNotFound: there is none for the actor.
            Forbidden: the actor does not review it.
        """
        held = await self._ground.seen(actor, Action.REVIEW_RESOURCE, resource_id)
        others = await self._others(held)
        return w.ReviewerList(
            tuple(
                PersonRef(one.actor_id, one.name)
                for one in others
                if one.actor_id != actor.actor_id
            )
        )

    async def pass_(self, actor: Actor, resource_id: str, wish: w.ReviewPass) -> None:
        """通过: on to the next level, or to the publication.

        Raises:
            ResourceNotFound: there is none for the actor.
            Forbidden: the actor may not decide; the code says why.
            WrongResourceState: it does not wait for a verdict.
            ChangedMeanwhile: it is another revision.
        """
        async with self._decided(
            actor, resource_id, Verdict.PASS, revision=wish.revision, reason=wish.reason
        ):
            pass

    async def reject(self, actor: Actor, resource_id: str, wish: w.ReviewReject) -> None:
        """驳回: a draft again, also if it was passed but not published. Raises as `pass_`."""
        marks = msgspec.json.encode(wish.marks).decode()
        async with self._decided(
            actor,
            resource_id,
            Verdict.REJECT,
            revision=wish.revision,
            reason=wish.reason,
            marks=marks,
        ) as row:
            row.rejected = True

    async def forward(self, actor: Actor, resource_id: str, wish: w.ReviewForward) -> None:
        """转交 to somebody who may decide at this level.

        Raises as `pass_`; Invalid: the person may not decide.
        """
        held = await self._ground.seen(
            actor, Action.REVIEW_RESOURCE, resource_id, AuditAction.RESOURCE_FORWARD
        )
        found = [one for one in await self._others(held) if one.actor_id == wish.to_person_id]
        async with self._decided(
            actor,
            resource_id,
            Verdict.FORWARD,
            revision=wish.revision,
            reason=wish.reason,
            to=found[0] if found else None,
        ) as row:
            if not found:
                raise Invalid(code=ProblemCode.UNKNOWN_REVIEWER, field="to_person_id")
            row.assigned_to, row.assigned_name = found[0].actor_id, found[0].name

    # --- inside ----------------------------------------------------------------------------------

    @asynccontextmanager
    async def _decided(
        self,
        actor: Actor,
        resource_id: str,
        verdict: Verdict,
        *,
        revision: int,
        reason: str,
        marks: str = "[]",
        to: Actor | None = None,
    ) -> AsyncIterator[ResourceVersionRow]:
        """Write a verdict on the working version; what is done in it belongs to it."""
        deed, what = _DEEDS[verdict]
        async with self._ground.opened(actor, deed, Action.REVIEW_RESOURCE, resource_id) as (
            work,
            held,
        ):
            row = held.working
            if row is None or VersionState(row.state) not in MOVES[what]:
                raise WrongResourceState()
            await self._demand_may(actor, held, row, work)
            demand_revision(row, revision)
            level = _level_of(row)
            now = self._ground.clock.now()
            review = await add_review(
                work.session,
                row,
                actor,
                verdict,
                level=level,
                reason=reason,
                at=now,
                marks=marks,
            )
            if to is not None:
                review.to_id, review.to_name = to.actor_id, to.name
            move(row, what)
            row.updated_at = now
            yield row
            name = None if to is None else to.name
            work.detail = detail_of(
                version=row.number, level=level, reason=reason or None, person=name
            )

    @staticmethod
    async def _demand_may(actor: Actor, held: Held, row: ResourceVersionRow, work: Work) -> None:
        passed = await passed_by(work.session, [row])
        refused = refused_to(actor, held, frozenset(passed[held.resource_id]))
        if refused is not None:
            raise Forbidden(code=ProblemCode(refused))

    async def _others(self, held: Held) -> list[Actor]:
        """Return who may decide about a resource at its level."""
        async with self._ground.database.read() as session:
            found = await store.reviewers(session, held.path, self._ground.clock.now())
            rows = [] if held.working is None else [held.working]
            passed = (await passed_by(session, rows)).get(held.resource_id, set())
        return [one for one in found if _may(one, held, passed)]

    async def _entry(
        self, actor: Actor, held: Held, summary: ResourceSummary, passed: frozenset[str]
    ) -> w.ReviewQueueEntry:
        row = held.working
        assert row is not None  # the queue is of working versions
        assert row.submitted_at is not None  # nothing waits that was not submitted
        manifest, readable = await self._ground.manifest_or_none(held.row.recording_id)
        version = self._ground.checked_as(
            held,
            metadata_of(row),
            edits_of(row),
            row.pledged,
            manifest,
            readable=readable,
            people=people_of(row),
            number=row.number,
        )
        assigned = row.assigned_to
        return w.ReviewQueueEntry(
            resource=summary,
            version=row.number,
            revision=row.revision,
            level=None if row.level is None else ReviewLevel(row.level),
            levels=levels_of_row(row),
            submitted_at=row.submitted_at,
            waiting_for=None if assigned is None else PersonRef(assigned, row.assigned_name or ""),
            findings=await self._ground.checks.of(version, ShareScope.PUBLIC),
            refused=refused_to(actor, held, passed),
        )


def _level_of(row: ResourceVersionRow) -> ReviewLevel:
    """Return the level at which a verdict is given; what was passed is of the last one."""
    return levels_of_row(row)[-1] if row.level is None else ReviewLevel(row.level)


def _may(one: Actor, held: Held, passed: set[str]) -> bool:
    if held.working is None:
        return False
    level = _level_of(held.working)
    return (
        refusal(one, owner_id=held.owner_id, county=held.county, level=level, passed_by=passed)
        is None
    )
