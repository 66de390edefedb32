"""Changing an account: its password, and whether it is open. Every session of it ends."""

from __future__ import annotations

from sqlalchemy import delete, true, update

from signaling.audit.log import Work
from signaling.directory.tables import PersonRow
from signaling.identity.events import LoginsEnded
from signaling.identity.tables import ActivationCodeRow, SessionRow


async def set_password(
    work: Work, person_id: str, password_hash: str, *, but_session: str | None = None
) -> None:
    """Set a new password, chosen by the person. A code for the first one is void.

    Args:
        work: the action under way.
        person_id: whose.
        password_hash: of the password.
        but_session: the hash of the session that goes on.
    """
    await void_code(work, person_id)
    await _change(
        work,
        person_id,
        but_session,
        password_hash=password_hash,
        must_change_password=False,
    )


async def set_active(work: Work, person_id: str, active: bool) -> None:
    """Close or reopen an account."""
    await _change(work, person_id, None, active=active)


async def end_sessions(work: Work, person_id: str, but_session: str | None = None) -> None:
    """End every session of an account, but maybe for one, given by its hash."""
    ended = await work.session.scalars(
        delete(SessionRow)
        .where(
            SessionRow.person_id == person_id,
            true() if but_session is None else SessionRow.id_hash != but_session,
        )
        .returning(SessionRow.id_hash)
    )
    work.tell(LoginsEnded(frozenset(ended)))


async def void_code(work: Work, person_id: str) -> None:
    """Make the code for a first password void."""
    await work.session.execute(
        delete(ActivationCodeRow).where(ActivationCodeRow.person_id == person_id)
    )


async def _change(work: Work, person_id: str, but_session: str | None, **values: object) -> None:
    await work.session.execute(
        update(PersonRow).where(PersonRow.person_id == person_id).values(**values)
    )
    await end_sessions(work, person_id, but_session)
