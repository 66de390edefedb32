"""Hard rules by name: what a proposal keeps, and what it names where nothing fits."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

import msgspec

from signaling.timetable.proposals.core.problem import (
    Capacity,
    CapacityKind,
    Resource,
    ResourceKind,
    TakenBy,
)


class RuleKind(StrEnum):
    """Hard rules of 自动排课."""

    TEACHER_ONCE = "teacher_once"  # in one lesson at a time
    ROOM_ONCE = "room_once"
    CLASS_ONCE = "class_once"
    TEACHER_TAKEN = "teacher_taken"  # in a lesson that stays
    ROOM_TAKEN = "room_taken"
    CLASS_TAKEN = "class_taken"
    TEACHER_ABSENT = "teacher_absent"
    ROOM_CLOSED = "room_closed"
    CLASS_AWAY = "class_away"
    ALLOWED_SLOTS = "allowed_slots"  # of a need
    UPLINK = "uplink"
    HOSTED_LESSONS = "hosted_lessons"
    RELAY = "relay"


class NamedRule(msgspec.Struct, frozen=True, order=True):
    """A rule, and whose it is: the id of a person, room, class, school or need."""

    kind: RuleKind
    subject_id: str


_ONCE: Mapping[ResourceKind, RuleKind] = MappingProxyType(
    {
        ResourceKind.TEACHER: RuleKind.TEACHER_ONCE,
        ResourceKind.ROOM: RuleKind.ROOM_ONCE,
        ResourceKind.CLASS: RuleKind.CLASS_ONCE,
    }
)
_TAKEN: Mapping[tuple[ResourceKind, TakenBy], RuleKind] = MappingProxyType(
    {
        (ResourceKind.TEACHER, TakenBy.LESSON): RuleKind.TEACHER_TAKEN,
        (ResourceKind.ROOM, TakenBy.LESSON): RuleKind.ROOM_TAKEN,
        (ResourceKind.CLASS, TakenBy.LESSON): RuleKind.CLASS_TAKEN,
        (ResourceKind.TEACHER, TakenBy.ABSENCE): RuleKind.TEACHER_ABSENT,
        (ResourceKind.ROOM, TakenBy.ABSENCE): RuleKind.ROOM_CLOSED,
        (ResourceKind.CLASS, TakenBy.ABSENCE): RuleKind.CLASS_AWAY,
    }
)
_LIMITS: Mapping[CapacityKind, RuleKind] = MappingProxyType(
    {
        CapacityKind.UPLINK: RuleKind.UPLINK,
        CapacityKind.HOSTED_LESSONS: RuleKind.HOSTED_LESSONS,
        CapacityKind.RELAY: RuleKind.RELAY,
    }
)


def once(resource: Resource) -> NamedRule:
    """Return the rule that a resource is in one lesson at a time."""
    return NamedRule(_ONCE[resource.kind], resource.resource_id)


def not_taken(resource: Resource, by: TakenBy) -> NamedRule:
    """Return the rule that a resource is not asked for where it cannot be had."""
    return NamedRule(_TAKEN[resource.kind, by], resource.resource_id)


def within(capacity: Capacity) -> NamedRule:
    """Return the rule that a limit is kept."""
    return NamedRule(_LIMITS[capacity.kind], capacity.owner_id)


def allowed_slots(need_id: str) -> NamedRule:
    """Return the rule that a need's lessons lie in its slots."""
    return NamedRule(RuleKind.ALLOWED_SLOTS, need_id)
