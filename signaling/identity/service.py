"""Signing in as a person, signing out, and whose session a request comes with."""

from __future__ import annotations

from dataclasses import replace

from signaling.access.grants import own_actions
from signaling.access.roles import Actor
from signaling.access.signing import Keyring
from signaling.audit.actions import AuditAction
from signaling.audit.log import AuditLog, own_branch
from signaling.base.clock import Clock
from signaling.base.config import Config
from signaling.base.errors import BadCredentials
from signaling.directory.store import PeopleStore
from signaling.identity.devices import Devices
from signaling.identity.events import LoginsEnded
from signaling.identity.live_logins import LiveLogins, in_use
from signaling.identity.login_throttle import Caller, LoginThrottle, account_mark
from signaling.identity.logins import NewSession, SignedIn, SignedInAs
from signaling.identity.passwords import Passwords
from signaling.identity.sessions import Sessions
from signaling.identity.store import SessionStore
from signaling.identity.wire import Identity, LoginRequest


class IdentityService:
    """Logins of people, and the sessions of everybody."""

    def __init__(
        self,
        *,
        people: PeopleStore,
        store: SessionStore,
        sessions: Sessions,
        devices: Devices,
        throttle: LoginThrottle,
        passwords: Passwords,
        live: LiveLogins,
        audit: AuditLog,
        clock: Clock,
        config: Config,
        keyring: Keyring,
    ) -> None:
        self._people = people
        self._store = store
        self._sessions = sessions
        self._devices = devices
        self._throttle = throttle
        self._passwords = passwords
        self._live = live
        self._audit = audit
        self._clock = clock
        self._time_zone = config.time_zone
        self._keyring = keyring

    async def login(self, request: LoginRequest, caller: Caller) -> NewSession:
        """本地账号登录.

        Raises:
            BadCredentials: wrong, without telling which.
            TooManyRequests: too many failures for the account or from the address.
            TooManyLogins: all that there may be are in use.
        """
        limits = self._throttle.account_limits(request.login, caller)
        await self._throttle.demand(limits)
        person = await self._people.person_by_login(request.login)
        hashed = None if person is None else person.usable_hash
        fits = await self._passwords.verify(hashed, request.password)
        if not fits or person is None:
            await self._throttle.failed(limits)
            stranger = Actor("", request.login, remote=caller.remote)
            path = "" if person is None else person.path
            await self._audit.note(stranger, AuditAction.LOGIN_FAILED, path=path)
            raise BadCredentials()
        await self._throttle.succeeded(limits)
        actor = person.actor(self._clock.now())
        busy = await in_use(self._live)
        async with self._audit.work(
            actor.at(caller.remote), AuditAction.LOGIN, person.person_id
        ) as work:
            work.concerns(person.path, person.name)
            who = SignedIn(actor, "", person.school, None, person.must_change_password)
            session = await self._sessions.open(work, who, busy)
        return replace(session, known=self._throttle.know(caller, account_mark(request.login)))

    async def logout(self, signed_in: SignedIn, device_token: str | None = None) -> None:
        """End a session, and forget the room's device token that came with it."""
        actor = signed_in.actor
        async with self._audit.work(actor, AuditAction.LOGOUT, actor.actor_id) as work:
            work.concerns(own_branch(actor), actor.name)
            await self._store.drop_session(work, signed_in.session_hash)
            if device_token and actor.room_id is not None:
                await self._devices.drop(work, device_token, actor.room_id)
            work.tell(LoginsEnded(frozenset({signed_in.session_hash})))

    async def signed_in(self, cookie: str | None, wanted: SignedInAs | None = None) -> SignedIn:
        """Return whose session a cookie is. Raises NotSignedIn."""
        return await self._sessions.signed_in(cookie, wanted)

    async def known_by(self, session_hash: str) -> SignedIn:
        """Return whose session has a hash. Raises NotSignedIn."""
        return await self._sessions.known_by(session_hash)

    def demand_csrf(self, signed_in: SignedIn, token: str | None) -> None:
        """Raise CsrfFailed unless the token belongs to the session."""
        self._sessions.demand_csrf(signed_in, token)

    async def identity(self, signed_in: SignedIn) -> Identity:
        """Return the session as the API shows it."""
        actor = signed_in.actor
        branches = {grant.path for grant in actor.grants} | ({actor.county} - {""})
        counties = await self._people.counties(branches)
        return Identity(
            subject_id=signed_in.actor.actor_id,
            name=signed_in.actor.name,
            roles=tuple(sorted(signed_in.actor.roles)),
            school=signed_in.school,
            room=signed_in.room,
            csrf_token=self._sessions.csrf_token(signed_in.session_id),
            may=own_actions(signed_in.actor),
            time_zone=self._time_zone,
            server_time=self._clock.now(),
            must_change_password=signed_in.password_due,
            counties=tuple(counties),
        )

    async def forget_expired(self) -> None:
        """Drop sessions past their time, but those in use, and device tokens long unused."""
        now = self._clock.now()
        self._keyring.forget_expired(now.timestamp())
        busy = await in_use(self._live)
        if busy is not None:
            await self._store.drop_expired_sessions(now, busy)
        await self._devices.drop_unused()
