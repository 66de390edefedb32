"""The REST API's bodies about nominations."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from signaling.library.versions.wire import Remark

SchoolYear = Annotated[int, Meta(ge=2000, le=2100)]  # the year in which it begins


class NominationMake(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """推荐为优课 for a school year."""

    school_year: SchoolYear
    reason: Remark


class NominationRevoke(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Takes a nomination back."""

    school_year: SchoolYear
    reason: Remark


class Nomination(msgspec.Struct, frozen=True):
    """A nomination; it counts until it is revoked, and while the resource is published."""

    school_year: int
    version: int
    reason: str
    by: str
    at: datetime
    revoked_at: datetime | None
    revoked_by: str | None
    revoke_reason: str


class Nominations(msgspec.Struct, frozen=True):
    """The nominations of a resource, the newest first; ``years`` are offered to the reader."""

    nominations: tuple[Nomination, ...]
    years: tuple[int, ...]
    may_revoke: bool
