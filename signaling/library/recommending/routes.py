"""Routes: 推荐上级."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from signaling.access.actions import Action
from signaling.access.grants import demand_somewhere
from signaling.audit.actions import AuditAction
from signaling.library.paging import BEFORE, LIMIT, choice_of, limit_of, place_of
from signaling.library.recommending import wire as w
from signaling.library.recommending.deciding import Deciding
from signaling.library.recommending.reading import RecommendationReader
from signaling.library.recommending.service import Recommending
from signaling.library.references.wire import ReferenceState
from signaling.library.review.wire import ReviewerList
from signaling.library.versions.permits import permitted
from signaling.library.versions.reading import ResourceReader
from signaling.web.routes import Call, Query, Route

MAX_QUEUE = 50


class Shown(StrEnum):
    """Lists of a node: what waits, what it shows, and what was taken off lately."""

    WAITING = "waiting"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


_STATES = {
    Shown.WAITING: (ReferenceState.IN_REVIEW, ReferenceState.PASSED),
    Shown.PUBLISHED: (ReferenceState.PUBLISHED,),
    Shown.WITHDRAWN: (ReferenceState.WITHDRAWN,),
}


@dataclass(frozen=True, slots=True)
class RecommendationHandlers:
    """Recommendations, for both levels."""

    recommending: Recommending
    deciding: Deciding
    recommendations: RecommendationReader
    reader: ResourceReader

    async def recommend(self, call: Call) -> w.Chain:
        """Recommend what a node shows to the node above."""
        await self.recommending.recommend(call.actor, call.path("resource_id"), call.body)
        return await self.chain(call)

    async def chain(self, call: Call) -> w.Chain:
        """A resource's way up."""
        return await self.recommendations.chain(call.actor, call.path("resource_id"))

    async def queue(self, call: Call) -> w.ReferenceQueue:
        """Recommendations to the caller's nodes."""
        shown = choice_of(call, "state", Shown) or Shown.WAITING
        return await self.recommendations.queue(
            call.actor, _STATES[shown], limit=limit_of(call, most=MAX_QUEUE), after=place_of(call)
        )

    async def get(self, call: Call) -> w.ReferenceDetail:
        """One recommendation."""
        return await self.recommendations.detail(call.actor, call.path("reference_id"))

    async def pass_(self, call: Call) -> w.ReferenceDetail:
        """Pass a level of the node."""
        await self.deciding.pass_(call.actor, call.path("reference_id"), call.body)
        return await self.get(call)

    async def reject(self, call: Call) -> w.ReferenceDetail:
        """Reject it, with a reason."""
        await self.deciding.reject(call.actor, call.path("reference_id"), call.body)
        return await self.get(call)

    async def reviewers(self, call: Call) -> ReviewerList:
        """People to whom a recommendation may be forwarded."""
        found = await self.deciding.reviewers(call.actor, call.path("reference_id"))
        return ReviewerList(tuple(found))

    async def forward(self, call: Call) -> w.ReferenceDetail:
        """Let somebody else of the node decide."""
        await self.deciding.forward(call.actor, call.path("reference_id"), call.body)
        return await self.get(call)

    async def may_batch(self, call: Call) -> None:
        """Raise Forbidden where the caller decides about nothing at all."""
        demand_somewhere(call.actor, Action.REVIEW_RESOURCE)

    async def batch(self, call: Call) -> w.ReferenceBatchResult:
        """The same verdict on many recommendations, each for itself."""
        return await self.deciding.batch(call.actor, call.body)

    async def recall(self, call: Call) -> w.ReferenceDetail:
        """Take the recommendation back."""
        await self.recommending.recall(call.actor, call.path("reference_id"), call.body)
        return await self.get(call)

    async def publish(self, call: Call) -> w.ReferenceDetail:
        """Publish it at the node, or change for whom."""
        await self.recommending.publish(call.actor, call.path("reference_id"), call.body)
        return await self.get(call)

    async def withdraw(self, call: Call) -> w.ReferenceDetail:
        """Take it off at the node and above."""
        await self.recommending.withdraw(call.actor, call.path("reference_id"), call.body)
        return await self.get(call)


