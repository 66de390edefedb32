"""The directory, as far as the one who asks may see it."""

from __future__ import annotations

from signaling.access.actions import Action
from signaling.access.grants import demand_somewhere
from signaling.access.lists import permitted
from signaling.access.roles import Actor
from signaling.base.clock import Clock
from signaling.directory.choices import Choices
from signaling.directory.visibility import (
    SCHOOL_PREDICATES,
    TEACHER_PREDICATES,
    people_in,
    schools_in,
)
from signaling.directory.wire import Directory


class DirectoryService:
    """Schools, rooms and teachers, for those who may see them."""

    def __init__(self, choices: Choices, clock: Clock) -> None:
        self._choices = choices
        self._clock = clock

    async def directory(self, actor: Actor, words: str = "") -> Directory:
        """Return the first schools, and teachers for whom the actor may create lessons.

        Args:
            actor: the one who asks.
            words: of their names; all without.

        Raises:
            Forbidden: the actor may not read the directory.
        """
        demand_somewhere(actor, Action.READ_DIRECTORY)
        return await self._choices.find(
            words,
            permitted(actor, Action.READ_DIRECTORY, SCHOOL_PREDICATES, schools_in),
            permitted(actor, Action.CREATE_LESSON, TEACHER_PREDICATES, people_in),
            self._clock.now(),
        )
