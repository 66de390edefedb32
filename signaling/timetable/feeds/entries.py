"""Entries of a feed: one lesson each, as the calendar shows it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from signaling.lessons.wire import ClassKind

MAX_ENTRIES = 5_000  # of one feed; a teacher of six lessons a day has 1,200 a term


@dataclass(frozen=True, slots=True)
class Entry:
    """One lesson.

    Attributes:
        version: how often it was changed, as SEQUENCE tells it.
        rooms: names of the lead room and the receive rooms, in the order of inviting.
        week: the teaching week; None outside of a term.
        cancelled: whether it does not take place, or not for the owner of the feed.
        reason: why, in the words of whoever stopped or moved it.
    """

    lesson_id: str
    version: int
    changed_at: datetime
    starts_at: datetime
    ends_at: datetime
    title: str
    subject: str
    grade: str
    class_kind: ClassKind
    teacher: str
    rooms: tuple[str, ...]
    week: int | None
    cancelled: bool
    reason: str | None


class FeedDigest:
    """The entity tag of a feed: a digest of its data, without writing the calendar."""

    def __init__(self, name: str) -> None:
        self._digest = hashlib.blake2b(name.encode(), digest_size=16)

    def add(self, part: Sequence[Entry]) -> None:
        """Take in the next entries."""
        for entry in part:
            self._digest.update(repr(entry).encode())

    @property
    def etag(self) -> str:
        """The tag of all that was taken in."""
        return self._digest.hexdigest()
