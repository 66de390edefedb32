"""The REST API's bodies about calendar feeds."""

from __future__ import annotations

from datetime import datetime

import msgspec


class CalendarFeed(msgspec.Struct, frozen=True):
    """日历订阅 of a person or room. `made_at` is None where there is no feed.

    `url` is told only once, when the feed is made: the server keeps a hash of its secret.
    """

    made_at: datetime | None
    url: str | None = None
