"""Roles, the branches in which they are held, and who asks."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import StrEnum

ROOT_PATH = "/cn/"  # of the country: the branch that holds everything


class Role(StrEnum):
    """Roles of people and terminals."""

    COUNTY_ADMIN = "county_admin"
    LEAD_TEACHER = "lead_teacher"
    RECEIVE_ROOM = "receive_room"
    ASSISTANT = "assistant"
    RESOURCE_ADMIN = "resource_admin"
    RESEARCHER = "researcher"
    INSPECTOR = "inspector"


@dataclass(frozen=True, slots=True)
class BranchRole:
    """A role that is held in one branch of the org tree.

    `path` is the materialised path of the branch's node: the ids from the country down, each
    followed by "/". An object lies in the branch if its path begins with it.
    """

    role: Role
    path: str

    def covers(self, branches: Collection[str]) -> bool:
        """Return whether any of the paths lies in this branch."""
        return any(path.startswith(self.path) for path in branches)


@dataclass(frozen=True, slots=True)
class Actor:
    """The person or terminal that asks, and from which address.

    A terminal has `room_id` set; `actor_id` is then the room's id. `actor_id` is empty where nobody
    is known by an id. `grants` are the branches in which a person holds the roles; a terminal has
    none. `county` is the path of the county to which the actor belongs, empty above counties;
    `home` is that of the org node itself.
    """

    actor_id: str
    name: str
    roles: frozenset[Role] = frozenset()
    school_id: str | None = None
    room_id: str | None = None
    remote: str = ""
    grants: frozenset[BranchRole] = frozenset()
    county: str = ""
    home: str = ""

    def at(self, remote: str) -> Actor:
        """The same one, asking from an address."""
        return replace(self, remote=remote)


def held_in(path: str, roles: Collection[Role]) -> frozenset[BranchRole]:
    """Return the roles as held in one branch."""
    return frozenset(BranchRole(role, path) for role in roles)
