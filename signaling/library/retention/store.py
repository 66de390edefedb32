"""Reading what rules let go, holds, and tombstones."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, not_, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.roles import ROOT_PATH
from signaling.base.cursors import Place
from signaling.directory.branches import in_branches
from signaling.directory.tables import OrgNodeRow
from signaling.library.retention.rules import NodeRule, Reach, due_at, reaches
from signaling.library.retention.tables import (
    DeletionNoticeRow,
    LegalHoldRow,
    RetentionRuleRow,
)
from signaling.library.retention.wire import RetentionKind
from signaling.library.tables import ResourceRow, TombstoneRow
from signaling.library.versions.tables import PublicationRow, ResourceVersionRow
from signaling.library.versions.wire import VersionState
from signaling.library.wire import ResourceKind, ResourceState

MAX_RULES = 500  # of one list, and of all nodes together: a province has some hundred counties


@dataclass(frozen=True, slots=True)
class Candidate:
    """A resource for which a rule holds.

    Attributes:
        since: what the rule's days are counted from.
        noticed_at: when the owner was told, for this kind and begin.
        hold: the hold that stands.
    """

    row: ResourceRow
    place: str
    path: str
    reach: Reach
    since: datetime
    noticed_at: datetime | None
    hold: LegalHoldRow | None

    @property
    def due_at(self) -> datetime:
        """When the days of the rule are over."""
        return due_at(self.since, self.reach.days)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for among the candidates.

    Attributes:
        more: further conditions on resources.
        kinds: of these kinds only.
        due_before: due earlier than this.
        held: with a hold, without one, or either.
        noticed: told already, not yet, or either.
        noticed_before: told earlier than this, or just then.
        after: the place in the order of due times at which to go on.
    """

    more: tuple[ColumnElement[bool], ...] = ()
    kinds: Collection[RetentionKind] = field(default_factory=lambda: tuple(RetentionKind))
    due_before: datetime | None = None
    held: bool | None = None
    noticed: bool | None = None
    noticed_before: datetime | None = None
    after: Place | None = None


async def all_rules(session: AsyncSession) -> list[NodeRule]:
    """Return the rules of all nodes."""
    query = (
        select(RetentionRuleRow, OrgNodeRow.path)
        .join(OrgNodeRow, OrgNodeRow.node_id == RetentionRuleRow.node_id)
        .order_by(OrgNodeRow.path)
        .limit(MAX_RULES)
    )
    return [
        NodeRule(row.node_id, path, RetentionKind(row.kind), row.days, row.keeps_title)
        for row, path in await session.execute(query)
    ]


async def candidates(
    session: AsyncSession, rules: Sequence[NodeRule], wanted: Wanted, now: datetime, limit: int
) -> list[Candidate]:
    """Return what rules let go, the earliest due first.

    Each rule is asked by itself, so that each query reads the first rows of an index.
    """
    found: list[Candidate] = []
    for kind in wanted.kinds:
        for reach in reaches(rules, kind):
            found += await _of_reach(session, kind, reach, wanted, now=now, limit=limit)
    found.sort(key=lambda one: (one.due_at, one.row.resource_id))
    return found[:limit]


async def candidate(
    session: AsyncSession, rules: Sequence[NodeRule], resource_id: str, now: datetime
) -> Candidate | None:
    """Return one resource as rules let it go; None if none does."""
    wanted = Wanted(more=(ResourceRow.resource_id == resource_id,))
    found = await candidates(session, rules, wanted, now, 1)
    return found[0] if found else None


async def _of_reach(
    session: AsyncSession,
    kind: RetentionKind,
    reach: Reach,
    wanted: Wanted,
    *,
    now: datetime,
    limit: int,
) -> list[Candidate]:
    since = _SINCE[kind]
    conditions = [*_CONDITIONS[kind], in_branches(ResourceRow.node_id, (reach.rule.path,))]
    if reach.without:
        conditions.append(not_(in_branches(ResourceRow.node_id, reach.without)))
    days = timedelta(days=reach.days)
    if wanted.due_before is not None:
        conditions.append(since < wanted.due_before - days)
    if wanted.after is not None:
        place = tuple_(since, ResourceRow.resource_id)
        conditions.append(place > tuple_(wanted.after.at - days, wanted.after.row_id))
    notice, hold = DeletionNoticeRow, LegalHoldRow
    if wanted.held is not None:
        conditions.append(hold.hold_id.is_not(None) if wanted.held else hold.hold_id.is_(None))
    if wanted.noticed is not None:
        at = notice.noticed_at
        conditions.append(at.is_not(None) if wanted.noticed else at.is_(None))
    if wanted.noticed_before is not None:
        conditions.append(notice.noticed_at <= wanted.noticed_before)
    query = select(ResourceRow, since, OrgNodeRow.name, OrgNodeRow.path, notice.noticed_at, hold)
    if kind is RetentionKind.WITHDRAWN:
        query = query.join(PublicationRow, PublicationRow.resource_id == ResourceRow.resource_id)
    query = (
        query.outerjoin(OrgNodeRow, OrgNodeRow.node_id == ResourceRow.node_id)
        .outerjoin(
            notice,
            and_(
                notice.resource_id == ResourceRow.resource_id,
                notice.kind == kind,
                notice.since == since,
            ),
        )
        .outerjoin(hold, and_(hold.resource_id == ResourceRow.resource_id, stands(now)))
        .where(*conditions, *wanted.more)
        .order_by(since, ResourceRow.resource_id)
        .limit(limit)
    )
    return [
        Candidate(row, name or "", path or ROOT_PATH, reach, begin, noticed_at, held)
        for row, begin, name, path, noticed_at, held in await session.execute(query)
    ]


