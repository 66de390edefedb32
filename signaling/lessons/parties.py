"""Parties of a lesson, and an actor's relations to it. The SQL twin is `visibility`."""

from __future__ import annotations

from dataclasses import dataclass

from signaling.access.actions import Action
from signaling.access.grants import Standing, granted_of, standing
from signaling.access.relations import Relation
from signaling.access.roles import Actor

# Actions that a page offers for a lesson; the live room answers for the rest.
LESSON_ACTIONS = (
    Action.START_LESSON,
    Action.END_LESSON,
    Action.CANCEL_LESSON,
    Action.TAKE_PART,
    Action.OBSERVE,
    Action.PUBLISH_CAMERA,
    Action.VIEW_OFF_STAGE,
    Action.READ_RECORDING,
    Action.READ_LINKS,
    Action.CHOOSE_RESOURCES,
)


@dataclass(frozen=True, slots=True)
class Parties:
    """The people, rooms and schools that belong to a lesson."""

    lead_teacher_id: str
    receive_room_ids: frozenset[str] = frozenset()
    school_ids: frozenset[str] = frozenset()
    branches: frozenset[str] = frozenset()  # paths of the teacher's node and of the rooms' schools


def led_by(person_id: str, path: str = "") -> Parties:
    """Return the parties of a lesson of which only the lead teacher and its branch are known."""
    return Parties(person_id, branches=frozenset({path} - {""}))


def standing_in(actor: Actor, parties: Parties) -> Standing:
    """Return how an actor stands to a lesson."""
    return standing(actor, relations(actor, parties), parties.branches)


def relations(actor: Actor, parties: Parties) -> frozenset[Relation]:
    """Return the relations that hold between an actor and a lesson."""
    held = set()
    if actor.room_id is None and actor.actor_id == parties.lead_teacher_id:
        held.add(Relation.LEADS)
    if actor.room_id is not None and actor.room_id in parties.receive_room_ids:
        held.add(Relation.INVITED)
    if actor.school_id is not None and actor.school_id in parties.school_ids:
        held.add(Relation.AT_SCHOOL)
    return frozenset(held)


def lesson_actions(stands: Standing) -> tuple[Action, ...]:
    """Return the actions that a page offers for a lesson, by how the reader stands to it."""
    return granted_of(LESSON_ACTIONS, stands)
