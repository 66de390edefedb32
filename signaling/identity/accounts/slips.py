"""Making accounts and slips: a slip brings a one-time code, by which a person sets a password."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from signaling.access.roles import Actor, Role
from signaling.audit.actions import AuditAction
from signaling.audit.log import AuditLog, Work
from signaling.base.clock import Clock
from signaling.base.errors import Invalid, Refused, Taken
from signaling.base.ids import new_code
from signaling.base.problem_codes import ProblemCode
from signaling.directory.grants.rules import CannotGive, longest
from signaling.directory.records import NO_PASSWORD
from signaling.directory.store import PeopleStore
from signaling.directory.wire import OrgLevel
from signaling.identity.accounts.changes import end_sessions
from signaling.identity.accounts.service import branches_of, demand_manageable
from signaling.identity.accounts.store import AccountStore
from signaling.identity.accounts.wire import NewAccount, Slip
from signaling.identity.qr_codes import qr_code
from signaling.identity.rules import grouped

CODE_CHARS = 16  # 80 random bits
CODE_LASTS = timedelta(days=30)
ACTIVATION_PAGE = (
    "/activate"  # of the web client; the code stands in the fragment, so no log has it
)

Home = tuple[str, str, OrgLevel]  # name, path and level of the node where a person belongs


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A code that was just made, and whose it is."""

    person_id: str
    name: str
    login: str
    home: str
    code: str


