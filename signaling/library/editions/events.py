"""Events of editions, told after the commit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EditionWanted:
    """An edition waits for a job that makes it."""

    resource_id: str
