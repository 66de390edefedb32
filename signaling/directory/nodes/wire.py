"""Bodies of org nodes above schools: provinces, cities and counties."""

from __future__ import annotations

from typing import Annotated

import msgspec

from signaling.base.fields import Name
from signaling.base.text import Word, word
from signaling.directory.entries.wire import Version
from signaling.directory.wire import OrgLevel

AreaCode = Annotated[str, word(6, pattern=r"^[0-9]{6}$")]  # 行政区划代码, GB/T 2260


class NodeForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Fields that may be set of a node."""

    name: Name
    code: AreaCode | None = None


class NodeCreate(NodeForm, frozen=True, kw_only=True):
    """新建区域: a province, city or county below another node."""

    parent_id: Word
    level: OrgLevel


class NodeChange(NodeForm, frozen=True, kw_only=True):
    """修改区域."""

    version: Version


class NodeEntry(msgspec.Struct, frozen=True):
    """A node of the org tree; ``parent`` is the name of the node above."""

    node_id: str
    name: str
    code: str | None
    level: OrgLevel
    parent_id: str | None
    parent: str | None
    path: str
    active: bool
    version: int


class NodePage(msgspec.Struct, frozen=True):
    """A page of nodes in the order of the tree; ``total`` counts all that match."""

    entries: tuple[NodeEntry, ...]
    total: int
    next: str | None
