"""A lease as its holder sees it: sure, doubtful or lost.

Redis says when a lesson may change its owner. The database says who the owner is. A holder is
*sure* while Redis cannot have forgotten its key. Then it is *doubtful*: it goes on, for its writes
are checked by the database, and asks the database. Only the database's answer makes a lease *lost*.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from signaling.cells.core.times import CellTimes


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of one cell to write of one lesson; `epoch` is another for each grant."""

    lesson_id: str
    epoch: int
    cell_id: str


class Refusal(StrEnum):
    """Why a claim is refused."""

    HELD = "held"  # another cell has the lesson, or had it less than a TTL ago
    SETTLING = "settling"  # Redis has lost its memory; holders have a TTL to come back
    OVERTAKEN = "overtaken"  # another cell was faster at the database
    UNREACHABLE = "unreachable"  # Redis does not answer
    UNDER_WAY = "under_way"  # this cell is claiming it already


@dataclass(frozen=True, slots=True)
class Refused:
    """A claim that was refused."""

    reason: Refusal
    holder: str | None = None  # the cell that has it, if Redis said so


class Standing(StrEnum):
    """What a holder may think of its lease."""

    SURE = "sure"
    DOUBTFUL = "doubtful"
    LOST = "lost"


class Renewal(StrEnum):
    """What Redis says when a lease is renewed."""

    RENEWED = "renewed"  # the key was this lease's, and has a new TTL
    RESTORED = "restored"  # the key was missing, or had a lower epoch; it is this lease's now
    CONTESTED = "contested"  # the key is another's


class Holding:
    """One lease of this cell.

    A lease that was sure all the time is extended by Redis alone. After any doubt Redis must first
    have the key, and the database must confirm the epoch after that. The other order would let a
    holder become sure while somebody claims between the two answers.
    """

    def __init__(self, lease: Lease, asked_at: float, times: CellTimes) -> None:
        """Begin a lease that was granted.

        Args:
            lease: what was granted.
            asked_at: the steady clock before the claim was sent to Redis.
            times: the durations.
        """
        self.lease = lease
        self._times = times
        self._sure_until = asked_at + times.belief_s
        self._confirmed_at = asked_at
        self._key_asked_at: float | None = asked_at  # last answer by which the key is ours
        self._unbroken = 0  # number of the present time without a gap in which the key is ours
        self._needs_word = False
        self._lost = False

    def standing(self, now: float) -> Standing:
        """What the holder may think of it now."""
        if self._lost:
            return Standing.LOST
        return Standing.SURE if now < self._sure_until else Standing.DOUBTFUL

    def renewed(self, answer: Renewal, asked_at: float, now: float) -> None:
        """Take the answer of Redis to a renewal that was sent at `asked_at`."""
        if answer is Renewal.CONTESTED:
            self._key_asked_at = None
            self._unbroken += 1
            self._needs_word = True
            return
        if answer is Renewal.RESTORED or not self._backed(now):
            self._unbroken += 1
            self._needs_word = True
        self._key_asked_at = asked_at
        if not self._needs_word:
            self._sure_until = asked_at + self._times.belief_s

    def wants_word(self, now: float) -> bool:
        """Tell whether the database is to be asked whose epoch is in force."""
        doubtful = self._needs_word or self.standing(now) is Standing.DOUBTFUL
        return doubtful or now - self._confirmed_at >= self._times.confirm_s

    @property
    def question(self) -> int:
        """What `confirmed` must be handed back, as it was before the database was asked."""
        return self._unbroken

    def confirmed(self, question: int, asked_at: float) -> None:
        """Take the database's word that the epoch is in force."""
        self._confirmed_at = asked_at
        if self._key_asked_at is None or question != self._unbroken:
            return  # the key is another's, or came after the question
        self._needs_word = False
        self._sure_until = max(self._sure_until, self._key_asked_at + self._times.belief_s)

    def lose(self) -> None:
        """Take the database's word that another epoch is in force."""
        self._lost = True

    def _backed(self, now: float) -> bool:
        """Tell whether Redis cannot have forgotten the key since its last answer."""
        return self._key_asked_at is not None and now < self._key_asked_at + self._times.belief_s
