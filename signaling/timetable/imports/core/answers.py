"""Answers of operators, and the questions that are still open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from signaling.timetable.imports.core.catalogue import Named
from signaling.timetable.imports.core.drafts import Source
from signaling.timetable.imports.core.wording import plain
from signaling.timetable.imports.wire import ImportTopic, MatchGround

WITHOUT = "-"  # the answer that a lesson goes without it: no room, no class, nobody listens
EVERY = "*"  # in place of a class or of all: an answer for whatever has none of its own


@dataclass(frozen=True, slots=True)
class Asked:
    """Text that an answer is about, with its kind and scope.

    Attributes:
        topic: the kind of text.
        scope: the school within which the text means something; empty for the county.
        text: the plain text.
    """

    topic: ImportTopic
    scope: str
    text: str


# Targets by what was asked. None of them: the lessons are not ours, and left out.
Answers = Mapping[Asked, tuple[str, ...]]


@dataclass(slots=True)
class Question:
    """An open text: lessons wait for its answer.

    Attributes:
        text: as it stands in the file.
        source: the first cell that has it.
        suggestions: the likeliest first.
        proposal: targets that somebody only has to confirm.
        count: lessons that wait.
    """

    topic: ImportTopic
    scope: str
    text: str
    source: Source
    suggestions: Sequence[Named] = ()
    proposal: tuple[str, ...] = ()
    count: int = 0


@dataclass(slots=True)
class MatchSeen:
    """A text that was taken for something, and on which ground.

    `answer` is the text under which an answer is kept: its own, or one with `*` in its place.
    """

    topic: ImportTopic
    scope: str
    text: str
    source: Source
    targets: tuple[str, ...]
    match: MatchGround
    count: int = 0
    answer: str = ""


def asked(topic: ImportTopic, text: str, scope: str = "") -> Asked:
    """Return what an answer about a text is kept under."""
    return Asked(topic, scope, plain(text))


def pair_text(one: str, other: str) -> str:
    """Return the text of a question about two names, such as a class and a subject."""
    return f"{one} {other}"
