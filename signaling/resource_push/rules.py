"""What a report of playing counts. Pure.

A kiosk claims how many seconds of a resource it has watched, each second of the resource once. A
claim counts no more than the resource is long, nor than time has passed since the last one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from signaling.resource_push.wire import PushTrouble

EARLY = timedelta(minutes=30)  # as a classroom may be entered before its lesson
LATE = timedelta(hours=3)  # a power cut in the morning is made up before noon
REPORTED_WITHIN = timedelta(days=14)  # a point may be cut off for a week; then months are reported
SKEW = timedelta(minutes=2)  # between the clock of a kiosk, which follows ours, and ours


@dataclass(frozen=True, slots=True)
class Window:
    """The time in which playing counts, and until when reports of it are taken."""

    opens_at: datetime
    closes_at: datetime
    taken_until: datetime


@dataclass(frozen=True, slots=True)
class Claim:
    """Seconds of one resource, watched by a room until a moment."""

    resource_id: str
    watched_s: float
    at: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """Seconds that count so far, and the latest moment that was claimed for them."""

    watched_s: float
    at: datetime


@dataclass(frozen=True, slots=True)
class ShelfFacts:
    """A resource as the library tells it.

    Attributes:
        served: it is published, and neither withdrawn nor past its time.
        expired: its time is over.
        expires_at: until when it is published, if that is bounded.
        locked: it needs a password.
        unseen: names of the rooms that may not see it.
    """

    served: bool
    expired: bool
    expires_at: datetime | None
    locked: bool
    unseen: tuple[str, ...]


def window_of(starts_at: datetime, ends_at: datetime) -> Window:
    """Return when playing counts for a lesson."""
    return Window(starts_at - EARLY, ends_at + LATE, ends_at + REPORTED_WITHIN)


def in_time(claim: Claim, window: Window, now: datetime) -> bool:
    """Return whether a claim is about a moment that may have been, within the window."""
    return window.opens_at <= claim.at <= min(window.closes_at, now + SKEW)


def credited(
    claims: Sequence[Claim],
    kept: Mapping[str, Kept],
    lengths: Mapping[str, float],
    window: Window,
    now: datetime,
) -> dict[str, Kept]:
    """Return what counts after some claims, by resource; only what changes.

    All claims are about one room, in time, and about resources whose lengths are known. Nothing
    ever counts less than before. Together they add no more than the time between the last moment
    that was claimed before and the last one now.
    """
    since = max((one.at for one in kept.values()), default=window.opens_at)
    until = min(max((one.at for one in claims), default=since), now)
    left = max((until - since).total_seconds(), 0.0)
    found: dict[str, Kept] = {}
    for claim in claims:
        before = found.get(claim.resource_id) or kept.get(claim.resource_id)
        had = 0.0 if before is None else before.watched_s
        more = min(claim.watched_s, lengths[claim.resource_id]) - had
        more = min(max(more, 0.0), left)
        at = min(claim.at, now)
        if more > 0:
            left -= more
            latest = at if before is None else max(before.at, at)
            found[claim.resource_id] = Kept(had + more, latest)
    return found


def trouble_of(facts: ShelfFacts | None, ends_at: datetime) -> PushTrouble | None:
    """Return why rooms cannot play a resource in a lesson that ends then; None if they can."""
    if facts is None:
        return PushTrouble.WITHDRAWN
    if facts.expired:
        return PushTrouble.EXPIRED
    if not facts.served:
        return PushTrouble.WITHDRAWN
    if facts.locked:
        return PushTrouble.NEEDS_PASSWORD
    if facts.unseen:
        return PushTrouble.NOT_FOR_ROOM
    if facts.expires_at is not None and facts.expires_at < ends_at:
        return PushTrouble.ENDS_EARLY
    return None
