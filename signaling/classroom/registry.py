"""The parts of every classroom. A new tool is one line here."""

from __future__ import annotations

from typing import Any

from signaling.classroom.parts.hands import Hands
from signaling.classroom.parts.headcount import Headcounts
from signaling.classroom.parts.lesson import Lesson
from signaling.classroom.parts.mute import Mute
from signaling.classroom.parts.notice import Notices
from signaling.classroom.parts.part import Part
from signaling.classroom.parts.presence import Presence
from signaling.classroom.parts.published import Published
from signaling.classroom.parts.recording import Recording
from signaling.classroom.parts.stage import Stage

PARTS: tuple[type[Part[Any]], ...] = (
    Lesson,
    Presence,
    Hands,
    Stage,
    Mute,
    Published,
    Recording,
    Headcounts,
    Notices,
)
