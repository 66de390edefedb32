"""The rules of org nodes: how long which resources are kept."""

from __future__ import annotations

from sqlalchemy import func, or_, select

from signaling.access.actions import Action
from signaling.access.grants import allows, branches_granted, demand_somewhere
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.facts import detail_of
from signaling.audit.log import AuditLog
from signaling.base.database import Database
from signaling.base.errors import Forbidden, Invalid, Refused
from signaling.base.problem_codes import ProblemCode
from signaling.directory.branches import nodes_in
from signaling.directory.tables import OrgNodeRow
from signaling.directory.wire import OrgLevel
from signaling.library.retention.rules import NOTICE
from signaling.library.retention.store import MAX_RULES
from signaling.library.retention.tables import RetentionRuleRow
from signaling.library.retention.wire import (
    RetentionChoice,
    RetentionKind,
    RetentionRule,
    RetentionRules,
    RetentionRuleSet,
)


class RetentionPolicies:
    """Reads and sets the rules."""

    def __init__(self, database: Database, audit: AuditLog) -> None:
        self._database = database
        self._audit = audit

    async def listed(self, actor: Actor) -> RetentionRules:
        """List the rules in the actor's branches, and those above that hold there."""
        demand_somewhere(actor, Action.READ_RETENTION)
        paths = branches_granted(actor, Action.READ_RETENTION)
        above = {part for path in paths for part in path.split("/") if part}
        query = (
            select(RetentionRuleRow, OrgNodeRow)
            .join(OrgNodeRow, OrgNodeRow.node_id == RetentionRuleRow.node_id)
            .where(
                or_(OrgNodeRow.node_id.in_(sorted(above)), OrgNodeRow.node_id.in_(nodes_in(paths)))
            )
            .order_by(OrgNodeRow.path, RetentionRuleRow.kind)
            .limit(MAX_RULES)
        )
        async with self._database.read() as session:
            found = (await session.execute(query)).all() if paths else []
        rules = tuple(
            RetentionRule(
                node.node_id,
                node.name,
                OrgLevel(node.level),
                RetentionKind(row.kind),
                row.days,
                row.keeps_title,
                allows(actor, Action.SET_RETENTION, branches=(node.path,)),
            )
            for row, node in found
        )
        return RetentionRules(rules, NOTICE.days)

    async def set(self, actor: Actor, wish: RetentionRuleSet) -> RetentionRules:
        """Set or take away the rule of a node.

        Raises:
            Forbidden: the actor sets no rules, or only reads this one.
            Invalid: there is no such node for the actor, or the days do not fit the choice.
            Refused: there are all the rules that there may be.
        """
        if (wish.choice is RetentionChoice.DELETE) is (wish.days is None):
            raise Invalid(code=ProblemCode.MISSING if wish.days is None else None, field="days")
        action = AuditAction.RETENTION_RULE_SET
        async with self._audit.work(actor, action, wish.node_id) as work:
            node = await work.session.get(OrgNodeRow, wish.node_id)
            if node is None or not allows(actor, Action.READ_RETENTION, branches=(node.path,)):
                raise Invalid(code=ProblemCode.UNKNOWN_NODE, field="node_id")
            if not allows(actor, Action.SET_RETENTION, branches=(node.path,)):
                raise Forbidden()
            key = (wish.node_id, wish.kind)
            row = await work.session.get(RetentionRuleRow, key, with_for_update=True)
            before = _said(row)
            if wish.choice is RetentionChoice.INHERIT:
                if row is not None:
                    await work.session.delete(row)
                after = RetentionChoice.INHERIT.value
            else:
                if row is None:
                    count = select(func.count()).select_from(RetentionRuleRow)
                    if (await work.session.scalar(count) or 0) >= MAX_RULES:
                        raise Refused(code=ProblemCode.TOO_MANY_RULES, facts={"most": MAX_RULES})
                    row = RetentionRuleRow(node_id=wish.node_id, kind=wish.kind)
                    work.session.add(row)
                row.days, row.keeps_title = wish.days, wish.keeps_title
                after = _said(row)
            if before == after:
                work.nothing_to_do()
            work.concerns(node.path, node.name)
            work.detail = detail_of(kind=wish.kind, rule=[before, after])
        return await self.listed(actor)


def _said(row: RetentionRuleRow | None) -> str:
    """Return a rule as the audit log says it: the choice, or the days."""
    if row is None:
        return RetentionChoice.INHERIT.value
    said = RetentionChoice.KEEP.value if row.days is None else f"{row.days} d"
    return said if row.keeps_title else f"{said}, #"
