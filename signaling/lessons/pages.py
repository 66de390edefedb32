"""Lists of lessons in pages: the span of a list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

PAGE_LESSONS = 100  # of one answer, made in 1 ms of the loop; a day or week goes over pages


@dataclass(frozen=True, slots=True)
class Span:
    """The interval [start, end) of a list, and the moment of the question."""

    start: datetime
    end: datetime
    now: datetime
