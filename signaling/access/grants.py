"""Permissions: one table of role and relation per action.

REST and the control channel ask the same table. Nothing else in the program compares roles. The
table knows no noun: the wing that owns an object says in which relations an actor stands to it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from types import MappingProxyType

from signaling.access.actions import Action
from signaling.access.relations import Relation
from signaling.access.roles import Actor, Role
from signaling.base.errors import Forbidden

Grant = tuple[Role, Relation]
Standing = frozenset[Grant]  # how an actor stands to an object: each role with what holds for it

_ADMIN: Grant = (Role.COUNTY_ADMIN, Relation.IN_BRANCH)
_RESOURCE: Grant = (Role.RESOURCE_ADMIN, Relation.IN_BRANCH)
_RESEARCHER: Grant = (Role.RESEARCHER, Relation.IN_BRANCH)
_INSPECTOR: Grant = (Role.INSPECTOR, Relation.IN_BRANCH)
_LEAD: Grant = (Role.LEAD_TEACHER, Relation.LEADS)
_ROOM: Grant = (Role.RECEIVE_ROOM, Relation.INVITED)
_ASSISTANT: Grant = (Role.ASSISTANT, Relation.AT_SCHOOL)
_TEACHER: Grant = (Role.LEAD_TEACHER, Relation.AT_SCHOOL)  # of the school, whoever leads
_OWNERS = tuple((role, Relation.OWNS) for role in Role)
_OWN_WORK: tuple[Grant, ...] = (  # resources: of lessons that one led, and uploads
    _LEAD,
    (Role.RESOURCE_ADMIN, Relation.OWNS),
    (Role.RESEARCHER, Relation.OWNS),
)
_OBSERVERS = (_ADMIN, _RESEARCHER, _INSPECTOR)
_MEMBERS = (_LEAD, _ROOM, _ASSISTANT)
_OF_COUNTY: tuple[Grant, ...] = tuple(
    (role, Relation.SAME_COUNTY) for role in (Role.LEAD_TEACHER, Role.RECEIVE_ROOM, Role.ASSISTANT)
)

GRANTS: Mapping[Action, frozenset[Grant]] = MappingProxyType(
    {
        Action.LIST_ALL_LESSONS: frozenset({*_OBSERVERS, _RESOURCE}),
        Action.READ_LESSON: frozenset({*_OBSERVERS, _RESOURCE, *_MEMBERS}),
        Action.CREATE_LESSON: frozenset({_ADMIN, _LEAD}),
        Action.START_LESSON: frozenset({_LEAD}),
        Action.END_LESSON: frozenset({_LEAD, _ADMIN}),
        Action.CANCEL_LESSON: frozenset({_LEAD, _ADMIN}),
        Action.CHOOSE_RESOURCES: frozenset({_LEAD, _ADMIN}),
        Action.REPORT_PLAYS: frozenset({_ROOM}),
        Action.SEE_JOIN_CODE: frozenset({_LEAD, _ADMIN}),
        Action.READ_DIRECTORY: frozenset({_ADMIN, (Role.LEAD_TEACHER, Relation.SAME_COUNTY)}),
        Action.MANAGE_DIRECTORY: frozenset({_ADMIN}),
        Action.MANAGE_TIMETABLE: frozenset({_ADMIN}),
        Action.READ_TIMETABLE: frozenset({*_OBSERVERS, _RESOURCE, *_MEMBERS}),
        Action.READ_TERMS: frozenset({*_OBSERVERS, _RESOURCE, *_OF_COUNTY}),
        Action.ISSUE_DEVICE_TOKEN: frozenset({_ADMIN}),
        Action.MANAGE_ACCOUNTS: frozenset({_ADMIN}),
        Action.MANAGE_GRANTS: frozenset({_ADMIN}),
        Action.READ_AUDIT: frozenset({_ADMIN}),
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
        Action.SET_HEADCOUNT: frozenset({_ROOM}),
        Action.CORRECT_HEADCOUNT: frozenset({_LEAD, _ADMIN}),
        Action.SEND_NOTICE: frozenset({_LEAD, _ADMIN}),
        Action.DISMISS_NOTICE: frozenset({_ROOM}),
        Action.READ_LEDGER: frozenset(_OBSERVERS),
        Action.READ_LEDGER_UNIT: frozenset({*_OBSERVERS, *_MEMBERS}),
        Action.EXPLAIN_MISSED: frozenset({_ADMIN, *_MEMBERS}),
        Action.CONFIRM_MISSED: frozenset({_ADMIN}),
        Action.AMEND_HEADCOUNT: frozenset({_ADMIN, *_MEMBERS}),
        Action.EDIT_REQUIREMENTS: frozenset({_ADMIN}),
        Action.FREEZE_MONTH: frozenset({_ADMIN}),
        Action.READ_ALL_RECORDINGS: frozenset({*_OBSERVERS, _RESOURCE}),
        Action.READ_RECORDING: frozenset({*_OBSERVERS, _RESOURCE, *_MEMBERS}),
        Action.READ_RESOURCE: frozenset({*_OWN_WORK, _RESOURCE, _ADMIN}),
        Action.EDIT_RESOURCE: frozenset(_OWN_WORK),
        Action.CAPTION_RESOURCE: frozenset({*_OWN_WORK, _RESOURCE}),
        Action.SUBMIT_RESOURCE: frozenset(_OWN_WORK),
        Action.REVIEW_RESOURCE: frozenset({_RESOURCE}),
        Action.PUBLISH_RESOURCE: frozenset({_RESOURCE}),
        Action.WITHDRAW_RESOURCE: frozenset({*_OWN_WORK, _RESOURCE, _ADMIN}),
        Action.EXPORT_FILM: frozenset({*_OWN_WORK, _RESOURCE}),
        Action.SHARE_RESOURCE: frozenset({*_OWN_WORK, _RESOURCE, _ADMIN}),
        Action.RECOMMEND_RESOURCE: frozenset({_RESOURCE}),
        Action.NOMINATE_RESOURCE: frozenset({_RESOURCE, _ADMIN}),
        Action.READ_RESOURCE_FIGURES: frozenset({*_OBSERVERS, _RESOURCE}),
        Action.KEEP_SERIES: frozenset({*_OWN_WORK, _RESOURCE, _ADMIN}),
        Action.READ_RETENTION: frozenset({_RESOURCE, _ADMIN}),
        Action.SET_RETENTION: frozenset({_ADMIN}),
        Action.HOLD_RESOURCE: frozenset({_ADMIN}),
        Action.DELETE_RESOURCE: frozenset({*_OWN_WORK, _ADMIN}),
        Action.DELETE_WITHDRAWN: frozenset({_ADMIN}),
        Action.READ_REVIEW_POLICY: frozenset({_RESOURCE, _ADMIN}),
        Action.SET_REVIEW_POLICY: frozenset({_ADMIN}),
        Action.READ_LINKS: frozenset({*_OBSERVERS, _LEAD}),
        Action.READ_ALL_LINKS: frozenset(_OBSERVERS),
        Action.READ_JOB: frozenset({*_OWNERS, _ADMIN}),
        Action.CANCEL_JOB: frozenset({*_OWNERS, _ADMIN}),
        Action.UPLOAD_WORKBOOK: frozenset({_ADMIN}),
        Action.READ_CONSENT: frozenset({*_OBSERVERS, _RESOURCE, _TEACHER, _ASSISTANT}),
        Action.KEEP_CONSENT: frozenset({_ADMIN, _TEACHER, _ASSISTANT}),
        Action.UPLOAD_MATERIAL: frozenset({_ADMIN, _RESOURCE, _RESEARCHER, _LEAD}),
        Action.MANAGE_HARVESTS: frozenset({_ADMIN, _RESOURCE}),
        Action.READ_FEDERATED: frozenset({*_OBSERVERS, _RESOURCE, *_OF_COUNTY}),
        Action.MANAGE_NODES: frozenset({_ADMIN}),
        Action.MANAGE_CALENDAR_FEEDS: frozenset({_ADMIN}),
    }
)


# Actions that a page offers without an object.
OWN_ACTIONS = (
    Action.LIST_ALL_LESSONS,
    Action.CREATE_LESSON,
    Action.CHOOSE_RESOURCES,
    Action.READ_DIRECTORY,
    Action.MANAGE_DIRECTORY,
    Action.MANAGE_TIMETABLE,
    Action.READ_TERMS,
    Action.OBSERVE,
    Action.READ_ALL_RECORDINGS,
    Action.EDIT_RESOURCE,
    Action.REVIEW_RESOURCE,
    Action.PUBLISH_RESOURCE,
    Action.SET_REVIEW_POLICY,
    Action.SHARE_RESOURCE,
    Action.KEEP_SERIES,
    Action.READ_RESOURCE_FIGURES,
    Action.READ_RETENTION,
    Action.SET_RETENTION,
    Action.READ_ALL_LINKS,
    Action.ISSUE_DEVICE_TOKEN,
    Action.MANAGE_ACCOUNTS,
    Action.MANAGE_GRANTS,
    Action.READ_AUDIT,
    Action.READ_LEDGER,
    Action.EXPLAIN_MISSED,
    Action.CONFIRM_MISSED,
    Action.EDIT_REQUIREMENTS,
    Action.FREEZE_MONTH,
    Action.READ_CONSENT,
    Action.KEEP_CONSENT,
    Action.UPLOAD_MATERIAL,
    Action.MANAGE_HARVESTS,
    Action.READ_FEDERATED,
    Action.MANAGE_NODES,
)


# Actions on what serves all schools at once. Whoever has the role in one school only may not.
_OF_WHOLE_COUNTIES = frozenset({Action.MANAGE_NODES})

# Relations in which a page without an object may stand: some object of the kind will fit.
_SOMEWHERE = frozenset({Relation.NONE, Relation.IN_BRANCH, Relation.SAME_COUNTY})


def standing(
    actor: Actor, held: Collection[Relation] = (), branches: Collection[str] = ()
) -> Standing:
    """Return how an actor stands to an object.

    Args:
        actor: the one who asks.
        held: the relations that hold, whatever the role. `Relation.NONE` holds always.
        branches: the paths of the org nodes to which the object belongs.
    """
    relations = {Relation.NONE, *held}
    if actor.county and any(path.startswith(actor.county) for path in branches):
        relations.add(Relation.SAME_COUNTY)
    return frozenset(
        [(role, relation) for role in actor.roles for relation in relations]
        + [(one.role, Relation.IN_BRANCH) for one in actor.grants if one.covers(branches)]
    )


def granted(action: Action, stands: Standing) -> bool:
    """Return whether one who stands so to an object is granted the action."""
    return not GRANTS[action].isdisjoint(stands)


def allows(
    actor: Actor,
    action: Action,
    held: Collection[Relation] = (),
    branches: Collection[str] = (),
) -> bool:
    """Return whether the actor may do this; for the arguments see `standing`."""
    return granted(action, standing(actor, held, branches))


def demand(
    actor: Actor,
    action: Action,
    held: Collection[Relation] = (),
    branches: Collection[str] = (),
) -> None:
    """Raise Forbidden where the actor may not do this; see `allows`."""
    if not allows(actor, action, held, branches):
        raise Forbidden()


def somewhere(actor: Actor) -> Standing:
    """Return how the actor stands to the objects of the own branch and county.

    A person leads the lessons that the person creates, and belongs to the lessons of the own
    school; a room is invited to its own.
    """
    relations = {*_SOMEWHERE, Relation.LEADS}
    if actor.room_id is not None:
        relations = {*_SOMEWHERE, Relation.INVITED}
    elif actor.school_id is not None:
        relations.add(Relation.AT_SCHOOL)
    return frozenset((role, relation) for role in actor.roles for relation in relations)


def may_somewhere(actor: Actor, action: Action) -> bool:
    """Return whether there may be an object to which the actor may do this."""
    return granted(action, somewhere(actor))


def demand_somewhere(actor: Actor, action: Action) -> None:
    """Raise Forbidden where the actor may do this to no object at all."""
    if not may_somewhere(actor, action):
        raise Forbidden()


def branches_granted(actor: Actor, action: Action) -> frozenset[str]:
    """Return the paths of the branches in which the actor is granted the action."""
    roles = {role for role, relation in GRANTS[action] if relation is Relation.IN_BRANCH}
    return frozenset(one.path for one in actor.grants if one.role in roles)


def allows_in_whole_county(actor: Actor, action: Action) -> bool:
    """Return whether the actor is granted the action for all of a county, or more."""
    paths = branches_granted(actor, action)
    return any(not actor.county or actor.county.startswith(path) for path in paths)


def relations_granted(action: Action, roles: Collection[Role]) -> frozenset[Relation]:
    """Return the relations by which any of the roles is granted the action."""
    return frozenset(relation for role, relation in GRANTS[action] if role in roles)


def own_actions(actor: Actor) -> tuple[Action, ...]:
    """Return the actions that a page offers the actor without an object."""
    return tuple(
        action
        for action in granted_of(OWN_ACTIONS, somewhere(actor))
        if action not in _OF_WHOLE_COUNTIES or allows_in_whole_county(actor, action)
    )


@lru_cache(maxsize=256)  # standings that occur; a long list asks the same many times
def granted_of(actions: tuple[Action, ...], stands: Standing) -> tuple[Action, ...]:
    """Return those of the actions that one who stands so is granted."""
    return tuple(action for action in actions if granted(action, stands))
