"""A centre school with many teaching points, as a problem of 自动排课: the same for each seed."""

from __future__ import annotations

import random
from dataclasses import dataclass

from signaling.timetable.proposals.core.problem import (
    Capacity,
    CapacityKind,
    Load,
    Need,
    Problem,
    Resource,
    ResourceKind,
    Taken,
    TakenBy,
    WeekSlot,
)

DAYS = 5
PERIODS = 6
NOON_BREAK = 4  # the last period of a morning
ALL_WEEKS = (1 << 19) - 2  # weeks 1 to 18: bit n is week n
ODD_WEEKS = sum(1 << week for week in range(1, 19, 2))
EVEN_WEEKS = ALL_WEEKS - ODD_WEEKS
PICTURE_MBITS = 4  # that one lesson takes of a centre school's uplink
SLOTS = tuple(
    WeekSlot(day, period) for day in range(1, DAYS + 1) for period in range(1, PERIODS + 1)
)


@dataclass(frozen=True)
class Size:
    """Size of a county.

    Attributes:
        points: teaching points, one class each.
        subjects: shared subjects; the last one is taught every second week.
        per_lesson: points in one lesson.
        teachers: of each subject.
        rooms: lead rooms, and lessons that the centre school hosts at once.
        own_periods: periods of a week in which a class has lessons at its own school.
    """

    points: int = 30
    subjects: int = 5
    per_lesson: int = 2
    teachers: int = 2
    rooms: int = 6
    own_periods: int = 8


def county(size: Size = Size(), seed: int = 12) -> Problem:
    """Return the problem of a centre school whose points have lessons of their own, too."""
    chance = random.Random(seed)
    groups = [
        range(first, min(first + size.per_lesson, size.points))
        for first in range(0, size.points, size.per_lesson)
    ]
    return Problem(
        slots=SLOTS,
        breaks=(NOON_BREAK,),
        needs=tuple(
            _need(size, subject, number, group)
            for subject in range(size.subjects)
            for number, group in enumerate(groups)
        ),
        taken=tuple(
            Taken(Resource(ResourceKind.CLASS, f"class-{point}"), slot, ALL_WEEKS, TakenBy.LESSON)
            for group in groups
            # Points that share lessons have agreed on most of their own ones.
            for slot in chance.sample(SLOTS, size.own_periods)
            for point in group
        ),
        capacities=(
            Capacity("uplink", CapacityKind.UPLINK, "centre", size.rooms * PICTURE_MBITS),
            Capacity("hosted", CapacityKind.HOSTED_LESSONS, "centre", size.rooms),
        ),
    )


def _need(size: Size, subject: int, number: int, group: range) -> Need:
    every_second_week = subject == size.subjects - 1
    weekly = 2 if subject < size.subjects // 2 + 1 else 1
    return Need(
        need_id=f"subject-{subject}-group-{number}",
        lengths=(1,) * weekly,
        week_choices=(ODD_WEEKS, EVEN_WEEKS) if every_second_week else (ALL_WEEKS,),
        teacher_ids=(f"teacher-{subject}-{number % size.teachers}",),
        lead_room_ids=(f"lead-{number % size.rooms}",),
        receive_room_ids=tuple(f"room-{point}" for point in group),
        class_ids=tuple(f"class-{point}" for point in group),
        loads=(Load("uplink", PICTURE_MBITS), Load("hosted", 1)),
    )