def _permitted(
    deed: AuditAction, action: Action
) -> Callable[[RecommendationHandlers, Call], Awaitable[None]]:
    async def ask(handlers: RecommendationHandlers, call: Call) -> None:
        reference_id = call.path("reference_id")
        await handlers.recommending.permit(call.actor, deed, action, reference_id)

    return ask


_OF_RESOURCE = "/api/resources/{resource_id}/recommendations"
_ONE = "/api/recommendations/{reference_id}"

ROUTES = (
    Route("GET", _OF_RESOURCE, RecommendationHandlers.chain, "推荐情况", w.Chain),
    Route(
        "POST",
        _OF_RESOURCE,
        RecommendationHandlers.recommend,
        "推荐上级",
        w.Chain,
        w.ResourceRecommend,
        permit=permitted(AuditAction.RESOURCE_RECOMMEND, Action.RECOMMEND_RESOURCE),
        audited=AuditAction.RESOURCE_RECOMMEND,
    ),
    Route(
        "GET",
        "/api/recommendations",
        RecommendationHandlers.queue,
        "下级推荐",
        w.ReferenceQueue,
        query=(LIMIT, BEFORE, Query("state", "waiting (the default), published or withdrawn")),
    ),
    Route(
        "POST",
        "/api/recommendations/batch",
        RecommendationHandlers.batch,
        "批量审核下级推荐",
        w.ReferenceBatchResult,
        w.ReferenceBatch,
        permit=RecommendationHandlers.may_batch,
        audited=AuditAction.REFERENCE_PASS,
    ),
    Route("GET", _ONE, RecommendationHandlers.get, "一条推荐", w.ReferenceDetail),
    Route(
        "POST",
        f"{_ONE}/pass",
        RecommendationHandlers.pass_,
        "通过推荐",
        w.ReferenceDetail,
        w.ReferencePass,
        permit=_permitted(AuditAction.REFERENCE_PASS, Action.REVIEW_RESOURCE),
        audited=AuditAction.REFERENCE_PASS,
    ),
    Route(
        "POST",
        f"{_ONE}/reject",
        RecommendationHandlers.reject,
        "驳回推荐",
        w.ReferenceDetail,
        w.ReferenceReject,
        permit=_permitted(AuditAction.REFERENCE_REJECT, Action.REVIEW_RESOURCE),
        audited=AuditAction.REFERENCE_REJECT,
    ),
    Route(
        "POST",
        f"{_ONE}/forward",
        RecommendationHandlers.forward,
        "转交推荐",
        w.ReferenceDetail,
        w.ReferenceForward,
        permit=_permitted(AuditAction.REFERENCE_FORWARD, Action.REVIEW_RESOURCE),
        audited=AuditAction.REFERENCE_FORWARD,
    ),
    Route(
        "GET", f"{_ONE}/reviewers", RecommendationHandlers.reviewers, "可转交的审核人", ReviewerList
    ),
    Route(
        "POST",
        f"{_ONE}/recall",
        RecommendationHandlers.recall,
        "撤回推荐",
        w.ReferenceDetail,
        w.ReferenceRecall,
        permit=_permitted(AuditAction.REFERENCE_RECALL, Action.RECOMMEND_RESOURCE),
        audited=AuditAction.REFERENCE_RECALL,
    ),
    Route(
        "PUT",
        f"{_ONE}/publication",
        RecommendationHandlers.publish,
        "在本级发布",
        w.ReferenceDetail,
        w.ReferencePublish,
        permit=_permitted(AuditAction.REFERENCE_PUBLISH, Action.PUBLISH_RESOURCE),
        audited=AuditAction.REFERENCE_PUBLISH,
    ),
    Route(
        "POST",
        f"{_ONE}/withdraw",
        RecommendationHandlers.withdraw,
        "在本级下架",
        w.ReferenceDetail,
        w.ReferenceWithdraw,
        permit=_permitted(AuditAction.REFERENCE_WITHDRAW, Action.WITHDRAW_RESOURCE),
        audited=AuditAction.REFERENCE_WITHDRAW,
    ),
)
