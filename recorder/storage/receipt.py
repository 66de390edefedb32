"""The receipt of a recording: which of its files here the lasting place was seen to hold.

It saves reading and hashing everything again after a restart. It is never a reason alone to remove
a file: that is asked of the lasting place itself.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec

FOLDER = "stored"  # in the recording's folder; players are given no folders
_NAME = "receipt.json"


class Seen(msgspec.Struct, frozen=True):
    """A file here, and the object that was seen to be the same."""

    size: int
    mtime_ns: int
    etag: str


class Receipt(msgspec.Struct):
    """Objects that were seen of one recording.

    Attributes:
        place: the identity of the lasting place; a receipt of another one counts nothing.
        seen: by key.
        whole_at: Unix seconds when the last of all files had been seen; 0 if some are missing.
    """

    place: str
    seen: dict[str, Seen] = {}
    whole_at: float = 0.0

    def knows(self, key: str, path: Path) -> bool:
        """Tell whether a file is as it was when its object was seen. Raises OSError."""
        status, seen = path.stat(), self.seen.get(key)
        return seen is not None and (seen.size, seen.mtime_ns) == (
            status.st_size,
            status.st_mtime_ns,
        )

    def write(self, folder: Path) -> None:
        """Keep it in a recording's folder. Raises OSError."""
        place = folder / FOLDER
        place.mkdir(exist_ok=True)
        fresh = place / f"{_NAME}.new"
        fresh.write_bytes(msgspec.json.encode(self))
        fresh.replace(place / _NAME)


def read_receipt(folder: Path, place: str) -> Receipt:
    """Read what is known of a recording's folder; an unreadable receipt is none."""
    with contextlib.suppress(OSError, msgspec.DecodeError, UnicodeDecodeError):
        found = msgspec.json.decode((folder / FOLDER / _NAME).read_bytes(), type=Receipt)
        if found.place == place:
            return found
    return Receipt(place)
