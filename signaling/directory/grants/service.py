"""Giving roles in branches and taking them back."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from signaling.access.actions import Action
from signaling.access.grants import branches_granted, demand_somewhere
from signaling.access.roles import Actor, Role
from signaling.audit.actions import AuditAction
from signaling.audit.facts import detail_of
from signaling.audit.log import SYSTEM, AuditLog, Work
from signaling.base.clock import Clock
from signaling.base.errors import Invalid, NotFound, Refused
from signaling.base.problem_codes import ProblemCode
from signaling.directory.events import GrantsEnded
from signaling.directory.grants.admins import CountyAdmins
from signaling.directory.grants.rules import MAX_GRANTS, CannotGive, longest
from signaling.directory.grants.store import GrantSearch, GrantStore, Held, Subject
from signaling.directory.grants.wire import GrantGive, GrantNode, PersonGrants
from signaling.directory.store import PeopleStore

SHOWN_NODES = 50  # of one search
ENDED_AT_ONCE = 100  # roles removed by one round of the housekeeping


class GrantService:
    """Roles in branches, for those who give them."""

    def __init__(
        self,
        *,
        store: GrantStore,
        people: PeopleStore,
        admins: CountyAdmins,
        audit: AuditLog,
        clock: Clock,
    ) -> None:
        self._store = store
        self._people = people
        self._admins = admins
        self._audit = audit
        self._clock = clock

    # --- reading ---------------------------------------------------------------------------------

    async def listed(
        self, actor: Actor, search: GrantSearch, node_id: str | None
    ) -> tuple[tuple[PersonGrants, ...], str | None]:
        """Return a page of the people of the actor's branches, and the place of the next one.

        Raises:
            Forbidden: the actor gives no roles anywhere.
            NotFound: no such node in the actor's branches.
        """
        branches = _branches(actor)
        if node_id is not None:
            path = await self._store.node(node_id, branches)
            if path is None:
                raise NotFound(code=ProblemCode.UNKNOWN_NODE, field="node")
            search = GrantSearch(search.words, search.role, path, search.limit, search.after)
        return await self._store.page(branches, search)

    async def nodes(self, actor: Actor, words: str) -> tuple[tuple[GrantNode, ...], bool]:
        """Return nodes at which the actor gives roles, and whether there are more."""
        return await self._store.nodes(_branches(actor), words, SHOWN_NODES)

    async def demand_person(self, actor: Actor, person_id: str) -> Subject:
        """Return a person to whom the actor may give roles. Raises Forbidden, NotFound."""
        subject = await self._store.person(person_id, _branches(actor))
        if subject is None:
            raise NotFound(code=ProblemCode.UNKNOWN_PERSON, field="person_id")
        return subject

    async def demand_grant(self, actor: Actor, person_id: str, grant_id: str) -> Held:
        """Return a role that the actor may take back. Raises Forbidden, NotFound."""
        branches = _branches(actor)
        held = await self._store.held(grant_id)
        mine = held is not None and any(held.path.startswith(path) for path in branches)
        if held is None or not mine or held.person_id != person_id:
            raise NotFound(code=ProblemCode.UNKNOWN_GRANT, field="grant_id")
        return held

    # --- actions ---------------------------------------------------------------------------------

    async def give(self, actor: Actor, person_id: str, wish: GrantGive) -> PersonGrants:
        """Give a role at a node, or set the end of one that is held there.

        Raises:
            NotFound, Forbidden: not for this actor and person.
            Invalid: the node, the role or the time cannot be.
            Refused: the account is closed, or has as many roles as there may be.
            LastAdmin: a county would have no admin that stays.
        """
        subject = await self.demand_person(actor, person_id)
        path = await self._store.node(wish.node_id, _branches(actor))
        if path is None:
            raise Invalid(code=ProblemCode.UNKNOWN_NODE, field="node_id")
        now = self._clock.now()
        await self._demand_may_give(actor, wish, path, now)
        if not subject.active:
            raise Refused(code=ProblemCode.ACCOUNT_CLOSED)
        async with self._audit.work(actor, AuditAction.GRANT_GIVE, person_id) as work:
            work.concerns(path, subject.name)
            node = await self._store.node_name(work, wish.node_id)
            work.detail = detail_of(role=wish.role, node=node, until=wish.until)
            await self._admins.lock(work)
            held = await self._store.of_person(work, person_id)
            await self._demand_room_for(work, held, wish, now)
            await self._store.put(
                work, person_id, (wish.role, wish.node_id, wish.until), actor.actor_id, now
            )
        return await self._shown(actor, person_id)

    async def take(self, actor: Actor, person_id: str, grant_id: str) -> None:
        """Take a role back. What the person does by it ends at once.

        Raises:
            NotFound, Forbidden: not for this actor, or no such role.
            LastAdmin: a county would have no admin.
        """
        held = await self.demand_grant(actor, person_id, grant_id)
        async with self._audit.work(actor, AuditAction.GRANT_TAKE, person_id) as work:
            work.concerns(held.path, held.person)
            node = await self._store.node_name(work, held.node_id)
            work.detail = detail_of(role=held.role, node=node, until=held.until)
            if held.role is Role.COUNTY_ADMIN:
                await self._admins.lock(work)
                await self._admins.demand_others(
                    work, self._clock.now(), person_id=person_id, grant_id=grant_id
                )
            if await self._store.remove(work, grant_id):
                work.tell(GrantsEnded(person_id))
            else:
                work.nothing_to_do()

    async def remove_ended(self) -> None:
        """Remove roles whose time is over. They count no more already."""
        now = self._clock.now()
        for held in await self._store.ended(now, ENDED_AT_ONCE):
            async with self._audit.work(SYSTEM, AuditAction.GRANT_END, held.person_id) as work:
                work.concerns(held.path, held.person)
                node = await self._store.node_name(work, held.node_id)
                work.detail = detail_of(role=held.role, node=node)
                if await self._store.remove_ended(work, held.grant_id, now):
                    work.tell(GrantsEnded(held.person_id))
                else:
                    work.nothing_to_do()

    # --- inside ----------------------------------------------------------------------------------

    async def _demand_may_give(
        self, actor: Actor, wish: GrantGive, path: str, now: datetime
    ) -> None:
        if wish.role is Role.RECEIVE_ROOM:
            raise Invalid(code=ProblemCode.ROLE_OF_ROOMS, field="role")
        if wish.until is not None and wish.until <= now:
            raise Invalid(code=ProblemCode.TIME_OUT_OF_RANGE, field="until")
        giver = await self._people.person(actor.actor_id)
        try:
            latest = longest(() if giver is None else giver.grants, wish.role, path, now)
        except CannotGive:
            raise Invalid(code=ProblemCode.ROLE_NOT_YOURS, field="role") from None
        if latest is not None and (wish.until is None or wish.until > latest):
            facts = {"until": latest.isoformat()}
            raise Invalid(code=ProblemCode.LONGER_THAN_YOURS, field="until", facts=facts)

    async def _demand_room_for(
        self, work: Work, held: Collection[Held], wish: GrantGive, now: datetime
    ) -> None:
        """Raise where one more role cannot be, or where an admin's that stays would get an end."""
        same = [one for one in held if (one.role, one.node_id) == (wish.role, wish.node_id)]
        if not same and len(held) >= MAX_GRANTS:
            raise Refused(code=ProblemCode.TOO_MANY_GRANTS, facts={"most": MAX_GRANTS})
        for one in same:
            if one.role is Role.COUNTY_ADMIN and one.until is None and wish.until is not None:
                await self._admins.demand_others(
                    work, now, person_id=one.person_id, grant_id=one.grant_id
                )

    async def _shown(self, actor: Actor, person_id: str) -> PersonGrants:
        shown = await self._store.shown(person_id, _branches(actor))
        if shown is None:
            raise NotFound(code=ProblemCode.UNKNOWN_PERSON)
        return shown


def _branches(actor: Actor) -> frozenset[str]:
    """Return the branches in which an actor gives roles. Raises Forbidden where there is none."""
    demand_somewhere(actor, Action.MANAGE_GRANTS)
    return branches_granted(actor, Action.MANAGE_GRANTS)
