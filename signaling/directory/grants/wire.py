"""The REST API's bodies about roles in branches."""

from __future__ import annotations

from datetime import datetime

import msgspec

from signaling.access.roles import Role
from signaling.base.text import Word
from signaling.directory.wire import OrgLevel


class GrantNode(msgspec.Struct, frozen=True):
    """A node of the org tree, and the name of the node above it."""

    node_id: str
    name: str
    level: OrgLevel
    above: str | None


class HeldGrant(msgspec.Struct, frozen=True):
    """A role that a person holds at a node and below, until a time or for good."""

    grant_id: str
    role: Role
    node: GrantNode
    until: datetime | None
    granted_by: str | None
    granted_at: datetime | None


class PersonGrants(msgspec.Struct, frozen=True):
    """A person with the roles in the reader's branches; ``home`` is where the person belongs."""

    person_id: str
    name: str
    login: str
    home: GrantNode
    active: bool
    grants: tuple[HeldGrant, ...]


class PersonGrantList(msgspec.Struct, frozen=True):
    """A page of people, and the place of the next one."""

    people: tuple[PersonGrants, ...]
    next: str | None


class GrantNodeList(msgspec.Struct, frozen=True):
    """Nodes at which the reader may give roles; ``more`` says that there are others."""

    nodes: tuple[GrantNode, ...]
    more: bool


class GrantGive(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Give a role at a node; one that is held there already gets the new ``until``."""

    role: Role
    node_id: Word
    until: datetime | None = None
