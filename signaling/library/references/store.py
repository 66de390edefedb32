"""Reading reference copies, and ending them when what they refer to is withdrawn."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.directory.tables import OrgNodeRow
from signaling.library.references.rules import AT_WORK
from signaling.library.references.tables import ReferenceRow
from signaling.library.references.wire import ReferenceScope, ReferenceState
from signaling.library.versions.tables import PublicationRow, ResourceVersionRow
from signaling.library.versions.wire import WithdrawReason

_LIVING = (*sorted(AT_WORK), ReferenceState.PUBLISHED)


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference copy that is shown, with its version and the path of its node."""

    row: ReferenceRow
    version: ResourceVersionRow
    path: str


@dataclass(frozen=True, slots=True)
class Ending:
    """Why something is taken off, and when."""

    reason: WithdrawReason
    note: str
    at: datetime


async def shown_references(
    session: AsyncSession, resource_ids: Collection[str]
) -> Mapping[str, Sequence[Reference]]:
    """Return the published reference copies of resources, the nearest node first."""
    found: dict[str, list[Reference]] = defaultdict(list)
    if not resource_ids:
        return found
    query = (
        select(ReferenceRow, ResourceVersionRow, OrgNodeRow.path)
        .join(
            ResourceVersionRow,
            and_(
                ResourceVersionRow.resource_id == ReferenceRow.resource_id,
                ResourceVersionRow.number == ReferenceRow.version,
            ),
        )
        .join(OrgNodeRow, OrgNodeRow.node_id == ReferenceRow.node_id)
        .where(
            ReferenceRow.resource_id.in_(resource_ids),
            ReferenceRow.state == ReferenceState.PUBLISHED,
        )
    )
    for row, version, path in (await session.execute(query)).all():
        found[row.resource_id].append(Reference(row, version, path))
    for some in found.values():
        some.sort(key=lambda one: -len(one.path))
    return found


async def take_off(
    session: AsyncSession,
    resource_id: str,
    ending: Ending,
    above: str | None = None,
) -> int:
    """Withdraw the reference copies of a resource, also those under review; return how many.

    Args:
        session: the transaction of the withdrawal.
        resource_id: the resource.
        ending: why it was withdrawn further down; the nodes above are told.
        above: the path of the node that withdrew its copy; None: all are taken off.
    """
    query = (
        select(ReferenceRow, OrgNodeRow.path)
        .outerjoin(OrgNodeRow, OrgNodeRow.node_id == ReferenceRow.node_id)
        .where(ReferenceRow.resource_id == resource_id, ReferenceRow.state.in_(_LIVING))
    )
    ended = 0
    for row, path in (await session.execute(query)).all():
        if above is not None and not (path and above != path and above.startswith(path)):
            continue
        withdraw_copy(row, ending)
        row.from_below = True
        ended += 1
    return ended


def withdraw_copy(row: ReferenceRow, ending: Ending) -> None:
    """Take one copy off, whatever its state."""
    row.state, row.level = ReferenceState.WITHDRAWN, None
    row.withdrawn_at = row.updated_at = ending.at
    row.withdraw_reason, row.withdraw_note = ending.reason, ending.note
    row.revision += 1


def note_shown(publication: PublicationRow, scope: ReferenceScope | None, now: datetime) -> None:
    """Note in the publication that it is referred to; harvesters hear of what becomes public."""
    publication.referred = True
    publication.changed_at = now
    publication.was_public = publication.was_public or scope is ReferenceScope.PUBLIC
