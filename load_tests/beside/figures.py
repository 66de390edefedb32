"""The pure part: what a phase's packets say, and the stamp that each carries."""

from __future__ import annotations

import math
import statistics
import struct
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

_STAMP = struct.Struct("!4sd")
_MARK = b"sent"
MIN_STAMPED_BYTES = 64  # payloads from this on hold nothing that is needed in their last bytes


def stamped(payload: bytes, at: float) -> bytes:
    """A payload whose last bytes say when it was sent, in Unix seconds; a small one unchanged."""
    if len(payload) < MIN_STAMPED_BYTES:
        return payload
    return payload[: -_STAMP.size] + _STAMP.pack(_MARK, at)


def sent_at(payload: bytes) -> float | None:
    """Time at which a payload was sent; None if it was not stamped."""
    if len(payload) < MIN_STAMPED_BYTES:
        return None
    mark, at = _STAMP.unpack(payload[-_STAMP.size :])
    return at if mark == _MARK else None


class Arrivals:
    """Takes down one viewer's packets in one phase; more than `limit` are not kept."""

    def __init__(self, limit: int) -> None:
        self.came_at: list[float] = []
        self.delays_s: list[float] = []
        self._limit = limit

    def note(self, payload: bytes, at: float) -> None:
        """Take a packet that arrived at a time in Unix seconds."""
        if len(self.came_at) >= self._limit:
            return
        self.came_at.append(at)
        if (sent := sent_at(payload)) is not None:
            self.delays_s.append(at - sent)


def phase_figures(viewers: Sequence[Arrivals], sent: Sequence[float]) -> dict[str, Any]:
    """Figures of one phase.

    Args:
        viewers: what arrived.
        sent: when the packets of the lesson were sent, Unix seconds.
    """
    delays = sorted(delay for viewer in viewers for delay in viewer.delays_s)
    return {
        "packets": sum(len(viewer.came_at) for viewer in viewers),
        "due": len(sent) * len(viewers),
        "delay_ms": {
            "p50": _ms(percentile(delays, 0.50)),
            "p99": _ms(percentile(delays, 0.99)),
            "max": _ms(percentile(delays, 1.0)),
        },
        "longest_pause_ms": _ms(max((longest_pause(v.came_at) for v in viewers), default=0.0)),
        "longest_pause_sent_ms": _ms(longest_pause(sent)),
    }


def together(phases: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Put phases of one kind together: sums of packets, the median of each percentile, the longest.

    `lost_percent` is of the packets that were due.
    """
    packets, due = (sum(one[name] for one in phases) for name in ("packets", "due"))
    delays = [one["delay_ms"] for one in phases]
    return {
        "packets": packets,
        "due": due,
        "lost_percent": round(100 * max(0, due - packets) / due, 3) if due else 0.0,
        "delay_ms": {
            "p50": statistics.median(one["p50"] for one in delays),
            "p99": statistics.median(one["p99"] for one in delays),
            "max": max(one["max"] for one in delays),
        },
        "longest_pause_ms": max(one["longest_pause_ms"] for one in phases),
        "server_cpu_percent": round(
            statistics.mean(one["server_cpu_percent"] for one in phases), 1
        ),
    }


def percentile(ordered: Sequence[float], share: float) -> float:
    """The nearest rank of sorted values; 0 if there are none."""
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)] if ordered else 0.0


def longest_pause(times: Iterable[float]) -> float:
    """The longest time between two that follow each other; 0 if there are fewer than two."""
    return max((later - earlier for earlier, later in pairwise(sorted(times))), default=0.0)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)
