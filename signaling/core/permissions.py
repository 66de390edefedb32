"""Who may do what: one table of role × relation per action, asked by REST and channel alike.

A *subject* is a signed-in person or a room's terminal. A *relation* says how it stands to the
lesson in question. Nothing else in the program compares roles.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

from signaling.core.actions import Action as Action  # noqa: PLC0414 - named here, too
from signaling.core.resources import Role


class Relation(StrEnum):
    """How a subject stands to a lesson."""

    NONE = "none"  # holds always: the role alone is enough
    LEADS = "leads"  # is its lead teacher
    INVITED = "invited"  # is one of its receive rooms
    AT_SCHOOL = "at_school"  # belongs to a school whose room takes part


@dataclass(frozen=True, slots=True)
class Subject:
    """Who asks. `room_id` is set for a terminal; `subject_id` is then the room's id."""

    subject_id: str
    name: str
    roles: frozenset[Role]
    school_id: str | None
    room_id: str | None = None


@dataclass(frozen=True, slots=True)
class Parties:
    """Who belongs to a lesson."""

    lead_teacher_id: str
    receive_room_ids: frozenset[str]
    school_ids: frozenset[str]


def led_by(person_id: str) -> Parties:
    """Parties of a lesson that is not created yet: only its lead teacher is known."""
    return Parties(person_id, frozenset(), frozenset())


Grant = tuple[Role, Relation]

_ADMIN: Grant = (Role.COUNTY_ADMIN, Relation.NONE)
_RESOURCE: Grant = (Role.RESOURCE_ADMIN, Relation.NONE)
_RESEARCHER: Grant = (Role.RESEARCHER, Relation.NONE)
_INSPECTOR: Grant = (Role.INSPECTOR, Relation.NONE)
_LEAD: Grant = (Role.LEAD_TEACHER, Relation.LEADS)
_ROOM: Grant = (Role.RECEIVE_ROOM, Relation.INVITED)
_ASSISTANT: Grant = (Role.ASSISTANT, Relation.AT_SCHOOL)
_OBSERVERS = (_ADMIN, _RESEARCHER, _INSPECTOR)
_MEMBERS = (_LEAD, _ROOM, _ASSISTANT)

GRANTS: Mapping[Action, frozenset[Grant]] = MappingProxyType(
    {
        Action.LIST_ALL_LESSONS: frozenset({*_OBSERVERS, _RESOURCE}),
        Action.READ_LESSON: frozenset({*_OBSERVERS, _RESOURCE, *_MEMBERS}),
        Action.CREATE_LESSON: frozenset({_ADMIN, _LEAD}),
        Action.START_LESSON: frozenset({_LEAD}),
        Action.END_LESSON: frozenset({_LEAD, _ADMIN}),
        Action.CANCEL_LESSON: frozenset({_LEAD, _ADMIN}),
        Action.SEE_JOIN_CODE: frozenset({_LEAD, _ADMIN}),
        Action.READ_DIRECTORY: frozenset({_ADMIN, (Role.LEAD_TEACHER, Relation.NONE)}),
        Action.ISSUE_DEVICE_TOKEN: frozenset({_ADMIN}),
        Action.TAKE_PART: frozenset(_MEMBERS),
        Action.OBSERVE: frozenset(_OBSERVERS),
        Action.PUBLISH_CAMERA: frozenset({_LEAD, _ROOM}),
        Action.PUBLISH_COURSEWARE: frozenset({_LEAD}),
        Action.ISSUE_EXTERNAL_ACCESS: frozenset({_LEAD, _ADMIN}),
        Action.VIEW_OFF_STAGE: frozenset({_LEAD, *_OBSERVERS}),
        Action.SET_DEVICES: frozenset(_MEMBERS),
        Action.RAISE_HAND: frozenset({_ROOM}),
        Action.LOWER_OTHERS_HAND: frozenset({_LEAD}),
        Action.COMMAND_STAGE: frozenset({_LEAD}),
        Action.STAND_ON_STAGE: frozenset({_ROOM}),
        Action.MUTE_ALL: frozenset({_LEAD}),
        Action.READ_ALL_RECORDINGS: frozenset({*_OBSERVERS, _RESOURCE}),
        Action.READ_RECORDING: frozenset({*_OBSERVERS, _RESOURCE, *_MEMBERS}),
        Action.READ_LINKS: frozenset({*_OBSERVERS, _LEAD}),
        Action.READ_ALL_LINKS: frozenset(_OBSERVERS),
    }
)


