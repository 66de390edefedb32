"""The services of logins, accounts and terminals, over one database."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from signaling.access.signing import Keyring
from signaling.audit.log import AuditLog
from signaling.base.clock import Clock
from signaling.base.config import Config
from signaling.base.database import Database
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
        people, clock, audit, config = ground.people, ground.clock, ground.audit, ground.config
        store = ground.logins
        sessions = Sessions(
            people=people,
            store=store,
            clock=clock,
            keyring=ground.keyring,
            lifetime=timedelta(hours=config.session_hours),
        )
        devices = Devices(store, clock, timedelta(days=config.device_cookie_days))
        throttle = LoginThrottle(clock, ground.keyring)
        self.identity = IdentityService(
            people=people,
            store=store,
            sessions=sessions,
            devices=devices,
            throttle=throttle,
            passwords=ground.passwords,
            live=live,
            audit=audit,
            clock=clock,
            config=config,
            keyring=ground.keyring,
        )
        self.terminals = TerminalService(
            people=people,
            store=store,
            sessions=sessions,
            devices=devices,
            lessons=inviting,
            throttle=throttle,
            live=live,
            audit=audit,
            clock=clock,
        )
        self.bindings = BindingService(
            people=people,
            store=BindingStore(ground.database),
            sessions=sessions,
            devices=devices,
            throttle=throttle,
            live=live,
            audit=audit,
            clock=clock,
        )
        accounts = AccountStore(ground.database)
        self.accounts = AccountService(
            database=ground.database,
            store=accounts,
            admins=admins,
            lessons=ahead,
            audit=audit,
            clock=clock,
        )
        self.slips = SlipService(store=accounts, people=people, audit=audit, clock=clock)
        self.activation = ActivationService(
            store=accounts,
            people=people,
            sessions=sessions,
            passwords=ground.passwords,
            throttle=throttle,
            live=live,
            audit=audit,
            clock=clock,
        )

    async def forget_expired(self) -> None:
        """Forget logins, device tokens and codes whose time is over."""
        await self.identity.forget_expired()
        await self.bindings.forget_expired()
