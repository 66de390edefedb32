"""The REST API's bodies about LOM packages."""

from __future__ import annotations

import msgspec

from signaling.base.text import Word
from signaling.exchange.core.records import SharedMetadata


class LomPackageAsk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An uploaded file that is to be read as a LOM package."""

    file_id: Word


class LomPackageRead(msgspec.Struct, frozen=True):
    """A package that was read; nothing of it is kept.

    ``files`` are names in the package, ``linked`` addresses on the Web; at most 200 of each.
    ``count`` is how many files there are.
    """

    metadata: SharedMetadata
    files: tuple[str, ...]
    linked: tuple[str, ...]
    count: int
