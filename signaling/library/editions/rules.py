"""Rules of editions: when one is needed, how long it takes, and where a moment lies in it.

A recording's file holds what was cut out of the version. So a version with cuts or hidden sources
is played from its edition alone, never from the recording's files.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from signaling.library.versions.wire import Chapter, ResourceEdits
from signaling.library.wire import EditionState, Span

# Seconds of computing for a second of one source's media: VP8 of 720p to both sizes, on one core.
PACE = 0.6
_TELLING_SHARE = 0.05  # of the work; from then on its own pace tells more
_SAME_S = 0.001  # a moment at a cut belongs to what follows

# To which states a state may go.
FOLLOWING: Mapping[EditionState, frozenset[EditionState]] = MappingProxyType(
    {
        EditionState.WAITING: frozenset({EditionState.ORDERED, EditionState.REMOVING}),
        EditionState.ORDERED: frozenset(
            {EditionState.READY, EditionState.FAILED, EditionState.REMOVING}
        ),
        EditionState.READY: frozenset({EditionState.WAITING, EditionState.REMOVING}),
        EditionState.FAILED: frozenset({EditionState.WAITING, EditionState.REMOVING}),
        EditionState.REMOVING: frozenset(),
    }
)


def needs_edition(edits: ResourceEdits) -> bool:
    """Return whether the recording's files hold what a viewer may not have."""
    return bool(edits.keep or edits.hidden_sources or edits.hidden_pictures)


def minutes_left(media_s: float, done: int, total: int, ran_s: float, pace: float = PACE) -> int:
    """Return how many minutes media may still take to be made, at least one.

    Args:
        media_s: seconds of media of all sources.
        done: how much is done of `total`; 0 of 0 before it begins.
        total: all that is to be done.
        ran_s: seconds since it began.
        pace: seconds of computing for a second of media.
    """
    share = min(1.0, done / total) if total else 0.0
    if share >= _TELLING_SHARE and ran_s > 0:
        left_s = ran_s * (1 - share) / share
    else:
        left_s = media_s * pace * (1 - share)
    return max(1, math.ceil(left_s / 60))


def edited_moment(at_s: float, keep: Sequence[Span]) -> float | None:
    """Return where a moment of the recording lies in the edition; None if it was cut out."""
    if not keep:
        return at_s
    before = 0.0
    for span in keep:
        if span.start_s - _SAME_S <= at_s < span.end_s:
            return round(before + max(0.0, at_s - span.start_s), 3)
        before += span.end_s - span.start_s
    return None


def edited_chapters(chapters: Sequence[Chapter], keep: Sequence[Span]) -> tuple[Chapter, ...]:
    """Return the chapters at their moments of the edition, without those that were cut out."""
    moved = ((edited_moment(one.at_s, keep), one.title) for one in chapters)
    return tuple(Chapter(at, title) for at, title in moved if at is not None)
