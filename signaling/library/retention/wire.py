"""The REST API's bodies about retention, legal holds and deletions."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from signaling.base.text import TextKind, Word, paragraph, text_of
from signaling.directory.wire import OrgLevel
from signaling.files.workbooks.languages import WorkbookLanguage
from signaling.library.wire import ResourceKind, ResourceState

MIN_DAYS, MAX_DAYS = 7, 3650  # of a rule: not before the owner can answer the notice; ten years

MAX_WITHIN = 3650  # days ahead that a list shows
MAX_TITLE_WORDS = 100  # characters that are looked for in titles

_Note = Annotated[str, paragraph(500)]


class RetentionKind(StrEnum):
    """The kinds of resources that a rule may let go."""

    UNPUBLISHED_RECORDING = "unpublished_recording"  # counted from the lesson
    WITHDRAWN = "withdrawn"  # counted from 下架
    UNUSED_UPLOAD = "unused_upload"  # counted from its last change


class DeletionReason(StrEnum):
    """Reasons of a deletion: a rule of one of the kinds, or a person."""

    UNPUBLISHED_RECORDING = "unpublished_recording"
    WITHDRAWN = "withdrawn"
    UNUSED_UPLOAD = "unused_upload"
    BY_HAND = "by_hand"


class RetentionChoice(StrEnum):
    """What a node says about a kind."""

    INHERIT = "inherit"  # as the node above
    KEEP = "keep"  # for ever, whatever the node above says
    DELETE = "delete"  # after so many days


class RetentionRule(msgspec.Struct, frozen=True):
    """The rule of a node for a kind, until a node below says otherwise. No days keep for ever."""

    node_id: str
    name: str
    level: OrgLevel
    kind: RetentionKind
    days: int | None
    keeps_title: bool
    settable: bool  # by the reader


class RetentionRules(msgspec.Struct, frozen=True):
    """Rules that hold in the reader's branches, the highest node first.

    Without any, everything is kept. The owner is told ``notice_days`` before a deletion.
    """

    rules: tuple[RetentionRule, ...]
    notice_days: int


class RetentionRuleSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sets the rule of a node for a kind; ``days`` are for the choice to delete."""

    node_id: Word
    kind: RetentionKind
    choice: RetentionChoice
    days: Annotated[int, Meta(ge=MIN_DAYS, le=MAX_DAYS)] | None = None
    keeps_title: bool = True


class LegalHold(msgspec.Struct, frozen=True):
    """法定保留: while it stands, nothing deletes the resource."""

    hold_id: str
    resource_id: str
    title: str
    reason: str
    until: datetime | None
    by: str
    placed_at: datetime
    released_at: datetime | None
    released_by: str
    release_reason: str


class LegalHoldList(msgspec.Struct, frozen=True):
    """Holds, the newest first. ``next`` continues the list."""

    holds: tuple[LegalHold, ...]
    next: str | None


class LegalHoldPlace(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Places a hold, for good or until a time."""

    reason: _Note
    until: datetime | None = None


class LegalHoldRelease(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Ends a hold."""

    reason: _Note


class DueDeletion(msgspec.Struct, frozen=True):
    """A resource that a rule will delete.

    ``since`` is what the days are counted from; ``due_at`` when they are over. The deletion comes
    then at the earliest, and ``notice_days`` after the owner was told at ``noticed_at``.
    """

    resource_id: str
    title: str
    kind: ResourceKind
    reason: RetentionKind
    owner: str
    place: str  # the name of the org node
    rule_place: str  # … of the rule's
    days: int
    since: datetime
    due_at: datetime
    noticed_at: datetime | None
    held: bool
    held_by: str
    held_until: datetime | None


class DueDeletionList(msgspec.Struct, frozen=True):
    """What rules will delete, the earliest first. ``next`` continues the list."""

    deletions: tuple[DueDeletion, ...]
    next: str | None


class ResourceDelete(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """删除 by hand, for good."""

    note: _Note


class Tombstone(msgspec.Struct, frozen=True):
    """The trace of a deleted resource. ``erased_at`` is empty while files are being removed."""

    resource_id: str
    title: str
    title_hash: str
    kind: ResourceKind
    reason: DeletionReason
    place: str
    rule_place: str
    days: int | None
    note: str
    by: str
    noticed_at: datetime | None
    decided_at: datetime
    erased_at: datetime | None
    problem: str


class TombstoneList(msgspec.Struct, frozen=True):
    """Deleted resources, the last one first. ``next`` continues the list."""

    tombstones: tuple[Tombstone, ...]
    next: str | None


class KeptBecause(StrEnum):
    """Reasons for which no rule deletes a resource now."""

    PUBLISHED = "published"
    UNDER_REVIEW = "under_review"
    RULE_KEEPS = "rule_keeps"  # the rule of the nearest node says: for ever
    NO_RULE = "no_rule"


class ResourceRetention(msgspec.Struct, frozen=True):
    """How long one resource is kept, and what the reader may do about it.

    Without a deletion that is due, ``kept_because`` tells why. ``may_delete`` is about the reader
    alone: what is published, under review or held is not deleted, whoever asks.
    """

    due: DueDeletion | None
    hold: LegalHold | None
    may_hold: bool
    may_delete: bool
    title: str
    kind: ResourceKind
    owner: str
    place: str  # the name of the org node
    kept_because: KeptBecause | None
    keeping_place: str  # the node whose rule keeps it; else empty
    notice_days: int


class FoundResource(msgspec.Struct, frozen=True):
    """A resource of the reader's branches, whether or not a rule names it."""

    resource_id: str
    title: str
    kind: ResourceKind
    state: ResourceState
    owner: str
    place: str
    started_at: datetime
    held: bool


class FoundResourceList(msgspec.Struct, frozen=True):
    """Resources whose title holds the words, the newest lesson first; ``more`` were left out."""

    resources: tuple[FoundResource, ...]
    more: bool


class DeletionExportWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """导出 of what rules will delete, as the page shows it."""

    language: WorkbookLanguage
    kind: RetentionKind | None = None
    node_id: Word | None = None
    q: Annotated[str, text_of(TextKind.LINE, MAX_TITLE_WORDS, 0)] = ""
    within: Annotated[int, Meta(ge=0, le=MAX_WITHIN)] | None = None  # days
    held: bool | None = None


class DeletionsExported(msgspec.Struct, frozen=True):
    """The workbook that a job made."""

    file_id: str
    name: str
    rows: int