def relations(subject: Subject, parties: Parties | None) -> frozenset[Relation]:
    """The relations that hold between a subject and a lesson (None: no lesson in question)."""
    held = {Relation.NONE}
    if parties is not None:
        if subject.room_id is None and subject.subject_id == parties.lead_teacher_id:
            held.add(Relation.LEADS)
        if subject.room_id is not None and subject.room_id in parties.receive_room_ids:
            held.add(Relation.INVITED)
        if subject.school_id is not None and subject.school_id in parties.school_ids:
            held.add(Relation.AT_SCHOOL)
    return frozenset(held)


def granted(action: Action, roles: Collection[Role], held: Collection[Relation]) -> bool:
    """Whether any of the roles, with any of the relations, is granted the action."""
    return any(role in roles and relation in held for role, relation in GRANTS[action])


def allows(subject: Subject, action: Action, parties: Parties | None = None) -> bool:
    """Whether the subject may do this to the lesson (or at all, without a lesson)."""
    return granted(action, subject.roles, relations(subject, parties))


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
)
# Actions that a page offers without a lesson.
OWN_ACTIONS = (
    Action.LIST_ALL_LESSONS,
    Action.CREATE_LESSON,
    Action.READ_DIRECTORY,
    Action.OBSERVE,
    Action.READ_ALL_RECORDINGS,
    Action.READ_ALL_LINKS,
)


def lesson_actions(subject: Subject, parties: Parties) -> tuple[Action, ...]:
    """Actions that the subject may do with a lesson, of those that a page offers."""
    return _granted_of(LESSON_ACTIONS, subject.roles, relations(subject, parties))


def own_actions(subject: Subject) -> tuple[Action, ...]:
    """Actions that the subject may do without a lesson; creating one means at least for itself."""
    held = relations(subject, led_by(subject.subject_id))
    return _granted_of(OWN_ACTIONS, subject.roles, held)


@lru_cache(maxsize=256)  # roles × relations that occur; a long list asks the same again and again
def _granted_of(
    actions: tuple[Action, ...], roles: frozenset[Role], held: frozenset[Relation]
) -> tuple[Action, ...]:
    return tuple(action for action in actions if granted(action, roles, held))


LEAD_PARTICIPANT = "lead"


def room_participant(room_id: str) -> str:
    """The participant id of a receive room."""
    return f"room-{room_id}"


@dataclass(frozen=True, slots=True)
class Seat:
    """A subject's place in a lesson room: under which id and role, and whether others see it.

    ``actions`` are what its role there grants, so that the room need not know people.
    """

    participant_id: str
    role: Role
    name: str
    visible: bool
    actions: frozenset[Action]


def seat_of(subject: Subject, parties: Parties) -> Seat | None:
    """The seat a subject takes in a lesson room, or None where it has none."""
    place = _place_of(subject, parties)
    if place is None:
        return None
    (role, relation), participant_id = place
    visible = relation is not Relation.NONE
    return _seat(subject, participant_id, role, frozenset({relation}), visible=visible)


def seat_role(subject: Subject, parties: Parties) -> Role | None:
    """The role in which a subject enters a lesson room, or None where it has no seat."""
    place = _place_of(subject, parties)
    return None if place is None else place[0][0]


def _place_of(subject: Subject, parties: Parties) -> tuple[Grant, str] | None:
    """By which grant a subject has a seat, and under which participant id.

    Who belongs to the lesson sits in it by that relation, even if another of his roles could
    observe.
    """
    held = relations(subject, parties)
    for grant, participant_id in (
        (_LEAD, LEAD_PARTICIPANT),
        (_ROOM, room_participant(subject.subject_id)),
        (_ASSISTANT, f"person-{subject.subject_id}"),
    ):
        if grant[0] in subject.roles and grant[1] in held:
            return grant, participant_id
    for grant in _OBSERVERS:
        if grant[0] in subject.roles:
            return grant, f"person-{subject.subject_id}"
    return None


def _seat(
    subject: Subject, participant_id: str, role: Role, held: frozenset[Relation], *, visible: bool
) -> Seat:
    actions = frozenset(action for action in Action if granted(action, (role,), held))
    return Seat(participant_id, role, subject.name, visible, actions)
