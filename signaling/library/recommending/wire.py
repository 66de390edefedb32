"""The REST API's bodies about recommendations."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from signaling.base.problem_codes import ProblemCode
from signaling.base.text import TextKind, Word, text_of
from signaling.directory.wire import OrgLevel, PersonRef
from signaling.library.references.wire import ReferenceScope, ReferenceState
from signaling.library.review.wire import MAX_BATCH
from signaling.library.versions.wire import (
    CheckFinding,
    Remark,
    ResourceSummary,
    ResourceVersion,
    ReviewEntry,
    ReviewLevel,
    ReviewRefusal,
    Revision,
    ShareScope,
    WithdrawReason,
)
from signaling.library.wire import RecordingDetail

_Remark = Annotated[str, text_of(TextKind.PARAGRAPH, 1000, 0)]


class ResourceRecommend(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """推荐上级: the version that a node shows, to the node above. ``from_node_id`` recommends."""

    from_node_id: Word
    version: Annotated[int, Meta(ge=1)]
    note: _Remark = ""


class ReferencePass(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """通过 at the upper node."""

    revision: Revision
    reason: _Remark = ""


class ReferenceReject(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """驳回 at the upper node: the reason is told to those below."""

    revision: Revision
    reason: Remark


class ReferenceForward(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """转交 to another reviewer of the upper node."""

    revision: Revision
    to_person_id: Word
    reason: _Remark = ""


class BatchDecision(StrEnum):
    """Verdict of a batch on each of its recommendations."""

    PASS = "pass"  # noqa: S105 - the name of a verdict
    REJECT = "reject"


class ReferenceItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One recommendation of a batch, with the revision that the page has shown."""

    reference_id: Word
    revision: Revision


class ReferenceBatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """批量: one verdict on many. ``reason`` is told to those below; a rejection needs one."""

    verdict: BatchDecision
    items: Annotated[tuple[ReferenceItem, ...], Meta(min_length=1, max_length=MAX_BATCH)]
    reason: _Remark = ""


class ReferenceOutcome(msgspec.Struct, frozen=True):
    """Outcome for one recommendation of a batch; ``problem`` is None where it was done."""

    reference_id: str
    problem: ProblemCode | None


class ReferenceBatchResult(msgspec.Struct, frozen=True):
    """Outcomes of a batch, in its order."""

    outcomes: tuple[ReferenceOutcome, ...]


class ReferenceRecall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """撤回推荐, by the level that recommended it."""

    revision: Revision


class ReferencePublish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """发布 at the upper node, or another scope of what is published there."""

    revision: Revision
    scope: ReferenceScope
    expires_at: datetime | None = None


class ReferenceWithdraw(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """下架 at the upper node: what lies below stays; what lies above is taken off, too."""

    revision: Revision
    reason: WithdrawReason
    note: Annotated[str, text_of(TextKind.PARAGRAPH, 500, 0)] = ""


class ChainStep(msgspec.Struct, frozen=True):
    """What one node shows of a resource, or is asked to show.

    ``state`` is None where it was never recommended to the node. ``version`` is the one that
    ``state`` speaks of, ``shown_version`` the one that is shown; they differ while a later one is
    under review. ``reason`` is the last reviewer's. ``scope`` is None at the resource's own node,
    whose publication is shown elsewhere.
    """

    node_id: str
    name: str
    level: OrgLevel
    state: ReferenceState | None
    version: int | None
    shown_version: int | None
    reference_id: str | None
    review_level: ReviewLevel | None
    levels: int
    revision: int
    at: datetime | None
    scope: ReferenceScope | None
    expires_at: datetime | None
    reason: str
    withdraw_reason: WithdrawReason | None
    from_below: bool
    may_recommend: bool  # what the node shows, to the node above
    may_recall: bool


class Chain(msgspec.Struct, frozen=True):
    """A resource's way up, its own node first."""

    steps: tuple[ChainStep, ...]


class ReferenceEntry(msgspec.Struct, frozen=True):
    """One recommendation to a node of the reader's branches. ``refused``: why not by the reader.

    ``waiting_for`` is who it was forwarded to; others of the node may still decide.
    """

    reference_id: str
    resource: ResourceSummary
    version: int
    node_id: str
    node_name: str
    node_level: OrgLevel
    from_name: str
    state: ReferenceState
    level: ReviewLevel | None
    levels: tuple[ReviewLevel, ...]
    revision: int
    note: str
    by: str
    waiting_for: PersonRef | None
    submitted_at: datetime
    updated_at: datetime
    scope: ReferenceScope | None
    expires_at: datetime | None
    withdraw_reason: WithdrawReason | None
    withdraw_note: str
    from_below: bool
    refused: ReviewRefusal | None


class ReferenceQueue(msgspec.Struct, frozen=True):
    """Recommendations to the reader's nodes. ``total`` counts at most 1000."""

    entries: tuple[ReferenceEntry, ...]
    total: int
    server_time: datetime
    next: str | None


class ReferenceDetail(msgspec.Struct, frozen=True):
    """A recommendation with what it recommends. ``may_*`` are the reader's, as things are now."""

    entry: ReferenceEntry
    shown: ResourceVersion
    recording: RecordingDetail | None
    findings: tuple[CheckFinding, ...]
    reviews: tuple[ReviewEntry, ...]
    publication_scope: ShareScope | None  # of what it refers to
    may_decide: bool
    may_publish: bool
    may_withdraw: bool
