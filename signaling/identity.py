"""Signing in: people by password, terminals by 课程码 or device token; sessions.

A session is a row; the cookie holds its id under a signature. The row is read with every request
anyway to learn the roles, so ending a session or closing an account works at once, which stateless
cookies cannot do.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

import structlog
from sqlalchemy.exc import SQLAlchemyError

from signaling.clock import Clock
from signaling.config import Config
from signaling.core.permissions import Subject, own_actions
from signaling.core.resources import (
    Identity,
    LoginRequest,
    Role,
    RoomRef,
    TerminalLogin,
    TerminalRooms,
)
from signaling.core.tokens import (
    InvalidToken,
    Keyring,
    SessionClaim,
    csrf_token,
    fingerprint,
    is_csrf_token,
    open_session,
    seal_session,
)
from signaling.db.audit_log import Actor, AuditLog, Work
from signaling.db.lesson_store import LessonStore
from signaling.db.people_store import PeopleStore
from signaling.db.session_store import DeviceOrigin, DeviceRecord, SessionRecord, SessionStore
from signaling.errors import (
    BadCredentials,
    CsrfFailed,
    Invalid,
    NotFound,
    NotSignedIn,
    TooManyDevices,
)
from signaling.ids import new_secret
from signaling.login_throttle import Caller, LoginThrottle, account_mark, room_mark
from signaling.passwords import Passwords

log = structlog.get_logger(__name__)

# A terminal that comes back by its device cookie gets a new one this often, so that a copy of the
# old one does not stay good for years.
DEVICE_ROTATION = timedelta(days=30)
# A lesson that was never held keeps its 课程码 this long past its end, for one that begins late.
# Were codes good for ever, there would be ever more of them to guess.
CODE_OUTLIVES = timedelta(hours=12)


class SignedInAs(StrEnum):
    """A browser may be signed in twice: as a person, and as a classroom's terminal."""

    PERSON = "person"
    TERMINAL = "terminal"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who makes a request, and by which session."""

    subject: Subject
    session_id: str
    school: str | None
    room: RoomRef | None

    @property
    def signed_in_as(self) -> SignedInAs:
        """Whether this is a person or a terminal."""
        return SignedInAs.PERSON if self.subject.room_id is None else SignedInAs.TERMINAL

    @property
    def session_hash(self) -> str:
        """The session as it is kept, and as channels and media sessions remember it."""
        return fingerprint(self.session_id)


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session just opened: the cookie's value, and what else the browser is to remember."""

    signed_in: SignedIn
    cookie: str
    known: str = ""
    device_token: str | None = None


