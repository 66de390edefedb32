"""Reading links, and judging whether one opens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.base.errors import Forbidden
from signaling.base.problem_codes import ProblemCode
from signaling.library.sharing.tables import ShareLinkRow
from signaling.library.sharing.wire import MAX_LIVE_LINKS
from signaling.library.versions.wire import ShareScope

# What may be shared: what is public needs no link, and what is private is for nobody else.
SHAREABLE = frozenset(
    {ShareScope.SCHOOL, ShareScope.COUNTY, ShareScope.SIGNED_IN, ShareScope.PASSWORD}
)


def opens(now: datetime) -> ColumnElement[bool]:
    """Return the condition on links that are neither revoked nor past their time."""
    return and_(ShareLinkRow.revoked_at.is_(None), ShareLinkRow.expires_at > now)


async def live(session: AsyncSession, resource_id: str, now: datetime) -> Sequence[ShareLinkRow]:
    """Return the links of a resource that open it, the newest first."""
    row = ShareLinkRow
    query = (
        select(row)
        .where(row.resource_id == resource_id, opens(now))
        .order_by(row.created_at.desc(), row.link_id.desc())
        .limit(MAX_LIVE_LINKS)
    )
    return (await session.scalars(query)).all()


async def end_all(session: AsyncSession, resource_id: str, by: str, now: datetime) -> int:
    """Revoke the links of a resource that open it; return how many."""
    row = ShareLinkRow
    ended = await session.scalars(
        update(row)
        .where(row.resource_id == resource_id, opens(now))
        .values(revoked_at=now, revoked_by=by)
        .returning(row.link_id)
    )
    return len(ended.all())


async def by_token(session: AsyncSession, resource_id: str, token_hash: str) -> ShareLinkRow | None:
    """Return the link of a resource with this token."""
    row = ShareLinkRow
    query = select(row).where(row.resource_id == resource_id, row.token_hash == token_hash)
    return (await session.scalars(query)).one_or_none()


def demand_open(link: ShareLinkRow, scope: ShareScope, now: datetime) -> None:
    """Raise Forbidden where a link opens no more; the code says why."""
    if link.revoked_at is not None or scope not in SHAREABLE | {ShareScope.PUBLIC}:
        raise Forbidden(code=ProblemCode.SHARE_LINK_REVOKED)
    if link.expires_at <= now:
        raise Forbidden(
            code=ProblemCode.SHARE_LINK_EXPIRED, facts={"at": link.expires_at.isoformat()}
        )
