"""What reviewers of the upper node decide: 通过, 驳回, 转交, about one recommendation or many."""

from __future__ import annotations

from signaling.access.actions import Action
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.facts import detail_of
from signaling.audit.log import Work
from signaling.base.errors import Forbidden, Invalid, SignalingError
from signaling.base.problem_codes import ProblemCode
from signaling.directory.wire import PersonRef
from signaling.library.recommending import store
from signaling.library.recommending import wire as w
from signaling.library.recommending.reading import demand, refused_to
from signaling.library.recommending.service import Recommending, demand_revision
from signaling.library.recommending.store import Recommended
from signaling.library.references.rules import AT_WORK, Step
from signaling.library.references.tables import ReferenceReviewRow
from signaling.library.review.store import reviewers
from signaling.library.versions.ground import ResourceGround, WrongResourceState
from signaling.library.versions.rules import levels_of
from signaling.library.versions.wire import ReviewLevel, Verdict

_VERDICTS = {
    Verdict.PASS: (AuditAction.REFERENCE_PASS, Step.PASS),
    Verdict.REJECT: (AuditAction.REFERENCE_REJECT, Step.REJECT),
}


class Deciding:
    """The actions of reviewers. Whoever asks for the result reads it anew."""

    def __init__(self, ground: ResourceGround, recommending: Recommending) -> None:
        self._ground = ground
        self._recommending = recommending

    async def pass_(self, actor: Actor, reference_id: str, wish: w.ReferencePass) -> None:
        """通过: on to the next level of the node, or to its publication.

        Raises:
            ResourceNotFound: there is none for the actor.
            Forbidden: the actor may not decide; the code says why.
            WrongResourceState: it does not wait for a verdict.
            ChangedMeanwhile: it is another revision.
        """
        await self._decide(actor, reference_id, Verdict.PASS, wish.revision, wish.reason)

    async def reject(self, actor: Actor, reference_id: str, wish: w.ReferenceReject) -> None:
        """驳回, also what was passed but not published. Raises as `pass_`."""
        await self._decide(actor, reference_id, Verdict.REJECT, wish.revision, wish.reason)

    async def reviewers(self, actor: Actor, reference_id: str) -> list[PersonRef]:
        """List who else may decide about a recommendation now. Raises as `pass_`."""
        async with self._ground.database.read() as session:
            found = await store.one(session, reference_id)
        demand(actor, found, Action.REVIEW_RESOURCE)
        assert found is not None  # `demand` raises
        others = await self._others(found)
        return [
            PersonRef(one.actor_id, one.name) for one in others if one.actor_id != actor.actor_id
        ]

    async def forward(self, actor: Actor, reference_id: str, wish: w.ReferenceForward) -> None:
        """转交 to somebody who may decide. Raises as `pass_`; Invalid: the person may not."""
        async with self._ground.database.read() as session:
            seen = await store.one(session, reference_id)
        others = [] if seen is None else await self._others(seen)
        to = next((one for one in others if one.actor_id == wish.to_person_id), None)
        deed = AuditAction.REFERENCE_FORWARD
        async with self._recommending.opened(actor, deed, reference_id, Action.REVIEW_RESOURCE) as (
            work,
            found,
        ):
            row = found.row
            review = await self._noted(work, actor, found, Verdict.FORWARD, wish.reason)
            demand_revision(row, wish.revision)
            if row.state not in AT_WORK:
                raise WrongResourceState()
            if to is None or to.actor_id == actor.actor_id:
                raise Invalid(code=ProblemCode.UNKNOWN_REVIEWER, field="to_person_id")
            row.assigned_to, row.assigned_name = to.actor_id, to.name
            review.to_id, review.to_name = to.actor_id, to.name
            row.revision += 1
            row.updated_at = self._ground.clock.now()
            work.session.add(review)
            work.detail = detail_of(
                version=row.version,
                level=review.level,
                reason=wish.reason or None,
                person=to.name,
            )

    async def batch(self, actor: Actor, batch: w.ReferenceBatch) -> w.ReferenceBatchResult:
        """Decide the same about many, each for itself: what is refused keeps no other from it.

        Raises:
            Invalid: a rejection has no reason.
        """
        verdict = Verdict(batch.verdict.value)
        if verdict is Verdict.REJECT and not batch.reason:
            raise Invalid(code=ProblemCode.MISSING, field="reason")
        outcomes = []
        for item in batch.items:
            problem: ProblemCode | None = None
            try:
                await self._decide(actor, item.reference_id, verdict, item.revision, batch.reason)
            except SignalingError as error:
                problem = ProblemCode(error.code)
            outcomes.append(w.ReferenceOutcome(item.reference_id, problem))
        return w.ReferenceBatchResult(tuple(outcomes))

    # --- inside ----------------------------------------------------------------------------------

    async def _decide(
        self, actor: Actor, reference_id: str, verdict: Verdict, revision: int, reason: str
    ) -> None:
        deed, step = _VERDICTS[verdict]
        async with self._recommending.opened(actor, deed, reference_id, Action.REVIEW_RESOURCE) as (
            work,
            found,
        ):
            row = found.row
            review = await self._noted(work, actor, found, verdict, reason)
            demand_revision(row, revision)
            self._recommending.step(row, step)
            row.assigned_to = row.assigned_name = None
            work.session.add(review)
            work.detail = detail_of(version=row.version, level=review.level, reason=reason or None)

    async def _noted(
        self, work: Work, actor: Actor, found: Recommended, verdict: Verdict, reason: str
    ) -> ReferenceReviewRow:
        """Return the entry of the history for a verdict. Raises Forbidden."""
        row = found.row
        told = await store.reviews(work.session, [row.reference_id])
        refused = refused_to(actor, found, told)
        if refused is not None:
            raise Forbidden(code=ProblemCode(refused))
        levels = levels_of(row.levels)
        return ReferenceReviewRow(
            reference_id=row.reference_id,
            position=len(told),
            at=self._ground.clock.now(),
            by_id=actor.actor_id,
            by_name=actor.name,
            level=levels[-1] if row.level is None else ReviewLevel(row.level),
            verdict=verdict,
            reason=reason,
        )

    async def _others(self, found: Recommended) -> list[Actor]:
        """Return who may decide about a recommendation at its node."""
        if found.row.state not in AT_WORK:
            return []
        async with self._ground.database.read() as session:
            people = await reviewers(session, found.node.path, self._ground.clock.now())
            told = await store.reviews(session, [found.row.reference_id])
        return [one for one in people if refused_to(one, found, told) is None]
