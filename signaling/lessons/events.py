"""Events of lessons."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LessonChanged:
    """A lesson was started, ended or cancelled; or somebody asked for that again."""

    lesson_id: str


@dataclass(frozen=True, slots=True)
class LessonFactsKept:
    """A lesson is over, and everything that happened in it is written."""

    lesson_id: str
