"""Classroom terminals: signing in by 课程码 or device token, and the tokens of a room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from signaling.access.actions import Action
from signaling.access.grants import allows, demand_somewhere
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.facts import detail_of
from signaling.audit.log import AuditLog, own_branch
from signaling.base.clock import Clock
from signaling.base.errors import Invalid, NotFound
from signaling.base.problem_codes import ProblemCode
from signaling.directory.records import RoomRecord
from signaling.directory.store import PeopleStore
from signaling.identity.devices import Devices, bad_device_token
from signaling.identity.events import LoginsEnded
from signaling.identity.live_logins import LiveLogins, in_use
from signaling.identity.login_throttle import Caller, LoginThrottle, room_mark
from signaling.identity.logins import NewSession, SignedIn
from signaling.identity.sessions import Sessions
from signaling.identity.store import DeviceOrigin, SessionStore
from signaling.identity.wire import TerminalLogin, TerminalRooms

# A lesson that was never held keeps its 课程码 this long past its end, for one that begins late.
# Were codes good for ever, there would be ever more of them to guess.
CODE_OUTLIVES = timedelta(hours=12)


class InvitingLesson(Protocol):
    """A lesson that invites rooms."""

    @property
    def title(self) -> str:
        """The title."""

    @property
    def receive_rooms(self) -> Sequence[RoomRecord]:
        """The rooms that it invites."""


class InvitingLessons(Protocol):
    """Lessons by their join codes. Wiring hands in the store of the lessons."""

    async def open_by_code(self, join_code: str, since: datetime) -> InvitingLesson | None:
        """Return the lesson with a code that is live, or scheduled to end after `since`."""


class TerminalService:
    """Logins of classroom terminals."""

    def __init__(
        self,
        *,
        people: PeopleStore,
        store: SessionStore,
        sessions: Sessions,
        devices: Devices,
        lessons: InvitingLessons,
        throttle: LoginThrottle,
        live: LiveLogins,
        audit: AuditLog,
        clock: Clock,
    ) -> None:
        self._people = people
        self._store = store
        self._sessions = sessions
        self._devices = devices
        self._lessons = lessons
        self._throttle = throttle
        self._live = live
        self._audit = audit
        self._clock = clock

    # --- signing in ------------------------------------------------------------------------------

    async def lookup(self, join_code: str, caller: Caller) -> TerminalRooms:
        """Return the rooms that a 课程码 invites. Raises NotFound, TooManyRequests."""
        limits = self._throttle.code_limits(caller, await self._own_room(caller))
        await self._throttle.demand(limits)
        lesson = await self._lessons.open_by_code(join_code, self._clock.now() - CODE_OUTLIVES)
        if lesson is None:
            await self._throttle.failed(limits)
            raise NotFound(code=ProblemCode.UNKNOWN_JOIN_CODE, field="join_code")
        # Again: of many tries at once, no more are answered than one after the other would be.
        await self._throttle.demand(limits)
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
            raise Invalid("either join code and room, or device token", field="join_code")
        if request.device_token is not None:
            return await self._login_by_token(request.device_token, request.remember, caller)
        return await self._login_by_code(request, caller)

    async def resume(self, device_token: str, caller: Caller) -> NewSession:
        """Open a session for a device token, and make a new token if it is time for one.

        Raises:
            BadCredentials: no such token, or nobody used it for too long.
            TooManyRequests: too many failures from the address.
        """
        terminal = await self._owner(device_token, caller)
        actor = terminal.actor.at(caller.remote)
        busy = await in_use(self._live)
        async with self._audit.work(actor, AuditAction.TERMINAL_RESUME, actor.actor_id) as work:
            work.concerns(own_branch(actor), actor.name)
            device = await self._devices.use(work, device_token)
            fresh = await self._devices.rotate(work, device_token, device, busy)
            session = await self._sessions.open(work, terminal, busy, device_token)
        return self._for_terminal(session, caller, fresh)

    async def _login_by_code(self, request: TerminalLogin, caller: Caller) -> NewSession:
        code, room_id = request.join_code or "", request.room_id or ""
        await self._demand_invitation(code, room_id, caller)
        terminal = await self._sessions.terminal(room_id)
        actor = terminal.actor.at(caller.remote)
        busy, device = await in_use(self._live), None
        login = AuditAction.TERMINAL_LOGIN
        async with self._audit.work(
            actor, login, room_id, detail_of(way="code", join_code=code)
        ) as work:
            work.concerns(own_branch(actor), actor.name)
            if request.remember:
                device = await self._devices.make(work, room_id, DeviceOrigin.REMEMBERED, busy)
            session = await self._sessions.open(work, terminal, busy, device)
        return self._for_terminal(session, caller, device)

    async def _login_by_token(self, token: str, remember: bool, caller: Caller) -> NewSession:
        """Sign in by a token that was typed in.

        The terminal gets a token of its own, as the typed one may be typed again.
        """
        terminal = await self._owner(token, caller)
        actor = terminal.actor.at(caller.remote)
        room_id = actor.actor_id
        busy, own = await in_use(self._live), None
        async with self._audit.work(
            actor, AuditAction.TERMINAL_LOGIN, room_id, detail_of(way="token")
        ) as work:
            work.concerns(own_branch(actor), actor.name)
            await self._devices.use(work, token)
            if remember:
                own = await self._devices.make(work, room_id, DeviceOrigin.EXCHANGED, busy)
            session = await self._sessions.open(work, terminal, busy, own or token)
        return self._for_terminal(session, caller, own)

    async def _demand_invitation(self, join_code: str, room_id: str, caller: Caller) -> None:
        rooms = (await self.lookup(join_code, caller)).rooms
        if room_id not in {room.room_id for room in rooms}:
            limits = self._throttle.code_limits(caller, await self._own_room(caller))
            await self._throttle.failed(limits)
            raise Invalid(code=ProblemCode.ROOM_NOT_INVITED, field="room_id")

    async def _owner(self, device_token: str, caller: Caller) -> SignedIn:
        """Return the terminal of a device token.

        A good token is never made to wait: nobody guesses 256 bits.
        """
        device = await self._devices.find(device_token)
        if device is None:
            limits = self._throttle.token_limits(caller)
            await self._throttle.failed(limits)
            raise bad_device_token()
        return await self._sessions.terminal(device.room_id)

    async def _own_room(self, caller: Caller) -> str | None:
        """Return the room of the device token that a browser holds, if the token is good."""
        device = await self._devices.find(caller.device) if caller.device else None
        return None if device is None else device.room_id

    def _for_terminal(
        self, session: NewSession, caller: Caller, device_token: str | None
    ) -> NewSession:
        known = self._throttle.know(caller, room_mark(session.signed_in.actor.actor_id))
        return replace(session, known=known, device_token=device_token)

    # --- the tokens of a room --------------------------------------------------------------------

    async def issue_device(self, actor: Actor, room_id: str) -> str:
        """Make a device token of a room for an admin.

        Raises:
            Forbidden, NotFound: not for this actor, or no such room.
            TooManyDevices: all that there may be are in use.
        """
        room = await self._demand_room(actor, room_id)
        busy = await in_use(self._live)
        async with self._audit.work(actor, AuditAction.DEVICE_TOKEN_ISSUE, room_id) as work:
            work.concerns(room.path, room.title)
            return await self._devices.make(work, room_id, DeviceOrigin.ISSUED, busy)

    async def shut_room_out(self, actor: Actor, room_id: str) -> None:
        """Void every device token and session of a room's terminals. Raises Forbidden, NotFound."""
        room = await self._demand_room(actor, room_id)
        async with self._audit.work(actor, AuditAction.ROOM_SHUT_OUT, room_id) as work:
            work.concerns(room.path, room.title)
            work.tell(LoginsEnded(await self._store.shut_room_out(work, room_id)))

    async def _demand_room(self, actor: Actor, room_id: str) -> RoomRecord:
        demand_somewhere(actor, Action.ISSUE_DEVICE_TOKEN)
        room = await self._people.room(room_id)
        if room is None or not allows(actor, Action.ISSUE_DEVICE_TOKEN, branches=(room.path,)):
            raise NotFound(code=ProblemCode.UNKNOWN_ROOM, field="room_id")
        return room
