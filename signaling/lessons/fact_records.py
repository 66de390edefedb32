"""Facts of a lesson, as plain values: presence, headcounts, reception."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from signaling.lessons.wire import Headcount


@dataclass(frozen=True, slots=True)
class Spell:
    """A stretch of a live lesson during which a participant's page was there.

    Attributes:
        participant_id: whose page.
        joined_at: the begin.
        left_at: the end; None while it lasts.
        seen_at: the last moment at which the page was known to be there.
        exact: False where it is only known that somebody came.
    """

    participant_id: str
    joined_at: datetime
    left_at: datetime | None
    seen_at: datetime
    exact: bool = True


@dataclass(frozen=True, slots=True)
class KeptFacts:
    """The facts of a lesson with which its room opens.

    Attributes:
        attended: the participants whose pages were here while the lesson was live.
        headcounts: 到课人数 of the rooms.
        seen_s: seconds of picture or page, and sound, by participant.
        class_sizes: pupils of the classes in the rooms, by participant, where they are known.
    """

    attended: frozenset[str] = frozenset()
    headcounts: tuple[Headcount, ...] = ()
    seen_s: Mapping[str, float] = field(default_factory=dict)
    class_sizes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LessonFactSheet:
    """Everything that is known of what happened in one lesson."""

    spells: tuple[Spell, ...] = ()
    headcounts: tuple[Headcount, ...] = ()
    seen_s: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FactBatch:
    """Facts of one lesson on their way into the database. Writing it twice does no harm.

    Attributes:
        spells: those that are new or went on.
        headcounts: those that changed, with all their changes.
        seen_s: the present sums, by participant.
    """

    spells: tuple[Spell, ...] = ()
    headcounts: tuple[Headcount, ...] = ()
    seen_s: Mapping[str, float] = field(default_factory=dict)
