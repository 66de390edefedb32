"""Events of publications, told after the commit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ResourcePublished:
    """A version was published; a former one, if any, is served no longer."""

    resource_id: str
    recording_id: str
    version: int


@dataclass(frozen=True, slots=True)
class ResourceWithdrawn:
    """A resource was withdrawn, or its time was over: nothing of it is served any more."""

    resource_id: str
    recording_id: str
    version: int
