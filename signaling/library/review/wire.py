"""The REST API's bodies about reviews."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from signaling.base.problem_codes import ProblemCode
from signaling.base.text import TextKind, Word, text_of
from signaling.directory.wire import OrgLevel, PersonRef
from signaling.library.versions.wire import (
    CheckFinding,
    Remark,
    ResourceSummary,
    ReviewLevel,
    ReviewMark,
    ReviewRefusal,
    Revision,
    ShareScope,
    WithdrawReason,
)

MAX_BATCH = 100
MAX_MARKS = 100
MAX_LEVELS = 3  # 初审, 复审, 终审

_Remark = Annotated[str, text_of(TextKind.PARAGRAPH, 1000, 0)]


class ReviewPass(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """通过."""

    revision: Revision
    reason: _Remark = ""


class ReviewReject(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """驳回: the reason is told to the author."""

    revision: Revision
    reason: Remark
    marks: Annotated[tuple[ReviewMark, ...], Meta(max_length=MAX_MARKS)] = ()


class ReviewForward(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """转交 to another reviewer of the same level."""

    revision: Revision
    to_person_id: Word
    reason: _Remark = ""


class ReviewQueueEntry(msgspec.Struct, frozen=True):
    """One resource that waits for a verdict.

    ``level`` is None for what was passed and waits for its publication. ``waiting_for`` is who it
    was forwarded to; others of the level may still decide. ``refused`` says why the reader may not.
    """

    resource: ResourceSummary
    version: int
    revision: int
    level: ReviewLevel | None
    levels: tuple[ReviewLevel, ...]
    submitted_at: datetime
    waiting_for: PersonRef | None
    findings: tuple[CheckFinding, ...]
    refused: ReviewRefusal | None


class ReviewQueue(msgspec.Struct, frozen=True):
    """待审核, the longest waiting first. ``total`` counts at most 1000."""

    entries: tuple[ReviewQueueEntry, ...]
    total: int
    server_time: datetime
    next: str | None


class ReviewerList(msgspec.Struct, frozen=True):
    """People who may decide about a resource at its level, beside the reader."""

    reviewers: tuple[PersonRef, ...]


class BatchVerdict(StrEnum):
    """Action of a batch on each of its resources."""

    PASS = "pass"  # noqa: S105 - the name of a verdict
    REJECT = "reject"
    PUBLISH = "publish"
    WITHDRAW = "withdraw"


class BatchItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One resource of a batch, with the revision that the page has shown."""

    resource_id: Word
    revision: Revision


class ReviewBatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """批量. ``reason`` is that of a rejection, ``scope`` that of a publication."""

    verdict: BatchVerdict
    items: Annotated[tuple[BatchItem, ...], Meta(min_length=1, max_length=MAX_BATCH)]
    reason: _Remark = ""
    scope: ShareScope | None = None
    expires_at: datetime | None = None
    withdraw_reason: WithdrawReason | None = None


class BatchOutcome(msgspec.Struct, frozen=True):
    """Outcome for one resource of a batch; ``problem`` is None where it was done."""

    resource_id: str
    problem: ProblemCode | None


class BatchResult(msgspec.Struct, frozen=True):
    """Outcomes of a batch, in its order."""

    outcomes: tuple[BatchOutcome, ...]


class ReviewPolicy(msgspec.Struct, frozen=True):
    """The number of levels in the branch of an org node, until a node below says otherwise."""

    node_id: str
    name: str
    level: OrgLevel
    levels: int
    version: int


class ReviewPolicies(msgspec.Struct, frozen=True):
    """Policies of the reader's branches, the highest node first; ``default`` holds elsewhere."""

    policies: tuple[ReviewPolicy, ...]
    default: int


class ReviewPolicySet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sets the levels of a node; None takes its policy away."""

    node_id: Word
    levels: Annotated[int, Meta(ge=1, le=MAX_LEVELS)] | None
