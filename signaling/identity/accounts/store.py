"""Reading and writing accounts, and the codes for first passwords."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.roles import Role
from signaling.access.signing import fingerprint
from signaling.audit.log import Work
from signaling.base.database import Database
from signaling.base.errors import ChangedMeanwhile
from signaling.base.search import mentions
from signaling.directory.branches import in_branches
from signaling.directory.held import holds_at
from signaling.directory.records import NO_PASSWORD
from signaling.directory.tables import GrantRow, OrgNodeRow, PersonRow
from signaling.directory.wire import OrgLevel
from signaling.identity.accounts.changes import void_code
from signaling.identity.accounts.wire import Account, AccountState
from signaling.identity.tables import ActivationCodeRow


@dataclass(frozen=True, slots=True)
class AccountSearch:
    """Search of a reader in the accounts.

    Attributes:
        words: all of them must occur in the name, the login or the staff number.
        state: accounts in this state.
        limit: accounts of a page.
        after: the login of the last one of the page before.
    """

    words: str = ""
    state: AccountState | None = None
    limit: int = 50
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """A person whose account is to be changed; `home` names the node, `path` is its path."""

    person_id: str
    login: str
    name: str
    home: str
    path: str
    active: bool
    version: int
    granted: frozenset[str]  # paths of the branches in which roles are held


@dataclass(frozen=True, slots=True)
class CodeOwner:
    """The person of a code for a first password."""

    person_id: str
    login: str
    name: str
    home: str
    path: str
    active: bool
    expires_at: datetime


class AccountStore:
    """Accounts, and the codes for first passwords."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- reading ---------------------------------------------------------------------------------

    async def page(
        self, branches: Collection[str], search: AccountSearch, now: datetime
    ) -> tuple[tuple[Account, ...], str | None]:
        """Return a page of the accounts of people who belong to the branches, by login."""
        query = (
            _accounts()
            .where(in_branches(PersonRow.node_id, branches), *_conditions(search, now))
            .order_by(PersonRow.login)
            .limit(search.limit + 1)
        )
        async with self._database.read() as session:
            rows = (await session.execute(query)).all()
            found = await _shown(session, rows[: search.limit], branches, now)
        return found, found[-1].login if len(rows) > search.limit else None

    async def account(
        self, person_id: str, branches: Collection[str], now: datetime
    ) -> Account | None:
        """Return one account as a page shows it."""
        query = _accounts().where(
            PersonRow.person_id == person_id, in_branches(PersonRow.node_id, branches)
        )
        async with self._database.read() as session:
            rows = (await session.execute(query)).all()
            found = await _shown(session, rows, branches, now)
        return found[0] if found else None

    async def people(
        self, person_ids: Collection[str], branches: Collection[str], now: datetime
    ) -> dict[str, Person]:
        """Return those of the people who belong to the branches, by id."""
        query = (
            select(PersonRow, OrgNodeRow.name, OrgNodeRow.path)
            .join(OrgNodeRow, OrgNodeRow.node_id == PersonRow.node_id)
            .where(PersonRow.person_id.in_(person_ids), in_branches(PersonRow.node_id, branches))
        )
        async with self._database.read() as session:
            rows = (await session.execute(query)).all()
            granted = await _granted(session, [row[0].person_id for row in rows], now)
        return {
            person.person_id: Person(
                person.person_id,
                person.login,
                person.name,
                home,
                path,
                person.active,
                person.version,
                frozenset(path for _, path in granted.get(person.person_id, ())),
            )
            for person, home, path in rows
        }

    async def homes(
        self, node_ids: Collection[str], branches: Collection[str]
    ) -> dict[str, tuple[str, str, OrgLevel]]:
        """Return name, path and level of those of the nodes that lie in the branches."""
        query = select(
            OrgNodeRow.node_id, OrgNodeRow.name, OrgNodeRow.path, OrgNodeRow.level
        ).where(
            OrgNodeRow.node_id.in_(node_ids),
            OrgNodeRow.active,
            in_branches(OrgNodeRow.node_id, branches),
        )
        async with self._database.read() as session:
            rows = (await session.execute(query)).all()
        return {node_id: (name, path, OrgLevel(level)) for node_id, name, path, level in rows}

    async def taken(self, work: Work, logins: Iterable[str]) -> frozenset[str]:
        """Return those of the logins that accounts have, in lower case."""
        wanted = [login.lower() for login in logins]
        lower = func.lower(PersonRow.login)
        return frozenset(await work.session.scalars(select(lower).where(lower.in_(wanted))))

    async def owner(self, code: str) -> CodeOwner | None:
        """Return whose code for a first password this is."""
        query = (
            select(PersonRow, OrgNodeRow.name, OrgNodeRow.path, ActivationCodeRow.expires_at)
            .join(ActivationCodeRow, ActivationCodeRow.person_id == PersonRow.person_id)
            .join(OrgNodeRow, OrgNodeRow.node_id == PersonRow.node_id)
            .where(ActivationCodeRow.code_hash == fingerprint(code))
        )
        async with self._database.read() as session:
            row = (await session.execute(query)).first()
        if row is None:
            return None
        person, home, path, expires_at = row
        return CodeOwner(
            person.person_id, person.login, person.name, home, path, person.active, expires_at
        )

    # --- writing ---------------------------------------------------------------------------------

    async def change(
        self, work: Work, person_id: str, version: int, values: dict[str, Any]
    ) -> None:
        """Change an account that was seen in this version. Raises ChangedMeanwhile."""
        changed = await work.session.scalars(
            update(PersonRow)
            .where(PersonRow.person_id == person_id, PersonRow.version == version)
            .values(version=PersonRow.version + 1, **values)
            .returning(PersonRow.version)
        )
        if changed.first() is None:
            present = await work.session.scalar(
                select(PersonRow.version).where(PersonRow.person_id == person_id)
            )
            raise ChangedMeanwhile(facts={"version": present or 0})

    async def put_code(
        self, work: Work, person_id: str, code: str, now: datetime, expires_at: datetime
    ) -> None:
        """Keep a code for a first password; the one before is void, as is the password."""
        await void_code(work, person_id)
        await work.session.execute(
            update(PersonRow)
            .where(PersonRow.person_id == person_id)
            .values(password_hash=NO_PASSWORD, must_change_password=True)
        )
        work.session.add(
            ActivationCodeRow(
                code_hash=fingerprint(code),
                person_id=person_id,
                created_at=now,
                expires_at=expires_at,
            )
        )
        await work.session.flush()

    async def take_code(self, work: Work, code: str) -> bool:
        """Use a code up; False if it is used already."""
        row = await work.session.get(ActivationCodeRow, fingerprint(code), with_for_update=True)
        if row is None:
            return False
        await work.session.delete(row)
        await work.session.flush()
        return True


