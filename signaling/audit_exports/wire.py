"""The REST API's bodies about workbooks of the audit log."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec

from signaling.base.text import TextKind, text_of
from signaling.files.workbooks.languages import WorkbookLanguage

Searched = Annotated[str, text_of(TextKind.LINE, 200, 0)]  # empty: anything


class AuditExportWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The lines to be written into a workbook: the search of `GET /api/audit`."""

    first: date
    last: date
    language: WorkbookLanguage = WorkbookLanguage.ZH
    actor: Searched = ""
    action: Searched = ""
    target: Searched = ""


class AuditExported(msgspec.Struct, frozen=True):
    """A workbook that was made. ``more`` says that older lines are not in it."""

    file_id: str
    name: str
    rows: int
    more: bool
