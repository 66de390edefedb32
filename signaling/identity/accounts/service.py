"""Accounts of a branch: made, given slips, closed and opened again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete

from signaling.access.actions import Action
from signaling.access.grants import branches_granted, demand_somewhere
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.log import AuditLog, Work
from signaling.base.clock import Clock
from signaling.base.database import Database
from signaling.base.errors import Forbidden, NotFound, Refused
from signaling.base.problem_codes import ProblemCode
from signaling.directory.entries.lessons import LessonsAhead as LessonBook
from signaling.directory.entries.lessons import LessonUser
from signaling.directory.entries.wire import AffectedLesson
from signaling.directory.events import GrantsEnded
from signaling.directory.grants.admins import CountyAdmins
from signaling.directory.records import NO_PASSWORD
from signaling.directory.tables import GrantRow
from signaling.identity.accounts.changes import end_sessions, void_code
from signaling.identity.accounts.store import AccountSearch, AccountStore, Person, lies_in
from signaling.identity.accounts.wire import Account, AccountEnd
from signaling.identity.events import AccountEnded

SHOWN_LESSONS = 50  # of those ahead; the rest is told as a number


class AccountService:
    """Accounts of people, for those who manage them."""

    def __init__(
        self,
        *,
        database: Database,
        store: AccountStore,
        admins: CountyAdmins,
        lessons: LessonBook,
        audit: AuditLog,
        clock: Clock,
    ) -> None:
        self._database = database
        self._store = store
        self._admins = admins
        self._lessons = lessons
        self._audit = audit
        self._clock = clock

    # --- reading ---------------------------------------------------------------------------------

    async def listed(
        self, actor: Actor, search: AccountSearch
    ) -> tuple[tuple[Account, ...], str | None]:
        """Return a page of the accounts of the actor's branches, and the place of the next one.

        Raises:
            Forbidden: the actor manages no accounts anywhere.
        """
        return await self._store.page(branches_of(actor), search, self._clock.now())

    async def lessons_ahead(
        self, actor: Actor, person_id: str
    ) -> tuple[Sequence[AffectedLesson], int]:
        """Return the next lessons that a person is to lead, and how many there are.

        Raises:
            Forbidden, NotFound: not for this actor.
        """
        person = await self.demand_person(actor, person_id)
        async with self._database.read() as session:
            return await self._lessons.needing(
                session, LessonUser.TEACHER, person.person_id, self._clock.now(), SHOWN_LESSONS
            )

    async def demand_person(self, actor: Actor, person_id: str) -> Person:
        """Return a person of the actor's branches. Raises Forbidden, NotFound."""
        found = await self._store.people([person_id], branches_of(actor), self._clock.now())
        if person_id not in found:
            raise NotFound(code=ProblemCode.UNKNOWN_PERSON, field="person_id")
        return found[person_id]

    # --- actions ---------------------------------------------------------------------------------

    async def close(self, actor: Actor, person_id: str, wish: AccountEnd) -> Account:
        """停用: nobody signs in by the account. The roles stay for the day it is opened again.

        Raises:
            NotFound, Forbidden: not for this actor and person.
            ChangedMeanwhile: somebody else has changed the account.
            Refused: there are other lessons ahead than the actor knows of.
            LastAdmin: a county would have no admin.
        """
        return await self._end(actor, person_id, wish, AuditAction.ACCOUNT_CLOSE)

    async def leave(self, actor: Actor, person_id: str, wish: AccountEnd) -> Account:
        """离职: the account is closed, and its roles end. Lessons and what was taught stay.

        Raises:
            NotFound, Forbidden, ChangedMeanwhile, Refused, LastAdmin: as `close` does.
        """
        return await self._end(actor, person_id, wish, AuditAction.ACCOUNT_LEAVE)

    async def reopen(self, actor: Actor, person_id: str, version: int) -> Account:
        """Open a closed account again. One who had left has neither roles nor a password.

        Raises:
            NotFound, Forbidden, ChangedMeanwhile: as `close` does.
        """
        person = await self._managed(actor, person_id)
        async with self._audit.work(actor, AuditAction.ACCOUNT_OPEN, person_id) as work:
            work.concerns(person.path, person.name)
            await self._store.change(work, person_id, version, {"active": True, "left_at": None})
        return await self._shown(actor, person_id)

    # --- inside ----------------------------------------------------------------------------------

    async def _end(
        self, actor: Actor, person_id: str, wish: AccountEnd, action: AuditAction
    ) -> Account:
        person = await self._managed(actor, person_id)
        now, left = self._clock.now(), action is AuditAction.ACCOUNT_LEAVE
        async with self._audit.work(actor, action, person_id) as work:
            work.concerns(person.path, person.name)
            await self._admins.lock(work)
            await self._admins.demand_others(work, now, person_id=person_id)
            values: dict[str, Any] = {"active": False}
            if left:
                values |= {"left_at": now, "password_hash": NO_PASSWORD}
            await self._store.change(work, person_id, wish.version, values)
            await self._demand_known_lessons(work, person_id, wish.lessons)
            await void_code(work, person_id)
            if left:
                await work.session.execute(delete(GrantRow).where(GrantRow.person_id == person_id))
                work.tell(GrantsEnded(person_id))
            await end_sessions(work, person_id)
            work.tell(AccountEnded(person_id))
        return await self._shown(actor, person_id)

    async def _demand_known_lessons(self, work: Work, person_id: str, known: int) -> None:
        _, total = await self._lessons.needing(
            work.session, LessonUser.TEACHER, person_id, self._clock.now(), 1
        )
        if total != known:
            raise Refused(code=ProblemCode.LESSONS_AHEAD, facts={"count": total})

    async def _managed(self, actor: Actor, person_id: str) -> Person:
        """Return a person whose account the actor may change, which is not the actor's own."""
        person = await self.demand_person(actor, person_id)
        demand_manageable(actor, person)
        return person

    async def _shown(self, actor: Actor, person_id: str) -> Account:
        shown = await self._store.account(person_id, branches_of(actor), self._clock.now())
        if shown is None:
            raise NotFound(code=ProblemCode.UNKNOWN_PERSON, field="person_id")
        return shown


def branches_of(actor: Actor) -> frozenset[str]:
    """Return the branches whose accounts an actor manages. Raises Forbidden for none at all."""
    demand_somewhere(actor, Action.MANAGE_ACCOUNTS)
    return branches_granted(actor, Action.MANAGE_ACCOUNTS)


def demand_manageable(actor: Actor, person: Person) -> None:
    """Raise Forbidden unless the actor may take over a person's account, as a reset does.

    Whoever resets an account could sign in by it. So the account's roles must all lie in the
    actor's branches, and nobody locks the own one.
    """
    if person.person_id == actor.actor_id:
        raise Forbidden(code=ProblemCode.OWN_ACCOUNT)
    branches = branches_of(actor)
    if not all(lies_in(path, branches) for path in person.granted):
        raise Forbidden(code=ProblemCode.BEYOND_BRANCH)
