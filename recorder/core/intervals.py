"""Sets of time intervals: the spans and gaps of a recording."""

from __future__ import annotations

from collections.abc import Iterable

from recorder.api import Span


def merge(spans: Iterable[Span], *, within_s: float = 0.0) -> list[Span]:
    """Sort, and join what overlaps or lies at most `within_s` seconds apart."""
    merged: list[Span] = []
    for span in sorted(spans, key=lambda item: (item.start_s, item.end_s)):
        if merged and span.start_s - merged[-1].end_s <= within_s:
            if span.end_s > merged[-1].end_s:
                merged[-1] = Span(merged[-1].start_s, span.end_s)
        else:
            merged.append(span)
    return merged


def merge_to_count(spans: Iterable[Span], *, within_s: float, limit: int) -> list[Span]:
    """Like `merge`, joining over ever wider distances until at most `limit` spans are left."""
    merged = merge(spans, within_s=within_s)
    while len(merged) > limit:
        within_s = max(within_s, 0.01) * 2
        merged = merge(merged, within_s=within_s)
    return merged


def between(spans: Iterable[Span]) -> list[Span]:
    """Find the holes between sorted, separate spans."""
    holes, previous = [], None
    for span in spans:
        if previous is not None and span.start_s > previous.end_s:
            holes.append(Span(previous.end_s, span.start_s))
        previous = span
    return holes


def clip(spans: Iterable[Span], start_s: float, end_s: float) -> list[Span]:
    """Cut the spans to an interval."""
    clipped = (Span(max(s.start_s, start_s), min(s.end_s, end_s)) for s in spans)
    return [span for span in clipped if span.end_s > span.start_s]


def common(first: Iterable[Span], second: Iterable[Span]) -> list[Span]:
    """Find what lies in both of two sets, each sorted and without overlaps."""
    found, left, right = [], list(first), list(second)
    one = other = 0
    while one < len(left) and other < len(right):
        start = max(left[one].start_s, right[other].start_s)
        end = min(left[one].end_s, right[other].end_s)
        if end > start:
            found.append(Span(start, end))
        if left[one].end_s < right[other].end_s:
            one += 1
        else:
            other += 1
    return found
