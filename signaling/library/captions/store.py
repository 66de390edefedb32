"""Reading and writing captions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.directory.branches import nodes_in
from signaling.directory.tables import OrgNodeRow
from signaling.directory.wire import OrgLevel
from signaling.library.captions.tables import CaptionPolicyRow, CaptionRow
from signaling.library.captions.wire import LISTED_WORDS, CaptionCue, CaptionPolicy, CaptionState
from signaling.library.tables import ResourceRow
from signaling.library.versions.rules import WORKING
from signaling.library.versions.tables import ResourceVersionRow

_CUES = msgspec.json.Decoder(tuple[CaptionCue, ...])
_WORDS = msgspec.json.Decoder(tuple[str, ...])


@dataclass(frozen=True, slots=True)
class Wanted:
    """What org nodes want of captions in a branch: the nearest node's word, and all words."""

    automatic: bool
    words: tuple[str, ...]


def cues_of(row: CaptionRow | None) -> tuple[CaptionCue, ...]:
    """Return the cues of a row; none where there is no row."""
    return () if row is None else read(row.cues)


def read(cues: str) -> tuple[CaptionCue, ...]:
    """Read cues as a column keeps them."""
    return _CUES.decode(cues)


def written(value: Sequence[object]) -> str:
    """Write cues or words as a column keeps them."""
    return msgspec.json.encode(value).decode()


async def of_version(session: AsyncSession, resource_id: str, number: int) -> CaptionRow | None:
    """Return the captions of a version."""
    return await session.get(CaptionRow, (resource_id, number))


async def any_of(session: AsyncSession, resource_id: str, number: int) -> bool:
    """Tell whether a version has cues at all."""
    query = select(CaptionRow.number).where(
        CaptionRow.resource_id == resource_id, CaptionRow.number == number, CaptionRow.cues != "[]"
    )
    return await session.scalar(query) is not None


async def of_job(session: AsyncSession, job_id: str) -> CaptionRow | None:
    """Return the captions that a job makes."""
    return (await session.scalars(select(CaptionRow).where(CaptionRow.job_id == job_id))).first()


async def in_state(session: AsyncSession, state: CaptionState, limit: int) -> Sequence[CaptionRow]:
    """Return captions in a state, those that have waited longest first."""
    query = (
        select(CaptionRow)
        .where(CaptionRow.state == state)
        .order_by(CaptionRow.changed_at, CaptionRow.resource_id)
        .limit(limit)
    )
    return (await session.scalars(query)).all()


async def counted(session: AsyncSession, owner_id: str) -> int:
    """Return how many captions are being made for an owner of jobs."""
    query = (
        select(func.count())
        .select_from(CaptionRow)
        .where(CaptionRow.state == CaptionState.MAKING, CaptionRow.ordered_by == owner_id)
    )
    return await session.scalar(query) or 0


async def of_working(session: AsyncSession, resource_id: str) -> tuple[CaptionRow, str] | None:
    """Return the captions of a resource's working version, and the path of its org node."""
    query = (
        select(CaptionRow, OrgNodeRow.path)
        .join(
            ResourceVersionRow,
            (ResourceVersionRow.resource_id == CaptionRow.resource_id)
            & (ResourceVersionRow.number == CaptionRow.number),
        )
        .join(ResourceRow, ResourceRow.resource_id == CaptionRow.resource_id)
        .join(OrgNodeRow, OrgNodeRow.node_id == ResourceRow.node_id)
        .where(CaptionRow.resource_id == resource_id, ResourceVersionRow.state.in_(sorted(WORKING)))
    )
    found = (await session.execute(query)).first()
    return None if found is None else (found[0], found[1])


# --- policies ------------------------------------------------------------------------------------


async def wanted_at(session: AsyncSession, path: str) -> Wanted:
    """Return what a node and those above it want."""
    ids = [part for part in path.split("/") if part]
    query = (
        select(CaptionPolicyRow)
        .join(OrgNodeRow, OrgNodeRow.node_id == CaptionPolicyRow.node_id)
        .where(CaptionPolicyRow.node_id.in_(ids))
        .order_by(func.length(OrgNodeRow.path))
    )
    automatic, words = False, dict[str, None]()
    for row in await session.scalars(query):
        automatic = automatic if row.automatic is None else row.automatic
        words |= dict.fromkeys(_WORDS.decode(row.words))
    return Wanted(automatic, tuple(words))


async def policies(
    session: AsyncSession, paths: Collection[str], *, limit: int, after: str
) -> tuple[Sequence[CaptionPolicy], str | None]:
    """Return a page of the policies in some branches, and of those above that hold in them.

    `after` is the path behind which the page begins. The path behind which the next one does comes
    with it; None: this is the last one.
    """
    above = {part for path in paths for part in path.split("/") if part}
    query = (
        select(CaptionPolicyRow, OrgNodeRow)
        .join(OrgNodeRow, OrgNodeRow.node_id == CaptionPolicyRow.node_id)
        .where(
            or_(OrgNodeRow.node_id.in_(sorted(above)), OrgNodeRow.node_id.in_(nodes_in(paths))),
            OrgNodeRow.path > after,
        )
        .order_by(OrgNodeRow.path)
        .limit(limit + 1)
    )
    found = (await session.execute(query)).all()
    page = [policy_of(node, row, most=LISTED_WORDS) for row, node in found[:limit]]
    return page, found[limit - 1][1].path if len(found) > limit else None


def policy_of(
    node: OrgNodeRow, row: CaptionPolicyRow | None, *, most: int | None = None
) -> CaptionPolicy:
    """Show the policy of a node, with at most so many of its words."""
    words = () if row is None else _WORDS.decode(row.words)
    return CaptionPolicy(
        node_id=node.node_id,
        name=node.name,
        level=OrgLevel(node.level),
        automatic=None if row is None else row.automatic,
        words=words[:most],
        word_count=len(words),
        version=0 if row is None else row.version,
    )


def new_row(resource_id: str, number: int, now: datetime) -> CaptionRow:
    """Return the captions of a version that has none yet."""
    return CaptionRow(
        resource_id=resource_id,
        number=number,
        state=CaptionState.NONE,
        model="",
        revision=0,
        cues="[]",
        changed_at=now,
    )
