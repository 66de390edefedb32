"""Areas whose ledger a reader may choose: counties, and the nodes of the org tree above them."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import and_, false, literal, or_, select
from sqlalchemy.orm import aliased

from signaling.access.actions import Action
from signaling.access.grants import allows, branches_granted
from signaling.access.roles import Actor
from signaling.base.database import Database
from signaling.base.errors import NotFound
from signaling.base.problem_codes import ProblemCode
from signaling.base.search import mentions
from signaling.directory.tables import OrgNodeRow
from signaling.directory.wire import OrgLevel
from signaling.ledger.visibility import under
from signaling.ledger.wire import LedgerArea, LedgerAreaList

MAX_AREAS = 200  # of one answer; a province has some 130, the country is searched by name


class Areas:
    """The org tree down to its counties, as readers of the ledger see it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def listed(self, actor: Actor, q: str) -> LedgerAreaList:
        """Return the areas of which the actor sees some ledger.

        The own county stands first, then each area before those that lie in it. A county that
        only holds a branch of the actor's is among them; what lies above it is not.
        """
        paths = branches_granted(actor, Action.READ_LEDGER)
        row, above = OrgNodeRow, aliased(OrgNodeRow)
        holds = or_(false(), *(literal(path).startswith(row.path) for path in sorted(paths)))
        query = (
            select(row.node_id, row.name, row.level, row.path, above.name.label("above"))
            .outerjoin(above, above.node_id == row.parent_id)
            .where(
                row.active,
                row.level != OrgLevel.SCHOOL,
                or_(under(row.path, paths), and_(row.level == OrgLevel.COUNTY, holds)),
                *mentions(q, (row.name,)),
            )
            .order_by(row.path != actor.county, row.path)
            .limit(MAX_AREAS + 1)
        )
        async with self._database.read() as session:
            found = (await session.execute(query)).all()
        areas = tuple(
            LedgerArea(one.node_id, one.name, OrgLevel(one.level), one.above, _in(one.path, paths))
            for one in found[:MAX_AREAS]
        )
        return LedgerAreaList(areas, len(found) > MAX_AREAS)

    async def path(self, actor: Actor, node_id: str | None) -> str | None:
        """Return the path of an area of which the actor sees the whole ledger; None of None.

        Raises:
            NotFound: there is no such area for the actor.
        """
        if node_id is None:
            return None
        async with self._database.read() as session:
            node = await session.get(OrgNodeRow, node_id)
        if node is None or not allows(actor, Action.READ_LEDGER, (), (node.path,)):
            raise NotFound(code=ProblemCode.UNKNOWN_NODE, field="node")
        return node.path


def _in(path: str, branches: Collection[str]) -> bool:
    return any(path.startswith(branch) for branch in branches)
