"""Routes: 自动排课."""

from __future__ import annotations

from dataclasses import dataclass

from signaling.access.actions import Action
from signaling.access.grants import demand_somewhere
from signaling.audit.actions import AuditAction
from signaling.timetable.proposals import wire as w
from signaling.timetable.proposals.service import Proposals
from signaling.web.routes import Call, Query, Route


@dataclass(frozen=True, slots=True)
class ProposalHandlers:
    """Proposals."""

    proposals: Proposals

    async def may_manage(self, call: Call) -> None:
        """Raise Forbidden unless the caller makes the timetable of anything."""
        demand_somewhere(call.actor, Action.MANAGE_TIMETABLE)

    async def list_proposals(self, call: Call) -> w.ProposalList:
        """The proposals of a county."""
        query = call.query
        return await self.proposals.listed(call.actor, query.get("county"), query.get("after"))

    async def start_proposal(self, call: Call) -> w.ProposalSummary:
        """自动排课."""
        return await self.proposals.start(call.actor, call.body)

    async def get_proposal(self, call: Call) -> w.ProposalDetail:
        """One proposal."""
        return await self.proposals.get(call.actor, call.path("proposal_id"))

    async def accept_proposal(self, call: Call) -> w.ProposalSummary:
        """采纳."""
        return await self.proposals.accept(call.actor, call.path("proposal_id"), call.body.version)

    async def discard_proposal(self, call: Call) -> w.ProposalSummary:
        """放弃."""
        return await self.proposals.discard(call.actor, call.path("proposal_id"), call.body.version)


ROUTES = (
    Route(
        "GET",
        "/api/timetable/proposals",
        ProposalHandlers.list_proposals,
        "排课方案列表",
        w.ProposalList,
        query=(
            Query("county", "the county's id; one's own without"),
            Query("after", "the `next` of the page before"),
        ),
    ),
    Route(
        "POST",
        "/api/timetable/proposals",
        ProposalHandlers.start_proposal,
        "自动排课",
        w.ProposalSummary,
        w.ProposalWish,
        status=201,
        permit=ProposalHandlers.may_manage,
        audited=AuditAction.PROPOSAL_START,
    ),
    Route(
        "GET",
        "/api/timetable/proposals/{proposal_id}",
        ProposalHandlers.get_proposal,
        "一个排课方案",
        w.ProposalDetail,
    ),
    Route(
        "POST",
        "/api/timetable/proposals/{proposal_id}/accept",
        ProposalHandlers.accept_proposal,
        "采纳排课方案",
        w.ProposalSummary,
        w.ProposalDecision,
        permit=ProposalHandlers.may_manage,
        audited=AuditAction.PROPOSAL_ACCEPT,
    ),
    Route(
        "POST",
        "/api/timetable/proposals/{proposal_id}/discard",
        ProposalHandlers.discard_proposal,
        "放弃排课方案",
        w.ProposalSummary,
        w.ProposalDecision,
        permit=ProposalHandlers.may_manage,
        audited=AuditAction.PROPOSAL_DISCARD,
    ),
)
