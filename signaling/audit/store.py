"""Reading the audit log in pages."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, false, or_, select, true, tuple_

from signaling.access.roles import ROOT_PATH
from signaling.audit.facts import facts_of
from signaling.audit.tables import AuditRow
from signaling.audit.wire import AuditLine
from signaling.base.cursors import Place
from signaling.base.database import Database
from signaling.base.search import mentions

_PART = 100  # lines made in one step of the loop, which forwards media


@dataclass(frozen=True, slots=True)
class AuditSearch:
    """Search of a reader in the audit log.

    Attributes:
        start: the first instant.
        end: the first instant past the last.
        actor: an actor's id, or words of the name.
        action: an action.
        target: a target's id, or words of its name or of the detail.
        limit: lines of a page.
        after: the place of the last line of the page before.
    """

    start: datetime
    end: datetime
    actor: str = ""
    action: str = ""
    target: str = ""
    limit: int = 100
    after: Place | None = None


class AuditStore:
    """The lines of the audit log."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, branches: Collection[str], search: AuditSearch
    ) -> tuple[tuple[AuditLine, ...], Place | None]:
        """Return the lines of a page, newest first, and the place of the next page.

        Args:
            branches: paths; lines that concern any of these branches are found.
            search: which of them.
        """
        query = (
            select(AuditRow)
            .where(_concerns(branches), *_conditions(search))
            .order_by(AuditRow.at.desc(), AuditRow.audit_id.desc())
            .limit(search.limit + 1)
        )
        async with self._database.read() as session:
            rows = (await session.scalars(query)).all()
        lines = []
        for number, row in enumerate(rows[: search.limit], 1):
            lines.append(_line(row))
            if number % _PART == 0:
                await asyncio.sleep(0)
        if len(rows) <= search.limit:
            return tuple(lines), None
        last = lines[-1]
        return tuple(lines), Place(last.at, last.audit_id)


def _concerns(branches: Collection[str]) -> ColumnElement[bool]:
    if ROOT_PATH in branches:
        return true()
    return or_(
        false(), *(AuditRow.path.startswith(one, autoescape=True) for one in sorted(branches))
    )


def _conditions(search: AuditSearch) -> Iterator[ColumnElement[bool]]:
    yield AuditRow.at >= search.start
    yield AuditRow.at < search.end
    if search.after is not None:
        place = tuple_(AuditRow.at, AuditRow.audit_id)
        yield place < tuple_(search.after.at, search.after.row_id)
    if search.action:
        yield AuditRow.action == search.action
    for wanted, key, columns in (
        (search.actor, AuditRow.actor_id, (AuditRow.actor_name,)),
        (search.target, AuditRow.target, (AuditRow.target_name, AuditRow.detail)),
    ):
        for condition in mentions(wanted, columns):
            yield or_(key == wanted, condition)


def _line(row: AuditRow) -> AuditLine:
    return AuditLine(
        row.audit_id,
        row.at,
        row.actor_id,
        row.actor_name,
        row.action,
        row.target,
        row.target_name,
        row.detail,
        facts_of(row.action, row.detail),
        row.remote,
    )
