"""应开: the requirements of a province or county, made, changed and removed.

A reported month keeps what was required then: no change reaches back into one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.actions import Action
from signaling.access.grants import allows, branches_granted, demand_somewhere
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.facts import detail_of
from signaling.audit.log import AuditLog
from signaling.base.clock import Clock
from signaling.base.database import Database
from signaling.base.errors import ChangedMeanwhile, Invalid, LedgerRefused, NotFound
from signaling.base.ids import new_id
from signaling.base.problem_codes import ProblemCode
from signaling.base.search import mentions
from signaling.directory.tables import OrgNodeRow
from signaling.directory.wire import OrgLevel
from signaling.ledger.core.days import days_of_month
from signaling.ledger.core.duties import RequirementRule, overlapping
from signaling.ledger.counting import COUNTING_LOCK
from signaling.ledger.county_wire import Requirement, RequirementChange, RequirementCreate
from signaling.ledger.duty_keeping import DutyKeeper
from signaling.ledger.rules_in_force import nodes_above
from signaling.ledger.tables import LedgerMonthRow, RequirementRow
from signaling.ledger.visibility import under

PAGE_REQUIREMENTS = 100
MAX_REQUIREMENTS = 2_000  # of one node: 9 grades × 20 subjects × 10 years


@dataclass(frozen=True, slots=True)
class RequirementPlace:
    """The place of a requirement in the list."""

    grade: str
    subject: str
    first: date
    requirement_id: str


class Requirements:
    """The requirements, and the actions on them."""

    def __init__(
        self, database: Database, duties: DutyKeeper, audit: AuditLog, clock: Clock
    ) -> None:
        self._database = database
        self._duties = duties
        self._audit = audit
        self._clock = clock

    async def page(
        self, actor: Actor, query: str, after: str | None, node_id: str | None = None
    ) -> tuple[Sequence[Requirement], str | None]:
        """Return the requirements that count in, or lie in, the reader's branches, in pages.

        Args:
            actor: the reader.
            query: words that grade, subject or area must contain.
            after: the id after which the page begins.
            node_id: those alone that are of this node, or of one above it.

        Raises:
            Forbidden: the reader sees no ledger at all.
            Invalid: `after` is no requirement, or the node none that the reader may see.
        """
        demand_somewhere(actor, Action.READ_LEDGER)
        row, node = RequirementRow, OrgNodeRow
        wanted = [_counts_in(branches_granted(actor, Action.READ_LEDGER))]
        wanted += mentions(query, (row.grade, row.subject, node.name))
        order = (row.grade, row.subject, row.first, row.requirement_id)
        async with self._database.read() as session:
            if node_id is not None:
                wanted.append(await _counts_at(session, actor, node_id))
            if after is not None:
                last = await session.get(row, after)
                if last is None:
                    raise Invalid(code=ProblemCode.BAD_CURSOR, field="after")
                place = (last.grade, last.subject, last.first, last.requirement_id)
                wanted.append(tuple_(*order) > tuple_(*place))
            rows = (
                await session.execute(
                    select(row, node.name, node.level)
                    .join(node, node.node_id == row.node_id)
                    .where(*wanted)
                    .order_by(*order)
                    .limit(PAGE_REQUIREMENTS + 1)
                )
            ).all()
        found = [shown(row, name, level) for row, name, level in rows[:PAGE_REQUIREMENTS]]
        more = len(rows) > PAGE_REQUIREMENTS
        return found, found[-1].requirement_id if more else None

    async def create(self, actor: Actor, wish: RequirementCreate) -> Requirement:
        """Require periods of a subject in a grade.

        Raises:
            Forbidden: the actor edits no requirements at all.
            Invalid: a field cannot be, or the node is none of the actor's.
            LedgerRefused: another requirement counts then, or a reported month would change.
        """
        demand_somewhere(actor, Action.EDIT_REQUIREMENTS)
        _demand_order(wish.first, wish.last)
        requirement_id = new_id()
        detail = detail_of(grade=wish.grade, subject=wish.subject, periods=wish.periods)
        async with self._audit.work(
            actor, AuditAction.REQUIREMENT_CREATE, requirement_id, detail
        ) as work:
            session = work.session
            await self._database.serialize(session, COUNTING_LOCK)
            node = await session.get(OrgNodeRow, wish.node_id)
            if node is None or not may_edit(actor, node):
                raise Invalid(code=ProblemCode.UNKNOWN_NODE, field="node_id")
            work.concerns(node.path, node.name)
            row = RequirementRow(
                requirement_id=requirement_id,
                node_id=wish.node_id,
                grade=wish.grade,
                subject=wish.subject,
                periods=wish.periods,
                first=wish.first,
                last=wish.last,
                version=1,
                by_name=actor.name,
                at=self._clock.now(),
            )
            await demand_room(session, wish.node_id, 1)
            await self._demand_apart(session, row)
            await changed_from(session, self._duties, node, wish.first)
            session.add(row)
        return shown(row, node.name, node.level)

    async def change(
        self, actor: Actor, requirement_id: str, wish: RequirementChange
    ) -> Requirement:
        """Require another number of periods, or on other days.

        Raises:
            NotFound: no requirement that the actor may edit.
            ChangedMeanwhile: it is another than the actor saw.
            Invalid, LedgerRefused: as `create`.
        """
        _demand_order(wish.first, wish.last)
        async with self._audit.work(actor, AuditAction.REQUIREMENT_CHANGE, requirement_id) as work:
            row, node = await self._own(work.session, actor, requirement_id)
            if row.version != wish.version:
                raise ChangedMeanwhile(facts={"version": row.version})
            begin = _changed_since(row, wish)
            work.concerns(node.path, node.name)
            if begin is None:
                work.nothing_to_do()
                return shown(row, node.name, node.level)
            work.detail = detail_of(
                grade=row.grade,
                subject=row.subject,
                periods=(row.periods, wish.periods),
                first=(row.first, wish.first),
                last=(row.last, wish.last),
            )
            await changed_from(work.session, self._duties, node, begin)
            row.periods, row.first, row.last = wish.periods, wish.first, wish.last
            row.version += 1
            row.by_name, row.at = actor.name, self._clock.now()
            await self._demand_apart(work.session, row)
        return shown(row, node.name, node.level)

    async def remove(self, actor: Actor, requirement_id: str, version: int) -> None:
        """Take a requirement back altogether. Raises as `change`."""
        async with self._audit.work(actor, AuditAction.REQUIREMENT_REMOVE, requirement_id) as work:
            row, node = await self._own(work.session, actor, requirement_id)
            if row.version != version:
                raise ChangedMeanwhile(facts={"version": row.version})
            work.detail = detail_of(grade=row.grade, subject=row.subject, periods=row.periods)
            work.concerns(node.path, node.name)
            await changed_from(work.session, self._duties, node, row.first)
            await work.session.delete(row)

    # --- inside ----------------------------------------------------------------------------------

    async def _own(
        self, session: AsyncSession, actor: Actor, requirement_id: str
    ) -> tuple[RequirementRow, OrgNodeRow]:
        """Return a requirement that nobody else changes from here on."""
        await self._database.serialize(session, COUNTING_LOCK)
        row = await session.get(RequirementRow, requirement_id)
        node = None if row is None else await session.get(OrgNodeRow, row.node_id)
        if row is None or node is None or not may_edit(actor, node):
            raise NotFound(code=ProblemCode.REQUIREMENT_NOT_FOUND)
        return row, node

    async def _demand_apart(self, session: AsyncSession, row: RequirementRow) -> None:
        """Raise LedgerRefused where another requirement of the same node counts then."""
        mine = RequirementRow
        query = select(mine).where(
            mine.node_id == row.node_id,
            mine.grade == row.grade,
            mine.subject == row.subject,
            mine.requirement_id != row.requirement_id,
        )
        with session.no_autoflush:
            others = [rule_of(one) for one in await session.scalars(query)]
        other = overlapping(others, rule_of(row))
        if other is not None:
            facts = {"grade": row.grade, "subject": row.subject, "first": other.first.isoformat()}
            raise LedgerRefused(code=ProblemCode.REQUIREMENT_OVERLAPS, field="first", facts=facts)


async def demand_room(session: AsyncSession, node_id: str, more: int) -> None:
    """Raise Invalid where a node has no room for more requirements."""
    mine = select(func.count()).where(RequirementRow.node_id == node_id)
    if (await session.scalar(mine) or 0) + more > MAX_REQUIREMENTS:
        raise Invalid(f"at most {MAX_REQUIREMENTS} requirements", field="node_id")


async def changed_from(
    session: AsyncSession, duties: DutyKeeper, node: OrgNodeRow, day: date
) -> None:
    """Let the duties below a node be written anew from a day on.

    Raises:
        LedgerRefused: a month that was reported would change.
    """
    counties = list(
        await session.scalars(
            select(OrgNodeRow.node_id).where(
                OrgNodeRow.level == OrgLevel.COUNTY, under(OrgNodeRow.path, (node.path,))
            )
        )
    )
    frozen = await session.scalar(
        select(func.max(LedgerMonthRow.month)).where(LedgerMonthRow.county_id.in_(counties))
    )
    if frozen is not None and day <= days_of_month(frozen)[1]:
        raise LedgerRefused(code=ProblemCode.MONTH_FROZEN, field="first", facts={"month": frozen})
    await duties.rewind(session, counties, day)


def may_edit(actor: Actor, node: OrgNodeRow) -> bool:
    """Tell whether an actor may edit the requirements of a node; schools have none of their own."""
    above_schools = OrgLevel(node.level) is not OrgLevel.SCHOOL
    return above_schools and allows(actor, Action.EDIT_REQUIREMENTS, (), (node.path,))


async def _counts_at(session: AsyncSession, actor: Actor, node_id: str) -> ColumnElement[bool]:
    """Return the condition on requirements that count at a node. Raises Invalid."""
    node = await session.get(OrgNodeRow, node_id)
    if node is None or not allows(actor, Action.READ_LEDGER, (), (node.path,)):
        raise Invalid(code=ProblemCode.UNKNOWN_NODE, field="node")
    return OrgNodeRow.node_id.in_(nodes_above(node.path))


def _counts_in(paths: frozenset[str]) -> ColumnElement[bool]:
    """Return the condition on requirements that count in a branch: of nodes in it, or above it."""
    above = {node for path in paths for node in nodes_above(path)}
    return or_(under(OrgNodeRow.path, paths), OrgNodeRow.node_id.in_(above))


def _demand_order(first: date, last: date | None) -> None:
    if last is not None and last < first:
        raise Invalid(code=ProblemCode.ENDS_BEFORE_START, field="last")


def _changed_since(row: RequirementRow, wish: RequirementChange) -> date | None:
    """Return the first day on which a change makes a difference."""
    days = []
    if wish.periods != row.periods:
        days.append(min(wish.first, row.first))
    if wish.first != row.first:
        days.append(min(wish.first, row.first))
    if wish.last != row.last:
        ends = (one for one in (wish.last, row.last) if one is not None)
        days.append(min(ends) + timedelta(days=1))
    return min(days, default=None)


def rule_of(row: RequirementRow) -> RequirementRule:
    """Return a requirement as a rule of its own node."""
    return RequirementRule(
        row.requirement_id, 0, row.grade, row.subject, row.periods, row.first, row.last
    )


def shown(row: RequirementRow, node: str, level: OrgLevel) -> Requirement:
    """Return a requirement as the API shows it, with name and level of its node."""
    return Requirement(
        requirement_id=row.requirement_id,
        node_id=row.node_id,
        node=node,
        level=OrgLevel(level),
        grade=row.grade,
        subject=row.subject,
        periods=row.periods,
        first=row.first,
        last=row.last,
        version=row.version,
        by=row.by_name,
        at=row.at,
    )