class IdentityService:
    """Opens, checks and ends sessions."""

    def __init__(
        self,
        *,
        people: PeopleStore,
        sessions: SessionStore,
        lessons: LessonStore,
        audit: AuditLog,
        passwords: Passwords,
        clock: Clock,
        config: Config,
        keyring: Keyring,
        in_use: Callable[[], Collection[str]],
    ) -> None:
        """`in_use` gives the hashes of the sessions of open channels and media sessions."""
        self._people = people
        self._sessions = sessions
        self._lessons = lessons
        self._audit = audit
        self._passwords = passwords
        self._clock = clock
        self._keyring = keyring
        self._in_use = in_use
        self._time_zone = config.time_zone
        self._lifetime = timedelta(hours=config.session_hours)
        self._device_lifetime = timedelta(days=config.device_cookie_days)
        self._throttle = LoginThrottle(clock, keyring)

    # --- people ----------------------------------------------------------------------------------

    async def login(self, request: LoginRequest, caller: Caller) -> NewSession:
        """本地账号登录.

        Raises:
            BadCredentials: wrong, without telling which.
            TooManyRequests: too many failures for the account or from the address.
        """
        limits = self._throttle.account_limits(request.login, caller)
        self._throttle.demand(limits)
        person = await self._people.person_by_login(request.login)
        usable = person if person is not None and person.active else None
        hashed = None if usable is None else usable.password_hash
        fits = await self._passwords.verify(hashed, request.password)
        # Again: of many tries at once, no more are answered than one after the other would be.
        self._throttle.demand(limits)
        if not fits or usable is None:
            self._throttle.note_failure(limits)
            stranger = Actor(None, request.login, caller.remote)
            await self._audit.note(stranger, "login_failed")
            raise BadCredentials()
        self._throttle.note_success(limits)
        actor = Actor.of(usable.subject, caller.remote)
        async with self._audit.work(actor, "login", usable.person_id) as work:
            session = await self._open(work, SignedIn(usable.subject, "", usable.school, None))
        return replace(session, known=self._throttle.know(caller, account_mark(request.login)))

    # --- terminals -------------------------------------------------------------------------------

    async def lookup(self, join_code: str, caller: Caller) -> TerminalRooms:
        """Which rooms a 课程码 invites. Raises NotFound, TooManyRequests."""
        limits = self._throttle.code_limits(caller, await self._own_room(caller))
        self._throttle.demand(limits)
        lesson = await self._lessons.open_by_code(join_code, self._clock.now() - CODE_OUTLIVES)
        self._throttle.demand(limits)  # again: see `login`
        if lesson is None:
            self._throttle.note_failure(limits)
            raise NotFound("没有这个课程码对应的课", field="join_code")
        return TerminalRooms(lesson.title, tuple(room.ref for room in lesson.receive_rooms))

    async def terminal_login(self, request: TerminalLogin, caller: Caller) -> NewSession:
        """教室终端登录.

        Raises:
            Invalid: neither by code and room, nor by token; or the code is not the room's.
            BadCredentials, NotFound, TooManyRequests: the token or the code is none.
            TooManyLogins, TooManyDevices: all that there may be are in use.
        """
        by_code = request.join_code is not None and request.room_id is not None
        if by_code == (request.device_token is not None):
            raise Invalid("课程码加教室,或设备令牌,二者取一", field="join_code")
        if request.device_token is not None:
            return await self._login_by_token(request.device_token, request.remember, caller)
        return await self._login_by_code(request, caller)

    async def _login_by_code(self, request: TerminalLogin, caller: Caller) -> NewSession:
        code, room_id = request.join_code or "", request.room_id or ""
        await self._demand_invitation(code, room_id, caller)
        terminal = await self._terminal(room_id)
        actor = Actor.of(terminal.subject, caller.remote)
        device = new_secret() if request.remember else None
        async with self._audit.work(actor, "terminal_login", room_id, f"code {code}") as work:
            if device is not None:
                await self._keep_device(work, device, room_id, DeviceOrigin.REMEMBERED)
            session = await self._open(work, terminal, device)
        return self._for_terminal(session, caller, device)

    async def _login_by_token(self, token: str, remember: bool, caller: Caller) -> NewSession:
        """By a token that was typed in; the terminal gets its own, as it may be typed again."""
        terminal = await self._owner(token, caller)
        actor = Actor.of(terminal.subject, caller.remote)
        own = new_secret() if remember else None
        room_id = terminal.subject.subject_id
        async with self._audit.work(actor, "terminal_login", room_id, "token") as work:
            await self._use_device(work, token)
            if own is not None:
                await self._keep_device(work, own, room_id, DeviceOrigin.EXCHANGED)
            session = await self._open(work, terminal, own or token)
        return self._for_terminal(session, caller, own)

    async def resume(self, device_token: str, caller: Caller) -> NewSession:
        """A new session for a device token, and a new token if it is time for one.

        Raises:
            BadCredentials: no such token, or nobody used it for too long.
            TooManyRequests: too many failures from the address.
        """
        terminal = await self._owner(device_token, caller)
        actor = Actor.of(terminal.subject, caller.remote)
        room_id = terminal.subject.subject_id
        async with self._audit.work(actor, "terminal_resume", room_id) as work:
            device = await self._use_device(work, device_token)
            fresh = None
            if self._clock.now() - device.created_at >= DEVICE_ROTATION:
                fresh = await self._rotate(work, device_token, device)
            session = await self._open(work, terminal, device_token)
        return self._for_terminal(session, caller, fresh)

    async def _rotate(self, work: Work, device_token: str, device: DeviceRecord) -> str | None:
        """A token to take the place of another, or None: then the other one stays good."""
        fresh = new_secret()
        try:
            await self._keep_device(
                work, fresh, device.room_id, DeviceOrigin.ROTATED, replaces=device_token
            )
        except TooManyDevices:
            log.warning("device_token_not_rotated", room_id=device.room_id)
            return None
        return fresh

    async def _owner(self, device_token: str, caller: Caller) -> SignedIn:
        """Whose a device token is. A good one is never made to wait: nobody guesses 256 bits."""
        device = await self._device(device_token)
        if device is None:
            limits = self._throttle.token_limits(caller)
            self._throttle.demand(limits)
            self._throttle.note_failure(limits)
            raise BadCredentials("设备令牌无效", field="device_token")
        return await self._terminal(device.room_id)

    async def _device(self, device_token: str) -> DeviceRecord | None:
        oldest = self._clock.now() - self._device_lifetime
        return await self._sessions.device(fingerprint(device_token), oldest)

    async def _use_device(self, work: Work, device_token: str) -> DeviceRecord:
        now = self._clock.now()
        oldest = now - self._device_lifetime
        device = await self._sessions.use_device(work, fingerprint(device_token), now, oldest)
        if device is None:
            raise BadCredentials("设备令牌无效", field="device_token")
        return device

    async def _keep_device(
        self,
        work: Work,
        token: str,
        room_id: str,
        origin: DeviceOrigin,
        *,
        replaces: str | None = None,
    ) -> None:
        await self._sessions.add_device(
            work,
            fingerprint(token),
            room_id,
            origin,
            self._clock.now(),
            in_use=self._in_use(),
            replaces=None if replaces is None else fingerprint(replaces),
        )

    async def issue_device(self, actor: Actor, room_id: str) -> str:
        """A new device token of a room; only its hash is kept. Raises NotFound, TooManyDevices."""
        if await self._people.room(room_id) is None:
            raise NotFound("没有这间教室", field="room_id")
        token = new_secret()
        async with self._audit.work(actor, "device_token_issue", room_id) as work:
            await self._keep_device(work, token, room_id, DeviceOrigin.ISSUED)
        return token

    async def _own_room(self, caller: Caller) -> str | None:
        """The room of the device token that a browser holds, if it is good."""
        device = await self._device(caller.device) if caller.device else None
        return None if device is None else device.room_id

    def _for_terminal(
        self, session: NewSession, caller: Caller, device_token: str | None
    ) -> NewSession:
        known = self._throttle.know(caller, room_mark(session.signed_in.subject.subject_id))
        return replace(session, known=known, device_token=device_token)

    # --- sessions --------------------------------------------------------------------------------

    async def signed_in(self, cookie: str | None, wanted: SignedInAs | None = None) -> SignedIn:
        """Whose session a cookie is. Raises NotSignedIn, also for another kind than `wanted`."""
        now = self._clock.now()
        try:
            claim = open_session(self._keyring, cookie or "", now.timestamp())
        except InvalidToken:
            raise NotSignedIn() from None
        record = await self._sessions.session(fingerprint(claim.session_id))
        if record is None or record.expires_at <= now:
            raise NotSignedIn()
        found = await self._holder(record, claim.session_id)
        if wanted is not None and found.signed_in_as is not wanted:
            raise NotSignedIn()
        if record.is_touch_due(now):
            await self._touch(record)
        return found

    async def _holder(self, record: SessionRecord, session_id: str) -> SignedIn:
        if record.room_id is not None:
            return await self._terminal(record.room_id, session_id)
        person = await self._people.person(record.person_id or "")
        if person is None or not person.active:
            raise NotSignedIn()
        return SignedIn(person.subject, session_id, person.school, None)

    async def _touch(self, record: SessionRecord) -> None:
        try:
            await self._sessions.touch(record, self._clock.now())
        except SQLAlchemyError as error:  # a full disk keeps nobody from reading
            log.warning("login_use_not_noted", error=repr(error))

    async def logout(
        self, signed_in: SignedIn, remote: str, device_token: str | None = None
    ) -> None:
        """End a session, and forget the room's device token that came with it."""
        actor = Actor.of(signed_in.subject, remote)
        async with self._audit.work(actor, "logout", signed_in.subject.subject_id) as work:
            await self._sessions.drop_session(work, signed_in.session_hash)
            if device_token and signed_in.subject.room_id is not None:
                await self._sessions.drop_device(
                    work, fingerprint(device_token), signed_in.subject.room_id
                )

    async def shut_room_out(self, actor: Actor, room_id: str) -> None:
        """Void every device token and session of a room's terminals. Raises NotFound."""
        if await self._people.room(room_id) is None:
            raise NotFound("没有这间教室", field="room_id")
        async with self._audit.work(actor, "room_shut_out", room_id) as work:
            await self._sessions.shut_room_out(work, room_id)

    async def forget_expired(self) -> None:
        """Drop sessions past their time, but those in use, and device tokens long unused."""
        now = self._clock.now()
        self._keyring.forget_expired(now.timestamp())
        await self._sessions.drop_expired_sessions(now, self._in_use())
        await self._sessions.drop_unused_devices(now - self._device_lifetime)

    def demand_csrf(self, signed_in: SignedIn, token: str | None) -> None:
        """Raises CsrfFailed unless the token belongs to the session."""
        if not is_csrf_token(self._keyring, signed_in.session_id, token or ""):
            raise CsrfFailed("X-CSRF-Token is missing or wrong")

    def identity(self, signed_in: SignedIn) -> Identity:
        """The session as the API shows it."""
        return Identity(
            subject_id=signed_in.subject.subject_id,
            name=signed_in.subject.name,
            roles=tuple(sorted(signed_in.subject.roles)),
            school=signed_in.school,
            room=signed_in.room,
            csrf_token=csrf_token(self._keyring, signed_in.session_id),
            may=own_actions(signed_in.subject),
            time_zone=self._time_zone,
            server_time=self._clock.now(),
        )

    # --- inside ----------------------------------------------------------------------------------

    async def _open(self, work: Work, who: SignedIn, device_token: str | None = None) -> NewSession:
        session_id = secrets.token_urlsafe(24)
        now = self._clock.now()
        expires_at = now + self._lifetime
        room_id = who.subject.room_id
        record = SessionRecord(
            fingerprint(session_id),
            who.subject.subject_id if room_id is None else None,
            room_id,
            expires_at,
            None if device_token is None else fingerprint(device_token),
        )
        await self._sessions.add_session(work, record, now, self._in_use())
        claim = SessionClaim(session_id, int(expires_at.timestamp()))
        opened = SignedIn(who.subject, session_id, who.school, who.room)
        return NewSession(opened, seal_session(self._keyring, claim))

    async def _terminal(self, room_id: str, session_id: str = "") -> SignedIn:
        room = await self._people.room(room_id)
        if room is None:
            raise NotSignedIn()
        roles = frozenset({Role.RECEIVE_ROOM})
        subject = Subject(room_id, room.name, roles, room.school_id, room_id)
        return SignedIn(subject, session_id, room.school, room.ref)

    async def _demand_invitation(self, join_code: str, room_id: str, caller: Caller) -> None:
        rooms = (await self.lookup(join_code, caller)).rooms
        if room_id not in {room.room_id for room in rooms}:
            limits = self._throttle.code_limits(caller, await self._own_room(caller))
            self._throttle.note_failure(limits)
            raise Invalid("这节课没有邀请这间教室", field="room_id")
