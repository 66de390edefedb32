"""The smallest part of a set that is enough for something (Junker's QuickXplain, AAAI 2004)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def smallest(parts: Sequence[T], is_enough: Callable[[Sequence[T]], bool]) -> list[T]:
    """Return parts that are enough, none of which can go. Earlier parts are kept before later ones.

    Args:
        parts: parts that are enough together.
        is_enough: tells whether some of the parts are enough; more parts are never less.
    """
    if not parts or is_enough(()):
        return []
    return _needed((), parts, is_enough)


def _needed(
    kept: Sequence[T], parts: Sequence[T], is_enough: Callable[[Sequence[T]], bool]
) -> list[T]:
    """Return those of the parts that are needed beside the kept ones, which are not enough."""
    if len(parts) == 1:
        return list(parts)
    half = len(parts) // 2
    first, second = parts[:half], parts[half:]
    with_first = (*kept, *first)
    later = [] if is_enough(with_first) else _needed(with_first, second, is_enough)
    with_later = (*kept, *later)
    if later and is_enough(with_later):
        return later
    return [*_needed(with_later, first, is_enough), *later]
