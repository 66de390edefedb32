"""The words for how an actor stands to an object."""

from __future__ import annotations

from enum import StrEnum


class Relation(StrEnum):
    """An actor's relation to an object: a lesson, its recording, a room, a person.

    The words are few and hold for every noun. The wing that owns an object computes which of them
    hold, once in Python for an object in hand and once in SQL for its lists (`access.lists`).
    """

    NONE = "none"  # holds always: the role alone is enough
    OWNS = "owns"  # made it
    IN_BRANCH = "in_branch"  # holds the role in a branch in which the object lies
    SAME_COUNTY = "same_county"  # belongs to the county in which the object lies
    LEADS = "leads"  # is its lead teacher
    INVITED = "invited"  # is one of its receive rooms
    AT_SCHOOL = "at_school"  # belongs to a school whose room takes part
