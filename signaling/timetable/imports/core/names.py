"""Matching of one name: as written, in one form, by an answer; else it becomes a question.

A name that is only alike is never taken. Each text is decided once, however often it occurs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from signaling.timetable.imports.core.answers import (
    WITHOUT,
    Answers,
    Asked,
    MatchSeen,
    Question,
    asked,
)
from signaling.timetable.imports.core.catalogue import MAX_SUGGESTIONS, Index, Named
from signaling.timetable.imports.core.drafts import Source
from signaling.timetable.imports.wire import ImportTopic, MatchGround

MAX_QUESTIONS = 2_000  # of one file; more open names mean that it belongs to another county
# Topics whose answer may be that lessons go without it.
OPTIONAL = frozenset(
    (ImportTopic.ROOM, ImportTopic.CLASS, ImportTopic.ROOM_OF_CLASS, ImportTopic.RECEIVERS)
)


class Waits(Exception):
    """A lesson waits for an answer."""


class LeftOut(Exception):
    """An answer leaves a lesson out: it is none of ours."""


class TooManyQuestions(Exception):
    """Hardly any name of the file is known here."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Outcome of a text: targets, or none (left out), or None (open)."""

    targets: tuple[str, ...] | None


OPEN = Outcome(None)


class Names:
    """Names of one file, each with what it came to."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._outcomes: dict[Asked, Outcome] = {}
        self.questions: dict[Asked, Question] = {}
        self.matches: dict[Asked, MatchSeen] = {}

    def one(
        self,
        topic: ImportTopic,
        text: str,
        source: Source,
        index: Index,
        *,
        scope: str = "",
        among: Callable[[], Sequence[Named]] | None = None,
    ) -> str | None:
        """Return the id of what a text names; None where an answer says that there is none.

        Args:
            topic: what it should name.
            text: of the file.
            source: the cell.
            index: where it is looked up.
            scope: the school within which the text means something. A namesake of another school
                is not taken.
            among: finds suggestions; those that are alike without.

        Raises:
            Waits: the name is open.
            LeftOut: an answer leaves the lesson out.
        """

        def decide(key: Asked) -> Outcome:
            return self._named(key, text, source, index, among)

        targets = self.decided(asked(topic, text, scope), decide)
        return None if targets[0] == WITHOUT else targets[0]

    def decided(self, key: Asked, decide: Callable[[Asked], Outcome]) -> tuple[str, ...]:
        """Return the targets of a key, deciding them the first time. Raises Waits, LeftOut."""
        outcome = self._outcomes.get(key)
        if outcome is None:
            outcome = self._outcomes[key] = decide(key)
        seen = self.questions.get(key) or self.matches.get(key)
        if seen is not None:
            seen.count += 1
        if outcome.targets is None:
            raise Waits
        if not outcome.targets:
            raise LeftOut
        return outcome.targets

    def answered(
        self, keys: Sequence[Asked], text: str, source: Source, is_known: Callable[[str], bool]
    ) -> Outcome | None:
        """Return what an answer to the first of these keys says; None where nobody answered.

        An answer that names what is no longer there is none.
        """
        for key in keys:
            targets = self._answers.get(key)
            if targets is None:
                continue
            optional = key.topic in OPTIONAL
            if all(is_known(one) or (optional and one == WITHOUT) for one in targets):
                outcome = self.found(keys[0], text, source, targets, MatchGround.ANSWER)
                self.matches[keys[0]].answer = key.text
                return outcome
        return None

    def found(
        self, key: Asked, text: str, source: Source, targets: tuple[str, ...], match: MatchGround
    ) -> Outcome:
        """Note a match."""
        self.matches[key] = MatchSeen(key.topic, key.scope, text, source, targets, match)
        return Outcome(targets)

    def ask(
        self,
        key: Asked,
        text: str,
        source: Source,
        suggestions: Sequence[Named],
        proposal: tuple[str, ...] = (),
    ) -> Outcome:
        """Note a question. Raises TooManyQuestions."""
        if len(self.questions) == MAX_QUESTIONS:
            raise TooManyQuestions
        shown = tuple(suggestions[:MAX_SUGGESTIONS])
        self.questions[key] = Question(key.topic, key.scope, text, source, shown, proposal)
        return OPEN

    def _named(
        self,
        key: Asked,
        text: str,
        source: Source,
        index: Index,
        among: Callable[[], Sequence[Named]] | None,
    ) -> Outcome:
        answered = self.answered([key], text, source, lambda one: index.get(one) is not None)
        if answered is not None:
            return answered
        looks = (
            (MatchGround.EXACT, index.exact(text, key.scope)),
            (MatchGround.NORMAL, index.formed(text, key.scope)),
        )
        for match, found in looks:
            own = [one for one in found if not key.scope or one.school_id in {"", key.scope}]
            if len({one.id for one in own}) == 1:
                return self.found(key, text, source, (own[0].id,), match)
            if found:
                return self.ask(key, text, source, found)
        alike = index.alike(text, key.scope) if among is None else among()
        return self.ask(key, text, source, alike)
