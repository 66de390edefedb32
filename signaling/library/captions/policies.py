"""Captions that the branches of the org tree want, and the words that reviewers are told of."""

from __future__ import annotations

from collections.abc import Collection

from signaling.access.actions import Action
from signaling.access.grants import allows, branches_granted, demand_somewhere
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.facts import detail_of
from signaling.audit.log import AuditLog
from signaling.base.database import Database
from signaling.base.errors import ChangedMeanwhile, Forbidden, Invalid, Malformed, NotFound
from signaling.base.problem_codes import ProblemCode
from signaling.directory.tables import OrgNodeRow
from signaling.library.captions import store
from signaling.library.captions.rules import fold
from signaling.library.captions.tables import CaptionPolicyRow
from signaling.library.captions.wire import CaptionPolicies, CaptionPolicy, CaptionPolicySet

DEFAULT_PAGE = 20  # policies; each has `LISTED_WORDS` at most


class CaptionPolicyDesk:
    """Reads and sets the policies. Whoever sets the levels of review sets these, too."""

    def __init__(self, database: Database, audit: AuditLog, *, installed: bool) -> None:
        self._database = database
        self._audit = audit
        self._installed = installed

    async def listed(
        self, actor: Actor, *, limit: int = DEFAULT_PAGE, after: str | None = None
    ) -> CaptionPolicies:
        """List a page of the policies that hold in the actor's branches.

        `after` is the node behind which it begins. Raises Forbidden; Malformed: no such node.
        """
        demand_somewhere(actor, Action.READ_REVIEW_POLICY)
        paths = branches_granted(actor, Action.READ_REVIEW_POLICY)
        if not paths:
            return CaptionPolicies((), self._installed)
        async with self._database.read() as session:
            path = ""
            if after is not None:
                node = await session.get(OrgNodeRow, after)
                if node is None or not _holds(node, paths):
                    raise Malformed(code=ProblemCode.BAD_CURSOR, field="before")
                path = node.path
            found, following = await store.policies(session, paths, limit=limit, after=path)
        last = None if following is None else found[-1].node_id
        return CaptionPolicies(tuple(found), self._installed, last)

    async def one(self, actor: Actor, node_id: str) -> CaptionPolicy:
        """Return the policy of a node with all its words; of a node without, an empty one.

        Raises NotFound: there is no such node for the actor.
        """
        async with self._database.read() as session:
            node = await session.get(OrgNodeRow, node_id)
            row = await session.get(CaptionPolicyRow, node_id)
        if node is None or not _holds(node, branches_granted(actor, Action.READ_REVIEW_POLICY)):
            raise NotFound(code=ProblemCode.UNKNOWN_NODE)
        return store.policy_of(node, row)

    async def set(self, actor: Actor, wish: CaptionPolicySet) -> CaptionPolicies:
        """Set or take away the policy of a node.

        Raises:
            Forbidden: the actor sets no policies, or only reads this one.
            Invalid: there is no such node for the actor.
            ChangedMeanwhile: it is another version.
        """
        action = AuditAction.CAPTION_POLICY_SET
        async with self._audit.work(actor, action, wish.node_id) as work:
            node = await work.session.get(OrgNodeRow, wish.node_id, with_for_update=True)
            if node is None or not allows(actor, Action.READ_REVIEW_POLICY, branches=(node.path,)):
                raise Invalid(code=ProblemCode.UNKNOWN_NODE, field="node_id")
            if not allows(actor, Action.SET_REVIEW_POLICY, branches=(node.path,)):
                raise Forbidden()
            row = await work.session.get(CaptionPolicyRow, wish.node_id)
            present = 0 if row is None else row.version
            if wish.version != present:
                raise ChangedMeanwhile(field="version", facts={"version": present})
            words = tuple({fold(one): one for one in reversed(wish.words)}.values())[::-1]
            if wish.automatic is None and not words:
                await work.session.delete(row) if row is not None else work.nothing_to_do()
            else:
                if row is None:
                    row = CaptionPolicyRow(node_id=wish.node_id, version=0)
                    work.session.add(row)
                row.automatic, row.words = wish.automatic, store.written(words)
                row.version += 1
            work.concerns(node.path, node.name)
            work.detail = detail_of(automatic=wish.automatic, words=len(words))
        return await self.listed(actor)


def _holds(node: OrgNodeRow, paths: Collection[str]) -> bool:
    """Tell whether a node lies in one of some branches, or above one."""
    return any(node.path.startswith(path) or path.startswith(node.path) for path in paths)
