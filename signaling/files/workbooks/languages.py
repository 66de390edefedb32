"""Languages of the workbooks that jobs make."""

from __future__ import annotations

from enum import StrEnum


class WorkbookLanguage(StrEnum):
    """Languages of a workbook."""

    ZH = "zh"
    EN = "en"
