"""激活账号 by a slip's code, and changing the own password."""

from __future__ import annotations

from dataclasses import replace

from signaling.audit.actions import AuditAction
from signaling.audit.log import AuditLog
from signaling.base.clock import Clock
from signaling.base.errors import BadCredentials, Gone, Invalid, NotFound
from signaling.base.problem_codes import ProblemCode
from signaling.directory.store import PeopleStore
from signaling.identity.accounts.changes import set_password
from signaling.identity.accounts.store import AccountStore, CodeOwner
from signaling.identity.accounts.wire import ActivationRequest, PasswordChange
from signaling.identity.live_logins import LiveLogins, in_use
from signaling.identity.login_throttle import Caller, LoginThrottle, account_mark
from signaling.identity.logins import NewSession, SignedIn
from signaling.identity.passwords import Passwords
from signaling.identity.rules import (
    LEAST_CLASSES,
    LEAST_PASSWORD_CHARS,
    password_problem,
    read_code,
)
from signaling.identity.sessions import Sessions

_FACTS = {"chars": LEAST_PASSWORD_CHARS, "classes": LEAST_CLASSES}


class ActivationService:
    """First passwords by code, and later ones by the password before."""

    def __init__(
        self,
        *,
        store: AccountStore,
        people: PeopleStore,
        sessions: Sessions,
        passwords: Passwords,
        throttle: LoginThrottle,
        live: LiveLogins,
        audit: AuditLog,
        clock: Clock,
    ) -> None:
        self._store = store
        self._people = people
        self._sessions = sessions
        self._passwords = passwords
        self._throttle = throttle
        self._live = live
        self._audit = audit
        self._clock = clock

    async def owner(self, code: str, caller: Caller) -> CodeOwner:
        """Return the person whose code this is.

        Raises:
            NotFound: no such code, or it was used.
            Gone: its time is over.
            TooManyRequests: too many wrong codes from the address.
        """
        limits = self._throttle.activation_limits(caller)
        await self._throttle.demand(limits)
        owner = await self._store.owner(read_code(code))
        if owner is None or not owner.active:
            await self._throttle.failed(limits)
            raise NotFound(code=ProblemCode.UNKNOWN_CODE, field="code")
        # Again: of many tries at once, no more are answered than one after the other would be.
        await self._throttle.demand(limits)
        if owner.expires_at <= self._clock.now():
            raise Gone(code=ProblemCode.CODE_EXPIRED, field="code")
        return owner

    async def activate(self, request: ActivationRequest, caller: Caller) -> NewSession:
        """Set the first password, use the code up, and sign in.

        Raises:
            NotFound, Gone, TooManyRequests: as `owner` does.
            Invalid: the password cannot be taken.
            TooManyLogins: all that there may be are in use.
        """
        owner = await self.owner(request.code, caller)
        _demand_good(request.password, owner.login)
        person = await self._people.person(owner.person_id)
        if person is None:
            raise NotFound(code=ProblemCode.UNKNOWN_CODE, field="code")
        password_hash = await self._passwords.hash(request.password)
        actor = person.actor(self._clock.now()).at(caller.remote)
        busy = await in_use(self._live)
        async with self._audit.work(actor, AuditAction.ACCOUNT_ACTIVATE, actor.actor_id) as work:
            work.concerns(owner.path, owner.name)
            if not await self._store.take_code(work, read_code(request.code)):
                raise NotFound(code=ProblemCode.UNKNOWN_CODE, field="code")
            await set_password(work, actor.actor_id, password_hash)
            who = SignedIn(actor, "", person.school, None)
            session = await self._sessions.open(work, who, busy)
        return replace(session, known=self._throttle.know(caller, account_mark(owner.login)))

    async def change(self, signed_in: SignedIn, wish: PasswordChange, caller: Caller) -> None:
        """Change the own password. Every other session of the account ends.

        Raises:
            BadCredentials: the present password is another one.
            Invalid: the new password cannot be taken.
            TooManyRequests: too many wrong passwords.
        """
        person = await self._people.person(signed_in.actor.actor_id)
        if person is None:  # a terminal has no password
            raise NotFound(code=ProblemCode.UNKNOWN_PERSON)
        limits = self._throttle.account_limits(person.login, caller)
        await self._throttle.demand(limits)
        fits = await self._passwords.verify(person.usable_hash, wish.current)
        actor = signed_in.actor
        if not fits:
            await self._throttle.failed(limits)
            await self._audit.note(actor, AuditAction.LOGIN_FAILED, path=person.path)
            raise BadCredentials(field="current")
        await self._throttle.succeeded(limits)
        _demand_good(wish.password, person.login)
        if wish.password == wish.current:
            raise Invalid(code=ProblemCode.PASSWORD_SAME, field="password")
        password_hash = await self._passwords.hash(wish.password)
        async with self._audit.work(actor, AuditAction.PASSWORD_CHANGE, actor.actor_id) as work:
            work.concerns(person.path, person.name)
            await set_password(
                work, actor.actor_id, password_hash, but_session=signed_in.session_hash
            )


def _demand_good(password: str, login: str) -> None:
    problem = password_problem(password, login)
    if problem is not None:
        raise Invalid(code=problem, field="password", facts=_FACTS)