_UNDER_REVIEW = (
    select(ResourceVersionRow.number)
    .where(
        ResourceVersionRow.resource_id == ResourceRow.resource_id,
        ResourceVersionRow.state.in_((VersionState.IN_REVIEW, VersionState.PASSED)),
    )
    .exists()
)
_SINCE: dict[RetentionKind, Any] = {
    RetentionKind.UNPUBLISHED_RECORDING: ResourceRow.started_at,
    RetentionKind.WITHDRAWN: PublicationRow.withdrawn_at,
    RetentionKind.UNUSED_UPLOAD: ResourceRow.updated_at,
}
_CONDITIONS: dict[RetentionKind, tuple[ColumnElement[bool], ...]] = {
    RetentionKind.UNPUBLISHED_RECORDING: (
        ResourceRow.kind == ResourceKind.RECORDING,
        ResourceRow.state == ResourceState.DRAFT,
        ~_UNDER_REVIEW,
    ),
    RetentionKind.WITHDRAWN: (
        ResourceRow.state == ResourceState.WITHDRAWN,
        PublicationRow.withdrawn_at.is_not(None),
        ~_UNDER_REVIEW,
    ),
    RetentionKind.UNUSED_UPLOAD: (
        ResourceRow.kind == ResourceKind.UPLOAD,
        ResourceRow.state == ResourceState.DRAFT,
        ~_UNDER_REVIEW,
    ),
}


# --- holds ---------------------------------------------------------------------------------------


def stands(now: datetime) -> ColumnElement[bool]:
    """Return the condition on holds that stand."""
    row = LegalHoldRow
    return and_(row.released_at.is_(None), or_(row.until.is_(None), row.until > now))


async def hold_of(session: AsyncSession, resource_id: str, now: datetime) -> LegalHoldRow | None:
    """Return the hold that stands on a resource."""
    query = select(LegalHoldRow).where(LegalHoldRow.resource_id == resource_id, stands(now))
    return (await session.scalars(query)).one_or_none()


async def holds(
    session: AsyncSession,
    paths: Collection[str],
    *,
    standing: datetime | None,
    before: Place | None,
    limit: int,
) -> Sequence[LegalHoldRow]:
    """Return holds in branches, the newest first; with a time, those alone that stand then."""
    row = LegalHoldRow
    conditions = [in_branches(row.node_id, paths)]
    if standing is not None:
        conditions.append(stands(standing))
    if before is not None:
        conditions.append(tuple_(row.placed_at, row.hold_id) < tuple_(before.at, before.row_id))
    query = select(row).where(*conditions).order_by(row.placed_at.desc(), row.hold_id.desc())
    return (await session.scalars(query.limit(limit))).all()


async def resources(
    session: AsyncSession,
    conditions: Sequence[ColumnElement[bool]],
    *,
    now: datetime,
    limit: int,
) -> Sequence[tuple[ResourceRow, str | None, bool]]:
    """Return resources, the newest first, with the names of their places and whether one holds."""
    hold = LegalHoldRow
    query = (
        select(ResourceRow, OrgNodeRow.name, hold.hold_id)
        .outerjoin(OrgNodeRow, OrgNodeRow.node_id == ResourceRow.node_id)
        .outerjoin(hold, and_(hold.resource_id == ResourceRow.resource_id, stands(now)))
        .where(*conditions)
        .order_by(ResourceRow.started_at.desc(), ResourceRow.recording_id.desc())
        .limit(limit)
    )
    found = await session.execute(query)
    return [(row, place, hold_id is not None) for row, place, hold_id in found]


# --- tombstones ----------------------------------------------------------------------------------


async def tombstones(
    session: AsyncSession,
    conditions: Sequence[ColumnElement[bool]],
    *,
    before: Place | None,
    limit: int,
) -> Sequence[tuple[TombstoneRow, str | None]]:
    """Return tombstones with the name of their place, the last one first."""
    row = TombstoneRow
    more = list(conditions)
    if before is not None:
        place = tuple_(row.decided_at, row.resource_id)
        more.append(place < tuple_(before.at, before.row_id))
    query = (
        select(row, OrgNodeRow.name)
        .outerjoin(OrgNodeRow, OrgNodeRow.node_id == row.node_id)
        .where(*more)
        .order_by(row.decided_at.desc(), row.resource_id.desc())
        .limit(limit)
    )
    return [(one, name) for one, name in await session.execute(query)]


def unfinished(now: datetime, second_look: timedelta) -> ColumnElement[bool]:
    """Return the condition on tombstones whose files are to be removed, or looked for once more."""
    row = TombstoneRow
    again = and_(row.checked_at.is_(None), row.erased_at <= now - second_look)
    return or_(row.erased_at.is_(None), again)


async def has_unfinished(session: AsyncSession, now: datetime, second_look: timedelta) -> bool:
    """Return whether there are such tombstones."""
    query = select(func.count()).select_from(
        select(TombstoneRow.resource_id).where(unfinished(now, second_look)).limit(1).subquery()
    )
    return bool(await session.scalar(query))
