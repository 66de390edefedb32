"""Routes: 审核."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from signaling.access.actions import Action
from signaling.access.grants import demand_somewhere
from signaling.audit.actions import AuditAction
from signaling.library.paging import BEFORE, LIMIT, choice_of, limit_of, place_of
from signaling.library.review import wire as w
from signaling.library.review.batch import Batches
from signaling.library.review.policies import Policies
from signaling.library.review.service import Reviewing
from signaling.library.versions.permits import permitted
from signaling.library.versions.reading import ResourceReader
from signaling.library.versions.wire import ResourceDetail, ReviewLevel, VersionState
from signaling.web.routes import Call, Query, Route

MAX_QUEUE = 50  # each is checked anew


class Waiting(StrEnum):
    """Lists of the queue: 待审核, 待发布."""

    IN_REVIEW = "in_review"
    PASSED = "passed"


@dataclass(frozen=True, slots=True)
class ReviewHandlers:
    """Reviews, for resource admins."""

    reviewing: Reviewing
    reader: ResourceReader
    batches: Batches
    policies: Policies

    async def queue(self, call: Call) -> w.ReviewQueue:
        """Versions that wait for a verdict in the caller's branches, the longest waiting first."""
        which = choice_of(call, "state", Waiting) or Waiting.IN_REVIEW
        return await self.reviewing.queue(
            call.actor,
            state=VersionState(which.value),
            level=choice_of(call, "level", ReviewLevel),
            limit=limit_of(call, most=MAX_QUEUE),
            after=place_of(call),
        )

    async def reviewers(self, call: Call) -> w.ReviewerList:
        """Others who may decide now."""
        return await self.reviewing.reviewers(call.actor, call.path("resource_id"))

    async def pass_(self, call: Call) -> ResourceDetail:
        """Pass a level."""
        await self.reviewing.pass_(call.actor, call.path("resource_id"), call.body)
        return await self._shown(call)

    async def reject(self, call: Call) -> ResourceDetail:
        """Give it back to the author, with a reason."""
        await self.reviewing.reject(call.actor, call.path("resource_id"), call.body)
        return await self._shown(call)

    async def forward(self, call: Call) -> ResourceDetail:
        """Let somebody else of the level decide."""
        await self.reviewing.forward(call.actor, call.path("resource_id"), call.body)
        return await self._shown(call)

    async def may_batch(self, call: Call) -> None:
        """Raise Forbidden where the caller could withdraw nothing, which is the least."""
        demand_somewhere(call.actor, Action.WITHDRAW_RESOURCE)

    async def batch(self, call: Call) -> w.BatchResult:
        """The same for many resources, each for itself."""
        return await self.batches.do(call.actor, call.body)

    async def list_policies(self, call: Call) -> w.ReviewPolicies:
        """Levels of review in the caller's branches."""
        return await self.policies.listed(call.actor)

    async def may_set(self, call: Call) -> None:
        """Raise Forbidden where the caller sets the levels of no branch."""
        demand_somewhere(call.actor, Action.SET_REVIEW_POLICY)

    async def set_policy(self, call: Call) -> w.ReviewPolicies:
        """Set the levels of a branch."""
        return await self.policies.set(call.actor, call.body)

    async def _shown(self, call: Call) -> ResourceDetail:
        return await self.reader.detail(call.actor, call.path("resource_id"))


_ONE = "/api/resources/{resource_id}"

ROUTES = (
    Route(
        "GET",
        "/api/reviews",
        ReviewHandlers.queue,
        "待审核",
        w.ReviewQueue,
        query=(
            LIMIT,
            BEFORE,
            Query("state", "in_review (the default), or passed: what waits to be published"),
            Query("level", "first, second or final"),
        ),
    ),
    Route(
        "POST",
        "/api/reviews/batch",
        ReviewHandlers.batch,
        "批量审核",
        w.BatchResult,
        w.ReviewBatch,
        permit=ReviewHandlers.may_batch,
        audited=AuditAction.RESOURCE_PASS,
    ),
    Route("GET", f"{_ONE}/reviewers", ReviewHandlers.reviewers, "可转交的审核人", w.ReviewerList),
    Route(
        "POST",
        f"{_ONE}/pass",
        ReviewHandlers.pass_,
        "通过",
        ResourceDetail,
        w.ReviewPass,
        permit=permitted(AuditAction.RESOURCE_PASS, Action.REVIEW_RESOURCE),
        audited=AuditAction.RESOURCE_PASS,
    ),
    Route(
        "POST",
        f"{_ONE}/reject",
        ReviewHandlers.reject,
        "驳回",
        ResourceDetail,
        w.ReviewReject,
        permit=permitted(AuditAction.RESOURCE_REJECT, Action.REVIEW_RESOURCE),
        audited=AuditAction.RESOURCE_REJECT,
    ),
    Route(
        "POST",
        f"{_ONE}/forward",
        ReviewHandlers.forward,
        "转交",
        ResourceDetail,
        w.ReviewForward,
        permit=permitted(AuditAction.RESOURCE_FORWARD, Action.REVIEW_RESOURCE),
        audited=AuditAction.RESOURCE_FORWARD,
    ),
    Route(
        "GET",
        "/api/review-policies",
        ReviewHandlers.list_policies,
        "审核级数",
        w.ReviewPolicies,
    ),
    Route(
        "PUT",
        "/api/review-policies",
        ReviewHandlers.set_policy,
        "设置审核级数",
        w.ReviewPolicies,
        w.ReviewPolicySet,
        permit=ReviewHandlers.may_set,
        audited=AuditAction.REVIEW_POLICY_SET,
    ),
)
