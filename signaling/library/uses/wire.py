"""The REST API's body about use."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

MAX_SECONDS = 120  # of one report; the page reports each minute


class UseReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a page tells of its player: that it began, seconds that were watched, a download."""

    seconds: Annotated[int, Meta(ge=0, le=MAX_SECONDS)] = 0
    began: bool = False
    downloaded: bool = False