def _accounts() -> Select[PersonRow, str, str, datetime]:
    return (
        select(PersonRow, OrgNodeRow.name, OrgNodeRow.level, ActivationCodeRow.expires_at)
        .join(OrgNodeRow, OrgNodeRow.node_id == PersonRow.node_id)
        .outerjoin(ActivationCodeRow, ActivationCodeRow.person_id == PersonRow.person_id)
    )


def _conditions(search: AccountSearch, now: datetime) -> list[ColumnElement[bool]]:
    searched = (PersonRow.name, PersonRow.login, PersonRow.staff_no)
    conditions = list(mentions(search.words, searched))
    if search.state is not None:
        conditions.append(_in_state(now)[search.state])
    if search.after is not None:
        conditions.append(PersonRow.login > search.after)
    return conditions


def _in_state(now: datetime) -> dict[AccountState, ColumnElement[bool]]:
    """Return the condition of each state; `_state` is its twin in Python."""
    waits = and_(PersonRow.active, PersonRow.password_hash == NO_PASSWORD)
    good = ActivationCodeRow.expires_at > now
    return {
        AccountState.OPEN: and_(PersonRow.active, PersonRow.password_hash != NO_PASSWORD),
        AccountState.WAITING: and_(waits, good),
        AccountState.NO_SLIP: and_(
            waits, or_(ActivationCodeRow.expires_at.is_(None), ActivationCodeRow.expires_at <= now)
        ),
        AccountState.CLOSED: and_(~PersonRow.active, PersonRow.left_at.is_(None)),
        AccountState.LEFT: and_(~PersonRow.active, PersonRow.left_at.is_not(None)),
    }


def _state(person: PersonRow, code_until: datetime | None, now: datetime) -> AccountState:
    if not person.active:
        return AccountState.CLOSED if person.left_at is None else AccountState.LEFT
    if person.password_hash != NO_PASSWORD:
        return AccountState.OPEN
    good = code_until is not None and code_until > now
    return AccountState.WAITING if good else AccountState.NO_SLIP


async def _shown(
    session: AsyncSession, rows: Sequence[Any], branches: Collection[str], now: datetime
) -> tuple[Account, ...]:
    granted = await _granted(session, [row[0].person_id for row in rows], now)
    accounts = []
    for person, home, level, code_until in rows:
        held = granted.get(person.person_id, [])
        inside = [(role, path) for role, path in held if lies_in(path, branches)]
        state = _state(person, code_until, now)
        accounts.append(
            Account(
                person.person_id,
                person.login,
                person.name,
                person.staff_no,
                home,
                OrgLevel(level),
                tuple(sorted({role for role, _ in inside})),
                state,
                code_until if state is AccountState.WAITING else None,
                person.left_at,
                len(inside) == len(held),
                person.version,
            )
        )
    return tuple(accounts)


async def _granted(
    session: AsyncSession, person_ids: Collection[str], now: datetime
) -> dict[str, list[tuple[Role, str]]]:
    """Return the roles that people hold at a time with the paths of their branches."""
    query = (
        select(GrantRow.person_id, GrantRow.role, OrgNodeRow.path)
        .join(OrgNodeRow, OrgNodeRow.node_id == GrantRow.node_id)
        .where(GrantRow.person_id.in_(person_ids), holds_at(now))
    )
    found: dict[str, list[tuple[Role, str]]] = {}
    for person_id, role, path in (await session.execute(query)).all():
        found.setdefault(person_id, []).append((Role(role), path))
    return found


def lies_in(path: str, branches: Iterable[str]) -> bool:
    """Return whether a node lies in any of the branches, by their paths."""
    return any(path.startswith(branch) for branch in branches)
