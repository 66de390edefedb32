"""应开: a new version of the table of a node, valid from a day on, as one action."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.actions import Action
from signaling.access.grants import demand_somewhere
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.log import AuditLog
from signaling.base.clock import Clock
from signaling.base.database import Database
from signaling.base.errors import ChangedMeanwhile, Invalid
from signaling.base.ids import new_id
from signaling.base.problem_codes import ProblemCode
from signaling.directory.tables import OrgNodeRow
from signaling.ledger.core.versions import NewVersion, Step, in_force_on, new_version
from signaling.ledger.counting import COUNTING_LOCK
from signaling.ledger.county_wire import (
    RequirementCell,
    RequirementVersion,
    RequirementVersionMade,
)
from signaling.ledger.duty_keeping import DutyKeeper
from signaling.ledger.requirements import changed_from, demand_room, may_edit, rule_of, shown
from signaling.ledger.tables import RequirementRow

_TOLD = 40  # cells that the audit log names

_Key = tuple[str, str]  # grade and subject


@dataclass(frozen=True, slots=True)
class _Cell:
    """A cell that changes: what the page wishes, the row in force, and what is to be done."""

    wish: RequirementCell
    row: RequirementRow | None  # the one in force
    outcome: NewVersion

    @property
    def adds(self) -> bool:
        """Whether a row is added."""
        return self.outcome.periods > 0


class RequirementVersions:
    """The action that makes a version."""

    def __init__(
        self, database: Database, duties: DutyKeeper, audit: AuditLog, clock: Clock
    ) -> None:
        self._database = database
        self._duties = duties
        self._audit = audit
        self._clock = clock

    async def make(self, actor: Actor, wish: RequirementVersion) -> RequirementVersionMade:
        """Require other periods from a day on; the requirements until then end the day before.

        Raises:
            Forbidden: the actor edits no requirements at all.
            Invalid: a cell is named twice, or the node is none of the actor's.
            ChangedMeanwhile: a cell is another than the actor saw.
            LedgerRefused: a reported month would change.
        """
        demand_somewhere(actor, Action.EDIT_REQUIREMENTS)
        _demand_once(wish.cells)
        async with self._audit.work(actor, AuditAction.REQUIREMENT_VERSION, wish.node_id) as work:
            session = work.session
            await self._database.serialize(session, COUNTING_LOCK)
            node = await session.get(OrgNodeRow, wish.node_id)
            if node is None or not may_edit(actor, node):
                raise Invalid(code=ProblemCode.UNKNOWN_NODE, field="node_id")
            work.concerns(node.path, node.name)
            cells = _cells(wish, await _rows(session, wish.node_id))
            if not cells:
                work.nothing_to_do()
                return RequirementVersionMade(wish.first, 0, ())
            added = [one for one in cells if one.adds]
            await demand_room(session, wish.node_id, len(added))
            await changed_from(session, self._duties, node, wish.first)
            rows = [await self._write(session, actor, wish, cell) for cell in cells]
            work.detail = _told(wish, cells)
            await session.flush()
        made = tuple(shown(row, node.name, node.level) for row in rows if row is not None)
        return RequirementVersionMade(wish.first, len(cells), made)

    async def _write(
        self, session: AsyncSession, actor: Actor, wish: RequirementVersion, cell: _Cell
    ) -> RequirementRow | None:
        """Write one cell; returns the requirement that holds from then on, if there is one."""
        row, outcome, now = cell.row, cell.outcome, self._clock.now()
        if row is not None and outcome.step is Step.GOES:
            await session.delete(row)
        elif row is not None and outcome.step is Step.CHANGES:
            row.periods = cell.wish.periods
        elif row is not None and outcome.step is Step.ENDS:
            row.last = wish.first - timedelta(days=1)
        if row is not None:
            row.version += 1
            if outcome.step is Step.CHANGES:
                row.by_name, row.at = actor.name, now
                return row
        if not outcome.periods:
            return None
        new = RequirementRow(
            requirement_id=new_id(),
            node_id=wish.node_id,
            grade=cell.wish.grade,
            subject=cell.wish.subject,
            periods=outcome.periods,
            first=wish.first,
            last=outcome.last,
            version=1,
            by_name=actor.name,
            at=now,
        )
        session.add(new)
        return new


def _demand_once(cells: Sequence[RequirementCell]) -> None:
    seen: set[_Key] = set()
    for number, one in enumerate(cells):
        if (one.grade, one.subject) in seen:
            raise Invalid("named twice", field=f"cells[{number}].subject")
        seen.add((one.grade, one.subject))


async def _rows(session: AsyncSession, node_id: str) -> Mapping[_Key, list[RequirementRow]]:
    found: dict[_Key, list[RequirementRow]] = {}
    query = select(RequirementRow).where(RequirementRow.node_id == node_id)
    for row in await session.scalars(query):
        found.setdefault((row.grade, row.subject), []).append(row)
    return found


def _cells(wish: RequirementVersion, rows: Mapping[_Key, Sequence[RequirementRow]]) -> list[_Cell]:
    """Return the cells that change. Raises ChangedMeanwhile."""
    found = []
    for number, one in enumerate(wish.cells):
        mine = {row.requirement_id: row for row in rows.get((one.grade, one.subject), ())}
        rules = [rule_of(row) for row in mine.values()]
        now = in_force_on(rules, wish.first)
        row = None if now is None else mine[now.requirement_id]
        if (0 if row is None else row.version) != one.version:
            raise ChangedMeanwhile(field=f"cells[{number}]", facts=_facts(one, row))
        outcome = new_version(rules, one.periods, wish.first)
        if outcome.step is not Step.NOTHING or outcome.periods:
            found.append(_Cell(one, row, outcome))
    return found


def _facts(one: RequirementCell, row: RequirementRow | None) -> dict[str, str | int]:
    """Facts of a change made meanwhile, for the words of the page."""
    about: dict[str, str | int] = {"grade": one.grade, "subject": one.subject}
    return about | {
        "periods": 0 if row is None else row.periods,
        "by": "" if row is None else row.by_name,
    }


def _told(wish: RequirementVersion, cells: Sequence[_Cell]) -> str:
    """Facts that the audit log keeps of a version."""
    changes = []
    for one in cells[:_TOLD]:
        before = 0 if one.outcome.in_force is None else one.outcome.in_force.periods
        changes.append(f"{one.wish.grade} {one.wish.subject} {before} -> {one.wish.periods}")
    more = f", +{len(cells) - _TOLD}" if len(cells) > _TOLD else ""
    return f"{wish.first}: {', '.join(changes)}{more}"
