"""Facts of an action, with names: pages and workbooks put words to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from signaling.audit.actions import AuditAction
from signaling.audit.wire import AuditFact

_MOST = 40  # facts of one line; a form of the directory has some ten fields
# Details that are one fact alone, not an object of facts.
_ALONE: Mapping[str, str] = MappingProxyType(
    {
        AuditAction.OBSERVE: "way",
        AuditAction.TERMINAL_CONFIRM: "address",
        AuditAction.ACCOUNT_CREATE: "login",
        AuditAction.ACCOUNT_RESET: "login",
        AuditAction.JOB_SUBMIT: "job",
        AuditAction.JOB_CANCEL: "job",
        AuditAction.CALENDAR_DAY_RESET: "date",
        AuditAction.CALENDAR_IMPORT: "year",
        AuditAction.LESSON_STOP: "reason",
        AuditAction.LESSON_CANCEL: "reason",
        AuditAction.TIMETABLE_IMPORT_AGREE: "note",
    }
)


def detail_of(**facts: object) -> str:
    """Write facts into a detail. None is left out; a pair is what was before and what is now."""
    said = {name: value for name, value in facts.items() if value is not None}
    return msgspec.json.encode(said).decode()


def facts_of(action: str, detail: str) -> tuple[AuditFact, ...]:
    """Return the facts of a detail. Free text is one fact without a name."""
    if not detail:
        return ()
    if detail.startswith("{"):
        try:
            return tuple(_listed(msgspec.json.decode(detail, type=dict[str, Any])))[:_MOST]
        except msgspec.MsgspecError:
            pass
    return (AuditFact(_ALONE.get(action, ""), detail),)


def _listed(facts: Mapping[str, Any]) -> Iterator[AuditFact]:
    for name, value in facts.items():
        if name == "fields" and isinstance(value, dict):
            yield from _listed(value)
        elif isinstance(value, list) and len(value) == 2:
            before, now = value
            yield AuditFact(name, _text(now), None if before is None else _text(before))
        elif value is not None:
            yield AuditFact(name, _text(value))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return " ".join(_text(one) for one in value)
    return str(value)
