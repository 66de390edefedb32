"""The bytes of one request on their way into an upload."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable

from signaling.base.errors import TooLarge
from signaling.files.core.tus import Checksum
from signaling.files.errors import UploadDamaged
from signaling.files.records import FileRecord
from signaling.files.storage import GrowingPart

CHECKPOINT_BYTES = 32 * 1024 * 1024  # of one request, until they are made safe and noted


class Intake:
    """The bytes of one request on their way into a part; `kept` counts those that stay."""

    def __init__(
        self,
        part: GrowingPart,
        record: FileRecord,
        checksum: Checksum | None,
        keep: Callable[[int], Awaitable[None]],
    ) -> None:
        """Make it; `keep` makes the first so many bytes of the upload safe, and notes them."""
        self._part = part
        self._offset = record.received
        self._room = record.size - record.received
        self._checksum = checksum
        self._keep = keep
        self._safe = 0
        self.kept = 0

    async def take(self, pieces: AsyncIterator[bytes]) -> None:
        """Write all pieces. Raises UploadDamaged, TooLarge, and what the pieces raise."""
        digest = None if self._checksum is None else hashlib.new(self._checksum.algorithm)
        came = 0
        async for piece in pieces:
            came += len(piece)
            if came > self._room:
                self.kept = self._safe
                raise TooLarge(f"{self._room} bytes were to come")
            await self._part.write(piece)
            if digest is None:
                self.kept = came
                await self._check_point()
            else:
                digest.update(piece)
        if self._checksum is not None and digest is not None:
            if digest.digest() != self._checksum.digest:
                raise UploadDamaged(field="Upload-Checksum")
            self.kept = came

    async def _check_point(self) -> None:
        if self.kept - self._safe >= CHECKPOINT_BYTES:
            await self._keep(self._offset + self.kept)
            self._safe = self.kept
