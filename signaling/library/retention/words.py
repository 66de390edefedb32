"""Words of the workbook of due deletions, Chinese and English: those of the pages.

A test compares them with `web_client/src/i18n/texts/retention.zh.ts` and `retention.en.ts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from signaling.files.workbooks.languages import WorkbookLanguage
from signaling.library.retention.wire import RetentionKind

Pair = tuple[str, str]

HEADS: Mapping[str, Pair] = MappingProxyType(
    {
        "title": ("将删除的资源", "Due deletions"),
        "resource": ("资源", "Resource"),
        "owner": ("所有者", "Owner"),
        "place": ("所属单位", "Place"),
        "reason": ("原因", "Reason"),
        "rule": ("依据规则", "Rule of"),
        "days": ("保存天数", "Days kept"),
        "since": ("起算时间", "Counted from"),
        "due": ("到期时间", "Due"),
        "noticed": ("已通知", "Owner told"),
        "held": ("法定保留", "Legal hold"),
        "id": ("资源编号", "Resource id"),
    }
)
KINDS: Mapping[RetentionKind, Pair] = MappingProxyType(
    {
        RetentionKind.UNPUBLISHED_RECORDING: ("未发布的录像", "Recording not published"),
        RetentionKind.WITHDRAWN: ("已下架的资源", "Withdrawn resource"),
        RetentionKind.UNUSED_UPLOAD: ("未使用的上传", "Upload not used"),
    }
)


class Words:
    """The words of one language."""

    def __init__(self, language: WorkbookLanguage) -> None:
        self._place = list(WorkbookLanguage).index(language)

    def head(self, name: str) -> str:
        """Return the heading of a column, or the workbook's title."""
        return HEADS[name][self._place]

    def kind(self, kind: RetentionKind) -> str:
        """Return the words for a kind."""
        return KINDS[kind][self._place]
