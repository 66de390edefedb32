"""What the service of leases needs: a board that forgets (Redis) and a book that does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from signaling.cells.core.leasing import Lease, Refused, Renewal


@dataclass(frozen=True, slots=True)
class EpochEntry:
    """A lesson's row; `cell_id` is None while nobody has the lesson."""

    epoch: int
    cell_id: str | None


@dataclass(frozen=True, slots=True)
class PostedLease:
    """A lease as the board shows it."""

    cell_id: str
    epoch: int


class LeaseBoard(Protocol):
    """Keys with a TTL. Every method raises Unreachable, and may have had its effect then."""

    async def claim(self, lease: Lease, *, was_held: bool) -> Refused | None:
        """Set the key if it is missing or this process's own.

        Args:
            lease: what is claimed.
            was_held: the database names a holder. A board that has just lost its memory gives such
                a lesson to nobody.
        """

    async def renew(self, leases: Sequence[Lease]) -> Sequence[Renewal]:
        """Give each key a new TTL; one answer for each lease, in their order."""

    async def release(self, leases: Sequence[Lease]) -> None:
        """Remove the keys that are these leases'."""


class EpochBook(Protocol):
    """Rows of the database. Methods raise what a database raises."""

    async def entries(self, lesson_ids: Sequence[str]) -> Mapping[str, EpochEntry]:
        """Read the rows that exist."""

    async def advance(self, lease: Lease) -> bool:
        """Write the lease if its epoch is greater than the row's; tell whether it was."""

    async def give_back(self, lease: Lease) -> None:
        """Note that nobody has the lesson, if the lease is in force."""
