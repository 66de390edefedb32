"""Imports as the store returns them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from signaling.timetable.imports.wire import ImportCounts, ImportState


class Part(StrEnum):
    """Kinds of lines of a dry run."""

    FINDINGS = "findings"
    QUESTIONS = "questions"
    MATCHES = "matches"
    CHANGES = "changes"
    CLASHES = "clashes"


@dataclass(frozen=True, slots=True)
class ImportRecord:
    """One import; see `tables.ImportRow`."""

    import_id: str
    county_id: str
    term_id: str
    school_id: str | None
    owner_id: str
    owner_name: str
    file_id: str
    file_name: str
    remove_missing: bool
    state: ImportState
    job_id: str
    digest: str
    counts: ImportCounts
    version: int
    created_at: datetime
