"""The REST API's bodies about links that share a resource."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from signaling.base.text import TextKind, secret, text_of
from signaling.library.versions.wire import Seconds

DEFAULT_LINK_DAYS, MAX_LINK_DAYS = 7, 90
MAX_LIVE_LINKS = 50  # of one resource


class ShareLink(msgspec.Struct, frozen=True):
    """A link, without its token, which nobody is told twice. ``at_s`` is where it opens."""

    link_id: str
    note: str
    at_s: float
    by: str
    created_at: datetime
    expires_at: datetime
    uses: int
    used_at: datetime | None


class ShareLinkList(msgspec.Struct, frozen=True):
    """The links of a resource that open it now, the newest first."""

    links: tuple[ShareLink, ...]


class ShareLinkMake(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Makes a link for so many days."""

    days: Annotated[int, Meta(ge=1, le=MAX_LINK_DAYS)] = DEFAULT_LINK_DAYS
    at_s: Seconds = 0.0
    note: Annotated[str, text_of(TextKind.LINE, 80, 0)] = ""


class ShareLinkMade(msgspec.Struct, frozen=True):
    """A link that was just made, with its token."""

    link: ShareLink
    token: str


class ShareLinkOpen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The token of a link."""

    token: Annotated[str, secret(100)]
