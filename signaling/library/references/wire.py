"""States and scopes of reference copies."""

from __future__ import annotations

from enum import StrEnum


class ReferenceState(StrEnum):
    """A recommendation's way to a publication at the upper node. The first two are at work."""

    IN_REVIEW = "in_review"
    PASSED = "passed"
    PUBLISHED = "published"
    REJECTED = "rejected"
    RECALLED = "recalled"  # by the level that recommended it
    SUPERSEDED = "superseded"  # a later version was published at the node
    WITHDRAWN = "withdrawn"  # by the node, or because it was withdrawn further down


class ReferenceScope(StrEnum):
    """公开范围 of a reference copy. A password is for a school's own link, so there is none."""

    PRIVATE = "private"  # kept in the node's library, for those who work on its resources
    BRANCH = "branch"  # people and terminals of the node's branch
    SIGNED_IN = "signed_in"
    PUBLIC = "public"
