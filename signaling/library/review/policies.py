"""Levels of review that the branches of the org tree ask for."""

from __future__ import annotations

from signaling.access.actions import Action
from signaling.access.grants import allows, branches_granted, demand_somewhere
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.facts import detail_of
from signaling.audit.log import AuditLog
from signaling.base.database import Database
from signaling.base.errors import Forbidden, Invalid
from signaling.base.problem_codes import ProblemCode
from signaling.directory.tables import OrgNodeRow
from signaling.library.review import store
from signaling.library.review.wire import ReviewPolicies, ReviewPolicySet
from signaling.library.versions.rules import DEFAULT_LEVELS
from signaling.library.versions.tables import ReviewPolicyRow


class Policies:
    """Reads and sets the levels of review. What is under way keeps the levels it began with."""

    def __init__(self, database: Database, audit: AuditLog) -> None:
        self._database = database
        self._audit = audit

    async def listed(self, actor: Actor) -> ReviewPolicies:
        """List the policies that hold in the actor's branches. Raises Forbidden."""
        demand_somewhere(actor, Action.READ_REVIEW_POLICY)
        paths = branches_granted(actor, Action.READ_REVIEW_POLICY)
        if not paths:
            return ReviewPolicies((), DEFAULT_LEVELS)
        async with self._database.read() as session:
            found = await store.policies(session, paths)
        return ReviewPolicies(tuple(found), DEFAULT_LEVELS)

    async def set(self, actor: Actor, wish: ReviewPolicySet) -> ReviewPolicies:
        """Set or take away the policy of a node.

        Raises:
            Forbidden: the actor sets no policies, or only reads this one.
            Invalid: there is no such node for the actor.
        """
        async with self._audit.work(actor, AuditAction.REVIEW_POLICY_SET, wish.node_id) as work:
            node = await work.session.get(OrgNodeRow, wish.node_id)
            if node is None or not allows(actor, Action.READ_REVIEW_POLICY, branches=(node.path,)):
                raise Invalid(code=ProblemCode.UNKNOWN_NODE, field="node_id")
            if not allows(actor, Action.SET_REVIEW_POLICY, branches=(node.path,)):
                raise Forbidden()
            row = await work.session.get(ReviewPolicyRow, wish.node_id, with_for_update=True)
            before = None if row is None else row.levels
            if before == wish.levels:
                work.nothing_to_do()
            elif wish.levels is None:
                await work.session.delete(row)
            elif row is None:
                work.session.add(
                    ReviewPolicyRow(node_id=wish.node_id, levels=wish.levels, version=1)
                )
            else:
                row.levels = wish.levels
                row.version += 1
            work.concerns(node.path, node.name)
            work.detail = detail_of(levels=[before, wish.levels])
        return await self.listed(actor)
