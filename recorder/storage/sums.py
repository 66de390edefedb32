"""Sums over a file that goes up, by which it is known again in the store."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PART_BYTES = 8 * 1024 * 1024  # of a multipart upload; 10,000 of them are 80 GB


@dataclass(slots=True)
class Sums:
    """Sums over a file, taken while it goes up."""

    size: int = 0
    whole: Any = None  # hashlib's objects have no public type
    parts: list[bytes] | None = None

    def etag(self) -> str:
        """The tag that most stores give: MD5, or MD5 of the parts' MD5s."""
        assert self.parts is not None
        if self.size <= PART_BYTES:
            return (
                self.parts[0].hex()
                if self.parts
                else hashlib.md5(usedforsecurity=False).hexdigest()
            )
        joined = hashlib.md5(b"".join(self.parts), usedforsecurity=False).hexdigest()
        return f"{joined}-{len(self.parts)}"


def parts_of(source: Path | bytes, sums: Sums) -> Iterator[bytes]:
    """Read a file part by part, and take its sums."""
    sums.whole, sums.parts = hashlib.sha256(), []
    if isinstance(source, bytes):
        parts: Iterator[bytes] = (
            source[at : at + PART_BYTES] for at in range(0, len(source), PART_BYTES)
        )
    else:
        parts = _file_parts(source)
    for part in parts:
        sums.size += len(part)
        sums.whole.update(part)
        sums.parts.append(hashlib.md5(part, usedforsecurity=False).digest())
        yield part


def _file_parts(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while part := file.read(PART_BYTES):
            yield part
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)  # lessons need the cache
