"""Files where recordings lie, and how far recordings are on the way there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class StorageFailure(StrEnum):
    """Reasons why a finished recording cannot be brought to its lasting place."""

    FULL = "full"  # the place takes no more
    REFUSED = "refused"  # wrong keys, no right, or no such bucket
    DIFFERENT = "different"  # it has other bytes than were sent
    AWAY = "away"  # it does not answer, or fails


@dataclass(frozen=True, slots=True)
class StorageState:
    """Progress of this machine's recordings on the way to their lasting place.

    Attributes:
        waiting: finished recordings that are known to be missing there.
        failure: why the latest attempt failed; None if it did not.
    """

    waiting: int = 0
    failure: StorageFailure | None = None


class PublishedFile(Protocol):
    """One file of a finished recording, to be served to players."""

    @property
    def name(self) -> str:
        """The name, unique in the recording."""

    @property
    def size(self) -> int:
        """The length in bytes."""

    @property
    def modified_ns(self) -> int:
        """The time of the last change, Unix nanoseconds."""

    @property
    def url(self) -> str | None:
        """The address at which the storage serves the file itself; None if it does not."""

    @property
    def local(self) -> str | None:
        """The path on this machine, so that the kernel can send the file; None if elsewhere."""

    @property
    def internal(self) -> str | None:
        """The path, escaped, at which the reverse proxy finds the file; None if it does not."""

    def read(self, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        """Read the bytes from `start` up to `stop`, or to the end. Raises OSError."""
