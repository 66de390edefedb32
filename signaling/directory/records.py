"""People and places as the store returns them: plain values, detached from the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from signaling.access.roles import Actor, BranchRole, Role
from signaling.directory.wire import OrgLevel, RoomRef

# In place of a hash: an account that waits for its first password.
NO_PASSWORD = "!"  # noqa: S105 - fits no password


@dataclass(frozen=True, slots=True)
class RoomRecord:
    """A room with its school; `path` is the school's in the org tree."""

    room_id: str
    name: str
    school_id: str
    school: str
    path: str
    active: bool = True

    @property
    def ref(self) -> RoomRef:
        """The room as the API names it."""
        return RoomRef(self.room_id, self.name, self.school)

    @property
    def title(self) -> str:
        """The room's name after its school's."""
        return f"{self.school} {self.name}"

    @property
    def county(self) -> str:
        """The path of the room's county."""
        return county_path(self.path, OrgLevel.SCHOOL)


@dataclass(frozen=True, slots=True)
class GrantRecord:
    """A role that a person holds in the branch with this path, until a time or for good."""

    role: Role
    path: str
    until: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Return whether the grant holds at a time."""
        return self.until is None or now < self.until


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """A person with an account; `path` is that of the node where the person belongs."""

    person_id: str
    login: str
    name: str
    password_hash: str
    school_id: str | None
    school: str | None
    active: bool
    path: str
    level: OrgLevel
    grants: tuple[GrantRecord, ...]
    must_change_password: bool = False

    @property
    def usable_hash(self) -> str | None:
        """The hash that a password must fit; None where no password opens the account."""
        return self.password_hash if self.active and self.password_hash != NO_PASSWORD else None

    def actor(self, now: datetime) -> Actor:
        """The person as one who asks at a time."""
        held = frozenset(BranchRole(one.role, one.path) for one in self.grants if one.holds(now))
        return Actor(
            self.person_id,
            self.name,
            frozenset(one.role for one in held),
            self.school_id,
            grants=held,
            county=county_path(self.path, self.level),
            home=self.path,
        )


def county_path(path: str, level: OrgLevel) -> str:
    """Return the path of a node's county; empty for a node above counties."""
    if level is OrgLevel.COUNTY:
        return path
    return parent_path(path) if level is OrgLevel.SCHOOL else ""


def parent_path(path: str) -> str:
    """Return the path of the node above; empty for the country."""
    return path[: path.rindex("/", 0, -1) + 1] if path.count("/") > 2 else ""
