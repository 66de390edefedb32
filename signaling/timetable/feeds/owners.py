"""Owners of calendar feeds: a person or a room."""

from __future__ import annotations

from dataclasses import dataclass

from signaling.access.roles import Actor


@dataclass(frozen=True, slots=True)
class FeedOwner:
    """Person or room whose lessons a feed shows: of the two ids, one is set."""

    person_id: str | None = None
    room_id: str | None = None

    @property
    def owner_id(self) -> str:
        """The id that is set."""
        return self.person_id or self.room_id or ""


def owner_of(actor: Actor) -> FeedOwner:
    """Return the actor as the owner of a feed: a terminal stands for its room."""
    if actor.room_id is not None:
        return FeedOwner(room_id=actor.room_id)
    return FeedOwner(person_id=actor.actor_id)
