"""Sessions: opened with a login, looked up with every request.

A session is a row; the cookie holds its id under a signature. The row is read with every request
anyway to learn the roles. So ending a session or closing an account works at once, which stateless
cookies cannot do.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from signaling.access.roles import Actor, Role
from signaling.access.signing import InvalidToken, Keyring, fingerprint
from signaling.audit.log import Work
from signaling.base.clock import Clock
from signaling.base.errors import CsrfFailed, NotSignedIn
from signaling.directory.store import PeopleStore
from signaling.identity.logins import NewSession, SignedIn, SignedInAs
from signaling.identity.store import SessionRecord, SessionStore
from signaling.identity.tokens import (
    SessionClaim,
    csrf_token,
    is_csrf_token,
    open_session,
    seal_session,
)

log = structlog.get_logger(__name__)


class Sessions:
    """Opens sessions and knows whose they are."""

    def __init__(
        self,
        *,
        people: PeopleStore,
        store: SessionStore,
        clock: Clock,
        keyring: Keyring,
        lifetime: timedelta,
    ) -> None:
        self._people = people
        self._store = store
        self._clock = clock
        self._keyring = keyring
        self._lifetime = lifetime

    async def open(
        self,
        work: Work,
        who: SignedIn,
        in_use: Collection[str] | None,
        device_token: str | None = None,
    ) -> NewSession:
        """Open a session, of a terminal maybe by a device token.

        Args:
            work: the login under way.
            who: the person or terminal.
            in_use: the sessions that must stay; None where any may be in use.
            device_token: the token that the terminal came with.

        Raises:
            TooManyLogins: all that there may be are in use.
        """
        session_id = secrets.token_urlsafe(24)
        now = self._clock.now()
        expires_at = now + self._lifetime
        room_id = who.actor.room_id
        record = SessionRecord(
            fingerprint(session_id),
            who.actor.actor_id if room_id is None else None,
            room_id,
            expires_at,
            None if device_token is None else fingerprint(device_token),
        )
        await self._store.add_session(work, record, now, in_use)
        claim = SessionClaim(session_id, int(expires_at.timestamp()))
        opened = replace(who, session_id=session_id)
        return NewSession(opened, seal_session(self._keyring, claim))

    async def signed_in(self, cookie: str | None, wanted: SignedInAs | None = None) -> SignedIn:
        """Return whose session a cookie is.

        Raises:
            NotSignedIn: nobody's, or of another kind than `wanted`.
        """
        now = self._clock.now()
        try:
            claim = open_session(self._keyring, cookie or "", now.timestamp())
        except InvalidToken:
            raise NotSignedIn() from None
        record = await self._store.session(fingerprint(claim.session_id))
        if record is None or record.expires_at <= now:
            raise NotSignedIn()
        found = await self._holder(record, claim.session_id)
        if wanted is not None and found.signed_in_as is not wanted:
            raise NotSignedIn()
        if record.is_touch_due(now):
            await self._touch(record)
        return found

    async def known_by(self, session_hash: str) -> SignedIn:
        """Return whose session has a hash; the web process has seen the cookie, this one has not.

        Raises:
            NotSignedIn: nobody's any more.
        """
        record = await self._store.session(session_hash)
        if record is None or record.expires_at <= self._clock.now():
            raise NotSignedIn()
        return replace(await self._holder(record, ""), known_hash=session_hash)

    async def terminal(self, room_id: str, session_id: str = "") -> SignedIn:
        """Return a room's terminal as it signs in. Raises NotSignedIn."""
        room = await self._people.room(room_id)
        if room is None or not room.active:
            raise NotSignedIn()
        roles = frozenset({Role.RECEIVE_ROOM})
        actor = Actor(
            *(room_id, room.name, roles, room.school_id, room_id),
            county=room.county,
            home=room.path,
        )
        return SignedIn(actor, session_id, room.school, room.ref)

    def csrf_token(self, session_id: str) -> str:
        """Return the CSRF token that belongs to a session."""
        return csrf_token(self._keyring, session_id)

    def demand_csrf(self, signed_in: SignedIn, token: str | None) -> None:
        """Raise CsrfFailed unless the token belongs to the session."""
        if not is_csrf_token(self._keyring, signed_in.session_id, token or ""):
            raise CsrfFailed("X-CSRF-Token is missing or wrong")

    async def _holder(self, record: SessionRecord, session_id: str) -> SignedIn:
        if record.room_id is not None:
            return await self.terminal(record.room_id, session_id)
        person = await self._people.person(record.person_id or "")
        if person is None or not person.active:
            raise NotSignedIn()
        actor = person.actor(self._clock.now())
        return SignedIn(actor, session_id, person.school, None, person.must_change_password)

    async def _touch(self, record: SessionRecord) -> None:
        try:
            await self._store.touch(record, self._clock.now())
        except SQLAlchemyError as error:  # a full disk keeps nobody from reading
            log.warning("login_use_not_noted", error=repr(error))
