"""Signing in: people by password, terminals by 课程码 or device token; sessions.

A session is a row; the cookie holds its id under a signature. The row is read with every request
anyway to learn the roles, so ending a session or closing an account works at once, which stateless
cookies cannot do.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from signaling.clock import Clock
from signaling.config import Config
from signaling.core.permissions import Subject, own_actions
from signaling.core.rate_limit import FailureLimiter, LimiterRule
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
    SessionClaim,
    csrf_token,
    fingerprint,
    is_csrf_token,
    open_session,
    seal_session,
)
from signaling.db.lesson_store import LessonStore
from signaling.db.people_store import AuditEntry, DeviceRecord, PeopleStore, SessionRecord
from signaling.errors import (
    BadCredentials,
    CsrfFailed,
    Invalid,
    NotFound,
    NotSignedIn,
    TooManyRequests,
)
from signaling.ids import new_secret
from signaling.passwords import Passwords

# A terminal that comes back by its device cookie gets a new one this often, so that a copy of the
# old one does not stay good for years.
DEVICE_ROTATION = timedelta(days=30)
# A lesson that was never held keeps its 课程码 this long past its end, for one that begins late.
# Were codes good for ever, there would be ever more of them to guess.
CODE_OUTLIVES = timedelta(hours=12)
# Failures only; an honest user mistypes a few times, a school behind one address a few times more.
PER_ACCOUNT = LimiterRule(max_failures=10, window_s=300)
PER_ADDRESS = LimiterRule(max_failures=50, window_s=300)
# 10^8 codes, a handful open: 20 wrong guesses in 5 minutes from an address need centuries.
PER_ADDRESS_CODES = LimiterRule(max_failures=20, window_s=300)
ALL_CODES = LimiterRule(max_failures=600, window_s=300, capacity=1)  # a botnet has many addresses


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who makes a request, and by which session."""

    subject: Subject
    session_id: str
    school: str | None
    room: RoomRef | None

    @property
    def session_hash(self) -> str:
        """The session as it is kept, and as channels and media sessions remember it."""
        return fingerprint(self.session_id)


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session just opened: the cookie's value, and a device token to remember, if any."""

    signed_in: SignedIn
    cookie: str
    device_token: str | None = None


