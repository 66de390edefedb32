"""The services of logins, accounts and terminals, over one database."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from signaling.access.signing import Keyring
from signaling.audit.log import AuditLog
from signaling.base.clock import Clock
from signaling.base.config import Config
from signaling.base.database import Database
from signaling.base.limits import LimitStore
from signaling.directory.entries.lessons import LessonsAhead
from signaling.directory.grants.admins import CountyAdmins
from signaling.directory.store import PeopleStore
from signaling.identity.accounts.activation import ActivationService
from signaling.identity.accounts.service import AccountService
from signaling.identity.accounts.slips import SlipService
from signaling.identity.accounts.store import AccountStore
from signaling.identity.bindings.service import BindingService
from signaling.identity.bindings.store import BindingStore
from signaling.identity.devices import Devices
from signaling.identity.live_logins import LiveLogins
from signaling.identity.login_throttle import LoginThrottle
from signaling.identity.passwords import Passwords
from signaling.identity.service import IdentityService
from signaling.identity.sessions import Sessions
from signaling.identity.store import SessionStore
from signaling.identity.terminals import InvitingLessons, TerminalService


class Ground(NamedTuple):
    """Shared ground of the services: stores, clock, settings and keys."""

    database: Database
    people: PeopleStore
    logins: SessionStore
    passwords: Passwords
    audit: AuditLog
    clock: Clock
    config: Config
    keyring: Keyring
    limits: LimitStore


class IdentityDesk:
    """Services that sign people and terminals in, and that keep accounts."""

    def __init__(
        self,
        ground: Ground,
        *,
        live: LiveLogins,
        inviting: InvitingLessons,
        ahead: LessonsAhead,
        admins: CountyAdmins,
    ) -> None:
        """Put the services together.

        Args:
            ground: what they stand on.
            live: knows the logins in use.
            inviting: knows the lessons that invite rooms.
            ahead: knows the lessons that a person is still to lead.
            admins: sees to it that every county keeps an admin.
        """
        ways = _ways_in(ground, live)
        self.identity = _identity(ground, ways)
        self.terminals = _terminals(ground, ways, inviting)
        self.bindings = _bindings(ground, ways)
        store = AccountStore(ground.database)
        self.accounts = AccountService(
            database=ground.database,
            store=store,
            admins=admins,
            lessons=ahead,
            audit=ground.audit,
            clock=ground.clock,
        )
        self.slips = SlipService(
            store=store, people=ground.people, audit=ground.audit, clock=ground.clock
        )
        self.activation = _activation(ground, ways, store)

    async def forget_expired(self) -> None:
        """Forget logins, device tokens and codes whose time is over."""
        await self.identity.forget_expired()
        await self.bindings.forget_expired()


class _WaysIn(NamedTuple):
    """Parts that all who sign somebody in share."""

    sessions: Sessions
    devices: Devices
    throttle: LoginThrottle
    live: LiveLogins


def _ways_in(ground: Ground, live: LiveLogins) -> _WaysIn:
    config, clock = ground.config, ground.clock
    sessions = Sessions(
        people=ground.people,
        store=ground.logins,
        clock=clock,
        keyring=ground.keyring,
        lifetime=timedelta(hours=config.session_hours),
    )
    devices = Devices(ground.logins, clock, timedelta(days=config.device_cookie_days))
    throttle = LoginThrottle(clock, ground.keyring, ground.limits)
    return _WaysIn(sessions, devices, throttle, live)


def _identity(ground: Ground, ways: _WaysIn) -> IdentityService:
    return IdentityService(
        people=ground.people,
        store=ground.logins,
        sessions=ways.sessions,
        devices=ways.devices,
        throttle=ways.throttle,
        passwords=ground.passwords,
        live=ways.live,
        audit=ground.audit,
        clock=ground.clock,
        config=ground.config,
        keyring=ground.keyring,
    )


def _terminals(ground: Ground, ways: _WaysIn, inviting: InvitingLessons) -> TerminalService:
    return TerminalService(
        people=ground.people,
        store=ground.logins,
        sessions=ways.sessions,
        devices=ways.devices,
        lessons=inviting,
        throttle=ways.throttle,
        live=ways.live,
        audit=ground.audit,
        clock=ground.clock,
    )


def _bindings(ground: Ground, ways: _WaysIn) -> BindingService:
    return BindingService(
        people=ground.people,
        store=BindingStore(ground.database),
        sessions=ways.sessions,
        devices=ways.devices,
        throttle=ways.throttle,
        live=ways.live,
        audit=ground.audit,
        clock=ground.clock,
    )


def _activation(ground: Ground, ways: _WaysIn, store: AccountStore) -> ActivationService:
    return ActivationService(
        store=store,
        people=ground.people,
        sessions=ways.sessions,
        passwords=ground.passwords,
        throttle=ways.throttle,
        live=ways.live,
        audit=ground.audit,
        clock=ground.clock,
    )