class SlipService:
    """Makes accounts, and slips for their first passwords."""

    def __init__(
        self, *, store: AccountStore, people: PeopleStore, audit: AuditLog, clock: Clock
    ) -> None:
        self._store = store
        self._people = people
        self._audit = audit
        self._clock = clock

    async def create(
        self, actor: Actor, wishes: Sequence[NewAccount], site: str
    ) -> tuple[Slip, ...]:
        """Make accounts, all of them or none, and a slip for each.

        Args:
            actor: the one who asks.
            wishes: the accounts.
            site: the address of the pages, for the QR codes.

        Raises:
            Forbidden: the actor manages no accounts anywhere.
            Invalid: a node or a role cannot be; names the field.
            Taken: a login is somebody's; names the field.
        """
        homes = await self._homes(actor, wishes)
        await self._demand_roles(actor, wishes, homes)
        now = self._clock.now()
        drawn = []
        async with self._audit.work(actor, AuditAction.ACCOUNT_CREATE) as work:
            await self._demand_free(work, wishes)
            for wish in wishes:
                home, _, level = homes[wish.node_id]
                drawn.append(await self._add(work, wish, home, level))
                await self._put_code(work, drawn[-1], now)
            _note(work, drawn, [path for _, path, _ in homes.values()])
        return await _slips(drawn, site, now + CODE_LASTS)

    async def renew(
        self, actor: Actor, person_ids: Sequence[str], site: str, version: int | None = None
    ) -> tuple[Slip, ...]:
        """Make new slips for accounts. Their passwords are void, and their sessions end.

        Args:
            actor: the one who asks.
            person_ids: whose accounts.
            site: the address of the pages, for the QR codes.
            version: of the one account, as the actor saw it.

        Raises:
            Forbidden: the actor manages no accounts anywhere, or not this one.
            Invalid: a person cannot be; names the field.
            Refused: an account is closed.
            ChangedMeanwhile: somebody else has changed the account.
        """
        known = await self._store.people(person_ids, branches_of(actor), self._clock.now())
        for place, person_id in enumerate(person_ids):
            if person_id not in known:
                raise Invalid(code=ProblemCode.UNKNOWN_PERSON, field=f"person_ids[{place}]")
            demand_manageable(actor, known[person_id])
            if not known[person_id].active:
                facts = {"name": known[person_id].name}
                raise Refused(code=ProblemCode.ACCOUNT_CLOSED, facts=facts)
        now = self._clock.now()
        drawn = []
        async with self._audit.work(actor, AuditAction.ACCOUNT_RESET) as work:
            for person in known.values():
                seen = person.version if version is None else version
                await self._store.change(work, person.person_id, seen, {})
                one = _draw(person.person_id, person.name, person.login, person.home)
                await self._put_code(work, one, now)
                await end_sessions(work, person.person_id)
                drawn.append(one)
            _note(work, drawn, [person.path for person in known.values()])
        return await _slips(drawn, site, now + CODE_LASTS)

    # --- inside ----------------------------------------------------------------------------------

    async def _homes(self, actor: Actor, wishes: Sequence[NewAccount]) -> dict[str, Home]:
        homes = await self._store.homes({wish.node_id for wish in wishes}, branches_of(actor))
        for place, wish in enumerate(wishes):
            if wish.node_id not in homes:
                raise Invalid(code=ProblemCode.UNKNOWN_NODE, field=f"accounts[{place}].node_id")
        return homes

    async def _demand_roles(
        self, actor: Actor, wishes: Sequence[NewAccount], homes: dict[str, Home]
    ) -> None:
        """Raise Invalid unless the actor may give every role at its node for good."""
        giver = await self._people.person(actor.actor_id)
        held = () if giver is None else giver.grants
        for place, wish in enumerate(wishes):
            for role in wish.roles:
                field = f"accounts[{place}].roles"
                if role is Role.RECEIVE_ROOM:
                    raise Invalid(code=ProblemCode.ROLE_OF_ROOMS, field=field)
                try:
                    until = longest(held, role, homes[wish.node_id][1], self._clock.now())
                except CannotGive:
                    raise Invalid(code=ProblemCode.ROLE_NOT_YOURS, field=field) from None
                if until is not None:
                    facts = {"until": until.isoformat()}
                    raise Invalid(code=ProblemCode.LONGER_THAN_YOURS, field=field, facts=facts)

    async def _demand_free(self, work: Work, wishes: Sequence[NewAccount]) -> None:
        logins = [wish.login.lower() for wish in wishes]
        taken = await self._store.taken(work, logins)
        twice = {login for login, times in Counter(logins).items() if times > 1}
        for place, login in enumerate(logins):
            if login in taken or login in twice:
                raise Taken(field=f"accounts[{place}].login", facts={"login": login})

    async def _add(self, work: Work, wish: NewAccount, home: str, level: OrgLevel) -> _Drawn:
        person_id = await self._people.add_person(
            work,
            login=wish.login,
            name=wish.name,
            password_hash=NO_PASSWORD,
            roles=wish.roles,
            school_id=wish.node_id if level is OrgLevel.SCHOOL else None,
            node_id=wish.node_id,
            staff_no=wish.staff_no,
        )
        return _draw(person_id, wish.name, wish.login, home)

    async def _put_code(self, work: Work, drawn: _Drawn, now: datetime) -> None:
        await self._store.put_code(work, drawn.person_id, drawn.code, now, now + CODE_LASTS)


def _draw(person_id: str, name: str, login: str, home: str) -> _Drawn:
    return _Drawn(person_id, name, login, home, new_code(CODE_CHARS))


def _note(work: Work, drawn: Sequence[_Drawn], paths: Iterable[str]) -> None:
    """Tell the audit log of the accounts; it concerns the branch that holds them all."""
    work.target = drawn[0].person_id
    work.concerns(common_branch(paths), drawn[0].name)
    work.detail = " ".join(one.login for one in drawn)


def common_branch(paths: Iterable[str]) -> str:
    """Return the path of the lowest node above or at all of these nodes."""
    parts = [path.split("/") for path in paths]
    common = parts[0]
    for other in parts[1:]:
        same = [a == b for a, b in zip(common, other, strict=False)]
        common = common[: same.index(False) if False in same else len(same)]
    return "/".join(common).rstrip("/") + "/"


async def _slips(drawn: Sequence[_Drawn], site: str, until: datetime) -> tuple[Slip, ...]:
    slips = []
    for one in drawn:
        url = f"{site}{ACTIVATION_PAGE}#{one.code}"
        slips.append(
            Slip(
                one.person_id,
                one.name,
                one.login,
                one.home,
                grouped(one.code),
                url,
                qr_code(url),
                until,
            )
        )
        await asyncio.sleep(0)
    return tuple(slips)