class IdentityService:
    """Opens, checks and ends sessions."""

    def __init__(
        self,
        *,
        people: PeopleStore,
        lessons: LessonStore,
        passwords: Passwords,
        clock: Clock,
        config: Config,
        secret: bytes,
    ) -> None:
        self._people = people
        self._lessons = lessons
        self._passwords = passwords
        self._clock = clock
        self._secret = secret
        self._time_zone = config.time_zone
        self._lifetime = timedelta(hours=config.session_hours)
        self._device_lifetime = timedelta(days=config.device_cookie_days)
        self._accounts = FailureLimiter(PER_ACCOUNT)
        self._addresses = FailureLimiter(PER_ADDRESS)
        self._code_addresses = FailureLimiter(PER_ADDRESS_CODES)
        self._codes = FailureLimiter(ALL_CODES)

    # --- people ----------------------------------------------------------------------------------

    async def login(self, request: LoginRequest, remote: str) -> NewSession:
        """本地账号登录.

        Raises:
            BadCredentials: wrong, without telling which.
            TooManyRequests: too many failures for the account or from the address.
        """
        account = request.login.casefold()
        self._demand_patience((self._accounts, account), (self._addresses, remote))
        person = await self._people.person_by_login(request.login)
        usable = person if person is not None and person.active else None
        hashed = None if usable is None else usable.password_hash
        fits = await self._passwords.verify(hashed, request.password)
        # Again: of many tries at once, no more are answered than one after the other would be.
        self._demand_patience((self._accounts, account), (self._addresses, remote))
        if not fits or usable is None:
            self._note_failure((self._accounts, account), (self._addresses, remote))
            await self._audit(None, request.login, "login_failed", "", remote)
            raise BadCredentials()
        await self._audit(usable.person_id, usable.name, "login", usable.person_id, remote)
        return await self._open(SignedIn(usable.subject, "", usable.school, None))

    # --- terminals -------------------------------------------------------------------------------

    async def lookup(self, join_code: str, remote: str) -> TerminalRooms:
        """Which rooms a 课程码 invites. Raises NotFound, TooManyRequests."""
        limits = ((self._code_addresses, remote), (self._codes, ""))
        self._demand_patience(*limits)
        lesson = await self._lessons.open_by_code(join_code, self._clock.now() - CODE_OUTLIVES)
        self._demand_patience(*limits)  # again: see `login`
        if lesson is None:
            self._note_failure(*limits)
            raise NotFound("没有这个课程码对应的课", field="join_code")
        return TerminalRooms(lesson.title, tuple(room.ref for room in lesson.receive_rooms))

    async def terminal_login(self, request: TerminalLogin, remote: str) -> NewSession:
        """教室终端登录. Raises Invalid, BadCredentials, NotFound, TooManyRequests."""
        by_code = request.join_code is not None and request.room_id is not None
        if by_code == (request.device_token is not None):
            raise Invalid("课程码加教室,或设备令牌,二者取一", field="join_code")
        if request.device_token is not None:
            opened = await self._use_device(request.device_token, remote)
            session = await self._open(await self._terminal(opened.room_id))
            device = None
            if request.remember:
                # Its own one: what an admin issued may be typed into a second terminal.
                device = await self.issue_device(opened.room_id, "remembered")
        else:
            room_id = await self._invited_room(
                request.join_code or "", request.room_id or "", remote
            )
            session = await self._open(await self._terminal(room_id))
            device = None
            if request.remember:
                device = await self.issue_device(room_id, "remembered")
            await self._audit(room_id, "", "terminal_login", request.join_code or "", remote)
        return NewSession(session.signed_in, session.cookie, device)

    async def resume(self, device_token: str, remote: str) -> NewSession:
        """A new session for a device token, and a new token if it is time for one.

        Raises:
            BadCredentials: no such token, or nobody used it for too long.
            TooManyRequests: too many failures from the address.
        """
        device = await self._use_device(device_token, remote)
        session = await self._open(await self._terminal(device.room_id))
        now = self._clock.now()
        if now - device.created_at < DEVICE_ROTATION:
            return session
        fresh = new_secret()
        await self._people.add_device(
            fingerprint(fresh),
            device.room_id,
            "rotated",
            now,
            replaces=fingerprint(device_token),
        )
        return NewSession(session.signed_in, session.cookie, fresh)

    async def _use_device(self, device_token: str, remote: str) -> DeviceRecord:
        self._demand_patience((self._code_addresses, remote))
        now = self._clock.now()
        device = await self._people.use_device(
            fingerprint(device_token), now, now - self._device_lifetime
        )
        if device is None:
            self._note_failure((self._code_addresses, remote))
            raise BadCredentials("设备令牌无效", field="device_token")
        return device

    async def issue_device(self, room_id: str, origin: str) -> str:
        """A new device token of a room; only its hash is kept. Raises NotFound."""
        if await self._people.room(room_id) is None:
            raise NotFound("没有这间教室", field="room_id")
        token = new_secret()
        await self._people.add_device(fingerprint(token), room_id, origin, self._clock.now())
        return token

    # --- sessions --------------------------------------------------------------------------------

    async def signed_in(self, cookie: str | None) -> SignedIn:
        """Whose session a cookie is. Raises NotSignedIn."""
        now = self._clock.now()
        try:
            claim = open_session(self._secret, cookie or "", now.timestamp())
        except InvalidToken:
            raise NotSignedIn() from None
        record = await self._people.session(fingerprint(claim.session_id))
        if record is None or record.expires_at <= now:
            raise NotSignedIn()
        if record.room_id is not None:
            return await self._terminal(record.room_id, claim.session_id)
        person = await self._people.person(record.person_id or "")
        if person is None or not person.active:
            raise NotSignedIn()
        return SignedIn(person.subject, claim.session_id, person.school, None)

    async def logout(self, signed_in: SignedIn, device_token: str | None = None) -> None:
        """End a session, and forget the room's device token that came with it."""
        await self._people.drop_session(fingerprint(signed_in.session_id))
        if device_token and signed_in.subject.room_id is not None:
            await self._people.drop_device(fingerprint(device_token), signed_in.subject.room_id)

    async def shut_room_out(self, subject: Subject, room_id: str, remote: str) -> None:
        """Void every device token and session of a room's terminals. Raises NotFound."""
        if await self._people.room(room_id) is None:
            raise NotFound("没有这间教室", field="room_id")
        await self._people.shut_room_out(room_id)
        await self._audit(subject.subject_id, subject.name, "room_shut_out", room_id, remote)

    async def forget_expired(self, in_use: Collection[str] = ()) -> None:
        """Drop sessions past their time, but those in use, and device tokens long unused."""
        now = self._clock.now()
        await self._people.drop_expired_sessions(now, in_use)
        await self._people.drop_unused_devices(now - self._device_lifetime)

    def demand_csrf(self, signed_in: SignedIn, token: str | None) -> None:
        """Raises CsrfFailed unless the token belongs to the session."""
        if not is_csrf_token(self._secret, signed_in.session_id, token or ""):
            raise CsrfFailed("X-CSRF-Token is missing or wrong")

    def identity(self, signed_in: SignedIn) -> Identity:
        """The session as the API shows it."""
        return Identity(
            subject_id=signed_in.subject.subject_id,
            name=signed_in.subject.name,
            roles=tuple(sorted(signed_in.subject.roles)),
            school=signed_in.school,
            room=signed_in.room,
            csrf_token=csrf_token(self._secret, signed_in.session_id),
            may=own_actions(signed_in.subject),
            time_zone=self._time_zone,
            server_time=self._clock.now(),
        )

    # --- inside ----------------------------------------------------------------------------------

    async def _open(self, who: SignedIn) -> NewSession:
        session_id = secrets.token_urlsafe(24)
        now = self._clock.now()
        expires_at = now + self._lifetime
        is_room = who.subject.room_id is not None
        await self._people.add_session(
            SessionRecord(
                fingerprint(session_id),
                None if is_room else who.subject.subject_id,
                who.subject.room_id,
                expires_at,
            ),
            now,
        )
        claim = SessionClaim(session_id, int(expires_at.timestamp()))
        opened = SignedIn(who.subject, session_id, who.school, who.room)
        return NewSession(opened, seal_session(self._secret, claim))

    async def _terminal(self, room_id: str, session_id: str = "") -> SignedIn:
        room = await self._people.room(room_id)
        if room is None:
            raise NotSignedIn()
        roles = frozenset({Role.RECEIVE_ROOM})
        subject = Subject(room_id, room.name, roles, room.school_id, room_id)
        return SignedIn(subject, session_id, room.school, room.ref)

    async def _invited_room(self, join_code: str, room_id: str, remote: str) -> str:
        rooms = (await self.lookup(join_code, remote)).rooms
        if room_id not in {room.room_id for room in rooms}:
            self._note_failure((self._code_addresses, remote))
            raise Invalid("这节课没有邀请这间教室", field="room_id")
        return room_id

    def _demand_patience(self, *limits: tuple[FailureLimiter, str]) -> None:
        now = self._clock.monotonic()
        for limiter, key in limits:
            wait = limiter.retry_after(key, now)
            if wait is not None:
                raise TooManyRequests(wait)

    def _note_failure(self, *limits: tuple[FailureLimiter, str]) -> None:
        now = self._clock.monotonic()
        for limiter, key in limits:
            limiter.note_failure(key, now)

    async def _audit(
        self, actor_id: str | None, name: str, action: str, target: str, remote: str
    ) -> None:
        await self._people.audit(
            AuditEntry(self._clock.now(), actor_id, name, action, target, "", remote)
        )
