"""Binding terminals to rooms by one-time codes, in either direction.

An admin's page shows a room's code, and the terminal opens its address. Or the terminal shows a
code of its own, and an admin who stands before it confirms the room on a phone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from signaling.access.actions import Action
from signaling.access.grants import allows, branches_granted, demand_somewhere
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.log import AuditLog, own_branch
from signaling.base.clock import Clock
from signaling.base.errors import Gone, Invalid, NotFound
from signaling.base.ids import new_code, new_secret
from signaling.base.problem_codes import ProblemCode
from signaling.directory.records import RoomRecord
from signaling.directory.store import PeopleStore
from signaling.identity.bindings.store import BindingRecord, BindingStore
from signaling.identity.bindings.wire import (
    RoomTerminals,
    TerminalAsk,
    TerminalAsked,
    TerminalCode,
    TerminalList,
)
from signaling.identity.devices import Binding, Devices
from signaling.identity.events import LoginsEnded
from signaling.identity.live_logins import LiveLogins, in_use
from signaling.identity.login_throttle import Caller, LoginThrottle, room_mark
from signaling.identity.logins import NewSession
from signaling.identity.qr_codes import qr_code
from signaling.identity.rules import grouped, read_code
from signaling.identity.sessions import Sessions
from signaling.identity.store import DeviceOrigin

CODE_CHARS = 8  # 40 random bits; few are open at once, and guessing is throttled
CODE_LASTS = timedelta(minutes=10)
CLASSROOM_PAGE = "/classroom"  # of the terminal; the code stands in the fragment, so no log has it
ADMIN_PAGE = "/system/terminals"
PAGE_ROOMS = 50


class BindingService:
    """The terminals of rooms."""

    def __init__(
        self,
        *,
        people: PeopleStore,
        store: BindingStore,
        sessions: Sessions,
        devices: Devices,
        throttle: LoginThrottle,
        live: LiveLogins,
        audit: AuditLog,
        clock: Clock,
    ) -> None:
        self._people = people
        self._store = store
        self._sessions = sessions
        self._devices = devices
        self._throttle = throttle
        self._live = live
        self._audit = audit
        self._clock = clock

    # --- what an admin does ----------------------------------------------------------------------

    async def rooms(
        self, actor: Actor, words: str, after: str | None
    ) -> tuple[Sequence[RoomTerminals], str | None]:
        """Return a page of rooms with how many terminals each has. Raises Forbidden."""
        demand_somewhere(actor, Action.ISSUE_DEVICE_TOKEN)
        branches = branches_granted(actor, Action.ISSUE_DEVICE_TOKEN)
        return await self._store.rooms(branches, words, PAGE_ROOMS, after)

    async def terminals(self, actor: Actor, room_id: str) -> TerminalList:
        """Return the terminals of a room. Raises Forbidden, NotFound."""
        room = await self.demand_room(actor, room_id)
        busy = await in_use(self._live)
        return TerminalList(room.ref, await self._store.of_room(room_id, busy or ()))

    async def make_code(self, actor: Actor, room_id: str, site: str) -> TerminalCode:
        """Make a one-time code of a room; the one before is void.

        Raises:
            Forbidden, NotFound: not for this actor, or no such room.
        """
        room = await self.demand_room(actor, room_id)
        code, now = new_code(CODE_CHARS), self._clock.now()
        times = (now, now + CODE_LASTS)
        async with self._audit.work(actor, AuditAction.TERMINAL_CODE, room_id) as work:
            work.concerns(room.path, room.title)
            await self._store.put_for_room(work, code, room_id, actor.actor_id, times)
        url = f"{site}{CLASSROOM_PAGE}#bind={code}"
        drawn = await asyncio.to_thread(qr_code, url)
        return TerminalCode(grouped(code), url, drawn, times[1])

    async def asking(self, actor: Actor, code: str) -> TerminalAsk:
        """Return which terminal shows a code. Raises Forbidden, NotFound, Gone."""
        demand_somewhere(actor, Action.ISSUE_DEVICE_TOKEN)
        record = self._good(await self._store.by_code(read_code(code)))
        if not record.asked or record.room_id is not None:
            raise NotFound(code=ProblemCode.UNKNOWN_CODE, field="code")
        return TerminalAsk(grouped(read_code(code)), record.remote, record.created_at)

    async def confirm(self, actor: Actor, room_id: str, code: str) -> None:
        """Say that the terminal that shows a code stands in the room.

        Raises:
            Forbidden, NotFound: not for this actor, or no such room.
            Invalid: no terminal shows this code.
        """
        room = await self.demand_room(actor, room_id)
        wanted = read_code(code)
        record = await self._store.by_code(wanted)
        async with self._audit.work(actor, AuditAction.TERMINAL_CONFIRM, room_id) as work:
            work.concerns(room.path, room.title)
            work.detail = "" if record is None else record.remote
            now = self._clock.now()
            if not await self._store.confirm(work, wanted, room_id, actor.actor_id, now):
                raise Invalid(code=ProblemCode.UNKNOWN_CODE, field="code")

    async def unbind(self, actor: Actor, room_id: str, terminal_id: str) -> None:
        """Forget one terminal of a room; what it has open ends.

        Raises:
            Forbidden, NotFound: not for this actor, or no such terminal.
        """
        room = await self.demand_terminal(actor, room_id, terminal_id)
        async with self._audit.work(actor, AuditAction.TERMINAL_UNBIND, room_id) as work:
            work.concerns(room.path, room.title)
            work.tell(LoginsEnded(await self._store.unbind(work, terminal_id)))

    async def demand_room(self, actor: Actor, room_id: str) -> RoomRecord:
        """Return a room whose terminals the actor manages. Raises Forbidden, NotFound."""
        demand_somewhere(actor, Action.ISSUE_DEVICE_TOKEN)
        room = await self._people.room(room_id)
        if room is None or not allows(actor, Action.ISSUE_DEVICE_TOKEN, branches=(room.path,)):
            raise NotFound(code=ProblemCode.UNKNOWN_ROOM, field="room_id")
        return room

    async def demand_terminal(self, actor: Actor, room_id: str, terminal_id: str) -> RoomRecord:
        """Return the room of a terminal that the actor manages. Raises Forbidden, NotFound."""
        room = await self.demand_room(actor, room_id)
        if await self._store.room_of(terminal_id) != room_id:
            raise NotFound(code=ProblemCode.UNKNOWN_TERMINAL, field="terminal_id")
        return room

    # --- what a terminal does --------------------------------------------------------------------

    async def redeem(self, code: str, caller: Caller) -> NewSession:
        """Bind the terminal that comes with a room's code, and sign it in.

        Raises:
            NotFound, Gone: no such code, or its time is over.
            TooManyRequests: too many wrong codes from the address.
            TooManyDevices: all that the room may have are in use.
        """
        limits = self._throttle.code_limits(caller, None)
        await self._throttle.demand(limits)
        wanted = read_code(code)
        record = await self._store.by_code(wanted)
        if record is None or record.asked or record.room_id is None:
            await self._throttle.failed(limits)
            raise NotFound(code=ProblemCode.UNKNOWN_CODE, field="code")
        # Again: of many tries at once, no more are answered than one after the other would be.
        await self._throttle.demand(limits)
        return await self._bind(self._good(record), caller, code=wanted)

    async def ask(self, caller: Caller, site: str) -> TerminalAsked:
        """Give a terminal a code to show.

        Raises:
            TooManyRequests: its network asks for too many.
            Busy: too many are asking.
        """
        await self._throttle.demand_may_ask(caller)
        code, secret, now = new_code(CODE_CHARS), new_secret(), self._clock.now()
        times = (now, now + CODE_LASTS)
        await self._store.put_asked(code, secret, caller.remote, times)
        url = f"{site}{ADMIN_PAGE}#confirm={code}"
        drawn = await asyncio.to_thread(qr_code, url)
        return TerminalAsked(grouped(code), secret, url, drawn, times[1])

    async def claim(self, secret: str, caller: Caller) -> NewSession | None:
        """Bind the terminal that asked, once its room is confirmed; None: it is not yet.

        Raises:
            NotFound, Gone: nobody asked with this secret, or its time is over.
            TooManyDevices: all that the room may have are in use.
        """
        record = self._good(await self._store.by_secret(secret))
        return None if record.room_id is None else await self._bind(record, caller, secret=secret)

    async def forget_expired(self) -> None:
        """Forget codes whose time is over."""
        await self._store.drop_expired(self._clock.now())

    # --- inside ----------------------------------------------------------------------------------

    def _good(self, record: BindingRecord | None) -> BindingRecord:
        if record is None:
            raise NotFound(code=ProblemCode.UNKNOWN_CODE, field="code")
        if record.expires_at <= self._clock.now():
            raise Gone(code=ProblemCode.CODE_EXPIRED, field="code")
        return record

    async def _bind(
        self,
        record: BindingRecord,
        caller: Caller,
        *,
        code: str | None = None,
        secret: str | None = None,
    ) -> NewSession:
        room_id = record.room_id or ""
        terminal = await self._sessions.terminal(room_id)
        actor = terminal.actor.at(caller.remote)
        busy = await in_use(self._live)
        async with self._audit.work(actor, AuditAction.TERMINAL_BIND, room_id) as work:
            work.concerns(own_branch(actor), actor.name)
            if not await self._store.take(work, code=code, secret=secret):
                raise NotFound(code=ProblemCode.UNKNOWN_CODE, field="code")
            origin = Binding(record.bound_by, caller.remote)
            token = await self._devices.make(
                work, room_id, DeviceOrigin.BOUND, busy, binding=origin
            )
            session = await self._sessions.open(work, terminal, busy, token)
        known = self._throttle.know(caller, room_mark(room_id))
        return replace(session, known=known, device_token=token)
