"""How much of what pages tell is counted: pure, time is an argument.

A page may tell what it wants. One viewer counts once an hour for each resource, and no more seconds
than have passed. A viewer is a random token in a cookie; one address gets so many tokens an hour.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from signaling.library.uses.wire import MAX_SECONDS

HOUR_S = 3600.0
MAX_VIEWS = 20_000  # pairs of viewer and resource that are remembered; the longest unused goes
MAX_ADDRESSES = 10_000
# New viewers of one address within an hour: a school of a thousand behind one address.
TOKENS_PER_HOUR = 1000


@dataclass(frozen=True, slots=True)
class Counted:
    """What of one report counts."""

    plays: int = 0
    seconds: int = 0
    downloads: int = 0


@dataclass(slots=True)
class _View:
    told_at: float  # monotonic seconds of the last report
    played_at: float | None = None
    downloaded_at: float | None = None


class UseLimits:
    """Remembers what was counted lately, within bounds."""

    def __init__(self) -> None:
        self._views: OrderedDict[tuple[str, str], _View] = OrderedDict()
        self._tokens: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def counted(
        self,
        viewer: str,
        resource_id: str,
        now: float,
        *,
        seconds: int,
        began: bool,
        downloaded: bool,
    ) -> Counted:
        """Return what counts of a report.

        Args:
            viewer: the token.
            resource_id: what was watched.
            now: monotonic seconds.
            seconds: watched since the last report, as told.
            began: the player began.
            downloaded: a file was asked for.
        """
        key = (viewer, resource_id)
        view = self._views.pop(key, None)
        passed = 0.0 if view is None else now - view.told_at
        view = view or _View(now)
        plays = began and _is_over(view.played_at, now)
        downloads = downloaded and _is_over(view.downloaded_at, now)
        view.told_at = now
        view.played_at = now if plays else view.played_at
        view.downloaded_at = now if downloads else view.downloaded_at
        self._views[key] = view
        while len(self._views) > MAX_VIEWS:
            self._views.popitem(last=False)
        return Counted(int(plays), int(min(seconds, passed, MAX_SECONDS)), int(downloads))

    def may_begin(self, address: str, now: float) -> bool:
        """Return whether one more viewer of an address counts, and count the viewer."""
        since, number = self._tokens.pop(address, (now, 0))
        if now - since >= HOUR_S:
            since, number = now, 0
        self._tokens[address] = (since, number + 1)
        while len(self._tokens) > MAX_ADDRESSES:
            self._tokens.popitem(last=False)
        return number < TOKENS_PER_HOUR


def _is_over(before: float | None, now: float) -> bool:
    return before is None or now - before >= HOUR_S
