"""Seats in a lesson's room: id, role and actions of the one who sits there."""

from __future__ import annotations

from dataclasses import dataclass

from signaling.access.actions import Action
from signaling.access.grants import Grant, Standing, granted
from signaling.access.relations import Relation
from signaling.access.roles import Actor, Role
from signaling.lessons.parties import Parties, standing_in

LEAD_PARTICIPANT = "lead"  # docs/protocol.md: the participant id of the lead teacher

_MEMBERS: tuple[Grant, ...] = (
    (Role.LEAD_TEACHER, Relation.LEADS),
    (Role.RECEIVE_ROOM, Relation.INVITED),
    (Role.ASSISTANT, Relation.AT_SCHOOL),
)
_OBSERVERS: tuple[Grant, ...] = (
    (Role.COUNTY_ADMIN, Relation.IN_BRANCH),
    (Role.RESEARCHER, Relation.IN_BRANCH),
    (Role.INSPECTOR, Relation.IN_BRANCH),
)


def room_participant(room_id: str) -> str:
    """The participant id of a receive room."""
    return f"room-{room_id}"


@dataclass(frozen=True, slots=True)
class Seat:
    """An actor's place in a lesson room: under which id and role, and whether others see it.

    ``actions`` are what its role there grants, so that the room need not know people.
    """

    participant_id: str
    role: Role
    name: str
    visible: bool
    actions: frozenset[Action]


def seat_of(actor: Actor, parties: Parties) -> Seat | None:
    """The seat an actor takes in a lesson room, or None where it has none."""
    place = _place_of(actor, parties)
    if place is None:
        return None
    grant, participant_id = place
    visible = grant in _MEMBERS
    return _seat(actor, participant_id, grant[0], frozenset({grant}), visible=visible)


def seat_role(actor: Actor, parties: Parties) -> Role | None:
    """The role in which an actor enters a lesson room, or None where it has no seat."""
    place = _place_of(actor, parties)
    return None if place is None else place[0][0]


def _place_of(actor: Actor, parties: Parties) -> tuple[Grant, str] | None:
    """Return the grant by which an actor has a seat, and the participant id.

    Who belongs to the lesson sits in it by that relation, even if another role could observe.
    """
    stands = standing_in(actor, parties)
    for grant in (*_MEMBERS, *_OBSERVERS):
        if grant in stands:
            return grant, _participant(actor, grant[0])
    return None


def _participant(actor: Actor, role: Role) -> str:
    if role is Role.LEAD_TEACHER:
        return LEAD_PARTICIPANT
    if role is Role.RECEIVE_ROOM:
        return room_participant(actor.actor_id)
    return f"person-{actor.actor_id}"


def _seat(
    actor: Actor, participant_id: str, role: Role, stands: Standing, *, visible: bool
) -> Seat:
    actions = frozenset(action for action in Action if granted(action, stands))
    return Seat(participant_id, role, actor.name, visible, actions)
