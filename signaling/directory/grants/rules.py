"""Rules of giving roles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType

from signaling.access.roles import Role
from signaling.directory.records import GrantRecord

MAX_GRANTS = 50  # of one person

_PEOPLES = frozenset(Role) - {Role.RECEIVE_ROOM}  # a classroom's terminal has that one by itself

# Roles that a holder of the role may give in the own branch.
GIVES: Mapping[Role, frozenset[Role]] = MappingProxyType({Role.COUNTY_ADMIN: _PEOPLES})


class CannotGive(Exception):
    """The giver holds no right to give the role."""


def longest(giver: Iterable[GrantRecord], role: Role, path: str, now: datetime) -> datetime | None:
    """Return until when a giver may give a role in a branch; None: for good.

    Nobody gives the own right away for longer than the giver holds it. So one who is an admin for a
    month makes no admin for a year.

    Raises:
        CannotGive: the giver may not give this role there at all.
    """
    rights = [
        one
        for one in giver
        if one.holds(now) and path.startswith(one.path) and role in GIVES.get(one.role, frozenset())
    ]
    if not rights:
        raise CannotGive(role)
    if role not in GIVES or any(one.until is None for one in rights):
        return None
    return max(one.until for one in rights if one.until is not None)
