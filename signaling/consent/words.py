"""Words of the workbook of consents, Chinese and English: those of the pages.

A test compares them with `web_client/src/i18n/texts/consent.zh.ts` and `consent.en.ts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from signaling.consent.wire import (
    ConsentPurpose,
    ConsentState,
    SeatingRemedy,
    WithdrawalReason,
)
from signaling.files.workbooks.languages import WorkbookLanguage

Pair = tuple[str, str]

HEADS: Mapping[str, Pair] = MappingProxyType(
    {
        "title": ("授权同意", "Consent"),
        "former": ("以前的登记", "Former records"),
        "sums": ("汇总", "Sums"),
        "classes": ("班级数", "Classes"),
        "school": ("学校", "School"),
        "grade": ("年级", "Grade"),
        "class_name": ("班级", "Class"),
        "state": ("状态", "State"),
        "purposes": ("同意的用途", "Purposes"),
        "pupils": ("学生数", "Pupils"),
        "refusals": ("未同意人数", "Refusals"),
        "remedy": ("座位安排", "Seats"),
        "covers_from": ("课程自", "Lessons from"),
        "covers_to": ("课程至", "Lessons to"),
        "until": ("公开期限", "Shown until"),
        "given_on": ("签署日期", "Signed on"),
        "pages": ("扫描件页数", "Scanned files"),
        "at": ("登记时间", "Recorded at"),
        "by": ("登记人", "Recorded by"),
        "note": ("备注", "Note"),
        "withdrawn_on": ("撤回日期", "Withdrawn on"),
        "withdrawn_reason": ("撤回原因", "Reason"),
        "withdrawn_by": ("撤回登记人", "Withdrawal by"),
    }
)
VALUES: Mapping[StrEnum, Pair] = MappingProxyType(
    {
        ConsentState.NONE: ("未登记", "Not recorded"),
        ConsentState.GIVEN: ("已同意", "Given"),
        ConsentState.UNSEATED: ("座位未安排", "Seats missing"),
        ConsentState.EXPIRED: ("已到期", "Expired"),
        ConsentState.WITHDRAWN: ("已撤回", "Withdrawn"),
    }
)
PURPOSES: Mapping[ConsentPurpose, Pair] = MappingProxyType(
    {
        ConsentPurpose.LIVE: ("参加同步课堂", "Live lessons"),
        ConsentPurpose.RECORD: ("录制并保存", "Recording kept"),
        ConsentPurpose.SHOW_SCHOOL: ("本校内展示", "Shown in the school"),
        ConsentPurpose.SHOW_COUNTY: ("本县内展示", "Shown in the county"),
        ConsentPurpose.SHOW_PLATFORM: ("向登录用户展示", "Shown to signed-in users"),
        ConsentPurpose.SHOW_PUBLIC: ("向社会公开", "Shown to the public"),
    }
)
REMEDIES: Mapping[SeatingRemedy, Pair] = MappingProxyType(
    {
        SeatingRemedy.OFF_CAMERA: ("坐在镜头之外", "Off camera"),
        SeatingRemedy.OTHER_ROOM: ("在另一教室学习", "In another room"),
    }
)
REASONS: Mapping[WithdrawalReason, Pair] = MappingProxyType(
    {
        WithdrawalReason.GUARDIAN: ("监护人要求", "Asked by a guardian"),
        WithdrawalReason.PUPIL: ("学生要求", "Asked by a pupil"),
        WithdrawalReason.SCHOOL: ("学校决定", "Decided by the school"),
        WithdrawalReason.MISTAKE: ("登记有误", "Recorded wrongly"),
        WithdrawalReason.OTHER: ("其他", "Other"),
    }
)
_BETWEEN: Pair = ("、", ", ")


class Words:
    """The words of one language."""

    def __init__(self, language: WorkbookLanguage) -> None:
        self._place = list(WorkbookLanguage).index(language)

    def head(self, name: str) -> str:
        """Return the heading of a column, or another word of the workbook."""
        return HEADS[name][self._place]

    def state(self, state: ConsentState) -> str:
        """Return the words for a state."""
        return VALUES[state][self._place]

    def purposes(self, purposes: tuple[ConsentPurpose, ...]) -> str:
        """Return the words for purposes."""
        return _BETWEEN[self._place].join(PURPOSES[one][self._place] for one in purposes)

    def remedy(self, remedy: SeatingRemedy | None) -> str:
        """Return the words for a remedy; nothing for none."""
        return "" if remedy is None else REMEDIES[remedy][self._place]

    def reason(self, reason: WithdrawalReason | None) -> str:
        """Return the words for a reason; nothing for none."""
        return "" if reason is None else REASONS[reason][self._place]
