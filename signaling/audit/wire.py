"""The REST API's bodies about the audit log."""

from __future__ import annotations

from datetime import datetime

import msgspec


class AuditFact(msgspec.Struct, frozen=True):
    """One fact of an action, for which pages have words: ``value`` may be a code.

    ``name`` is empty for free text. ``former`` is what was before, null where nothing was.
    """

    name: str
    value: str
    former: str | None = None


class AuditLine(msgspec.Struct, frozen=True):
    """One line of the audit log.

    ``action`` is an `AuditAction`, or a word of an earlier version. ``actor_id`` is null for one
    who was not known. ``target_name`` is the target's name at that time, empty where none was kept.
    ``facts`` are those of ``detail``.
    """

    audit_id: str
    at: datetime
    actor_id: str | None
    actor_name: str
    action: str
    target: str
    target_name: str
    detail: str
    facts: tuple[AuditFact, ...]
    remote: str


class AuditPage(msgspec.Struct, frozen=True):
    """A page of the audit log, newest first, and the place of the next one."""

    lines: tuple[AuditLine, ...]
    next: str | None
