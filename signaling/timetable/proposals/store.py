"""Reading and writing proposals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.roles import Actor
from signaling.audit.log import Work
from signaling.base.cursors import Place
from signaling.directory.tables import SchoolRow
from signaling.timetable.proposals.core.outcome import Outcome
from signaling.timetable.proposals.tables import ProposalRow
from signaling.timetable.proposals.wire import ProposalState, ProposalSummary, ProposalWish

PAGE_PROPOSALS = 20


async def find_proposal(session: AsyncSession, proposal_id: str) -> ProposalRow | None:
    """Return one proposal."""
    return await session.get(ProposalRow, proposal_id)


async def page_of_proposals(
    session: AsyncSession, county_id: str, before: Place | None
) -> tuple[Sequence[ProposalSummary], Place | None]:
    """Return a page of a county's proposals, newest first, and the next page's place."""
    # Columns, not rows: a result has some hundred KiB.
    columns = [column for column in ProposalRow.__table__.c if column.key not in {"wish", "result"}]
    ready = ProposalRow.result.is_not(None).label("ready")
    query = (
        select(*columns, ready, SchoolRow.name.label("school"))
        .join(SchoolRow, SchoolRow.school_id == ProposalRow.school_id)
        .where(ProposalRow.county_id == county_id)
        .order_by(ProposalRow.made_at.desc(), ProposalRow.proposal_id.desc())
        .limit(PAGE_PROPOSALS + 1)
    )
    if before is not None:
        place = tuple_(ProposalRow.made_at, ProposalRow.proposal_id)
        query = query.where(place < tuple_(before.at, before.row_id))
    rows = (await session.execute(query)).all()
    found = [_summary(row, row.school, ready=row.ready) for row in rows[:PAGE_PROPOSALS]]
    if len(rows) <= PAGE_PROPOSALS:
        return found, None
    return found, Place(found[-1].made_at, found[-1].proposal_id)


async def summary_of(session: AsyncSession, row: ProposalRow) -> ProposalSummary:
    """Return a proposal as lists show it."""
    name = select(SchoolRow.name).where(SchoolRow.school_id == row.school_id)
    return _summary(row, await session.scalar(name) or "", ready=row.result is not None)


def _summary(row: Any, school: str, *, ready: bool) -> ProposalSummary:
    return ProposalSummary(
        proposal_id=row.proposal_id,
        version=row.version,
        state=ProposalState(row.state),
        ready=ready,
        job_id=row.job_id,
        county_id=row.county_id,
        term_id=row.term_id,
        school_id=row.school_id,
        school=school,
        begins=row.begins,
        made_by=row.made_by_name,
        made_at=row.made_at,
        decided_by=row.decided_by_name,
        decided_at=row.decided_at,
        placed=row.placed,
        unplaced=row.unplaced,
        moved=row.moved,
    )


def wish_of(row: ProposalRow) -> ProposalWish:
    """Return what was wished."""
    return msgspec.json.decode(row.wish, type=ProposalWish)


def outcome_of(row: ProposalRow) -> Outcome | None:
    """Return what the search found; None before its end."""
    return None if row.result is None else msgspec.json.decode(row.result, type=Outcome)


async def write_outcome(work: Work, proposal_id: str, outcome: Outcome) -> bool:
    """Write what a search found; whether the proposal still waits for it."""
    placed = outcome.placed
    written = await work.session.scalar(
        update(ProposalRow)
        .where(
            ProposalRow.proposal_id == proposal_id,
            ProposalRow.state == ProposalState.OPEN,
            ProposalRow.result.is_(None),
        )
        .values(
            result=msgspec.json.encode(outcome).decode(),
            placed=placed,
            unplaced=len(outcome.lessons) - placed,
            moved=outcome.moved,
            version=ProposalRow.version + 1,
        )
        .returning(ProposalRow.proposal_id)
    )
    return written is not None


async def decide(
    work: Work, row: ProposalRow, state: ProposalState, actor: Actor, now: datetime
) -> bool:
    """Write a decision on an open proposal; whether it was still open and unchanged."""
    written = await work.session.scalar(
        update(ProposalRow)
        .where(
            ProposalRow.proposal_id == row.proposal_id,
            ProposalRow.state == ProposalState.OPEN,
            ProposalRow.version == row.version,
        )
        .values(
            state=state,
            decided_by=actor.actor_id,
            decided_by_name=actor.name,
            decided_at=now,
            version=row.version + 1,
        )
        .returning(ProposalRow.proposal_id)
    )
    return written is not None
