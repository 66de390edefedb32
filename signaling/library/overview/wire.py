"""The REST API's bodies about what a branch has published."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from signaling.library.versions.wire import ShareScope, WithdrawReason


class PublicationState(StrEnum):
    """What became of a publication: shown, past its time, or withdrawn."""

    SERVED = "served"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class PublicationEntry(msgspec.Struct, frozen=True):
    """One publication, for those who may withdraw it. Use is counted since the first one."""

    resource_id: str
    version: int
    title: str
    subject: str
    grade: str
    teacher_name: str
    school_name: str
    scope: ShareScope
    published_at: datetime
    expires_at: datetime | None
    withdrawn_at: datetime | None
    withdraw_reason: WithdrawReason | None
    withdraw_note: str
    plays: int
    downloads: int


class PublishingSchool(msgspec.Struct, frozen=True):
    """A school in the reader's branches, to choose from."""

    school_id: str
    name: str


class PublicationList(msgspec.Struct, frozen=True):
    """已发布, the latest first. ``total`` counts at most 1000.

    ``schools`` come with the first page.
    """

    entries: tuple[PublicationEntry, ...]
    total: int
    schools: tuple[PublishingSchool, ...]
    server_time: datetime
    next: str | None
