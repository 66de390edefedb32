"""Words of the ledger's workbook, which people open in an office program: Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from signaling.files.workbooks.languages import WorkbookLanguage
from signaling.ledger.wire import MissedCause, UnitOutcome
from signaling.lessons.reasons import MissedReason


class Sheet(StrEnum):
    """Sheets of the workbook."""

    POINTS = "points"
    CLASSES = "classes"
    SUBJECTS = "subjects"
    WEEKS = "weeks"
    UNITS = "units"
    CORRECTIONS = "corrections"


_SHEETS: Mapping[Sheet, tuple[str, str]] = MappingProxyType(
    {
        Sheet.POINTS: ("按教学点", "By point"),
        Sheet.CLASSES: ("按班级", "By class"),
        Sheet.SUBJECTS: ("按学科", "By subject"),
        Sheet.WEEKS: ("按周", "By week"),
        Sheet.UNITS: ("明细", "Lessons"),
        Sheet.CORRECTIONS: ("更正", "Corrections"),
    }
)
_HEADS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "label": ("名称", "Name"),
        "parent": ("所属", "Belongs to"),
        "planned": ("计划开课", "Planned"),
        "due": ("已到开课", "Due"),
        "required": ("应开课", "Required"),
        "held": ("实开课", "Held"),
        "rate": ("开课率(%)", "Delivery rate (%)"),
        "valid": ("有效授课", "Valid"),
        "invalid": ("无效授课", "Not valid"),
        "excused": ("因故停课", "Missed with cause"),
        "unexcused": ("无故停课", "Missed without cause"),
        "awaiting": ("待说明", "Not explained"),
        "extra": ("假期课", "Holiday lessons"),
        "present_minutes": ("在课分钟", "Minutes present"),
        "seen_minutes": ("看得到的分钟", "Minutes seen"),
        "pupils": ("到课人次", "Pupils"),
        "day": ("日期", "Date"),
        "starts_at": ("开始", "From"),
        "ends_at": ("结束", "To"),
        "school": ("教学点", "Point"),
        "class_name": ("班级", "Class"),
        "room": ("教室", "Room"),
        "grade": ("年级", "Grade"),
        "subject": ("学科", "Subject"),
        "title": ("课题", "Title"),
        "lead_teacher": ("主讲教师", "Lead teacher"),
        "lead_school": ("主讲学校", "Leading school"),
        "outcome": ("结果", "Outcome"),
        "headcount": ("到课人数", "Headcount"),
        "cause": ("停课性质", "Cause"),
        "reason": ("停课原因", "Reason"),
        "at": ("更正时间", "Corrected at"),
        "by": ("更正人", "By"),
        "held_before": ("原实开", "Held before"),
        "held_after": ("现实开", "Held now"),
        "valid_before": ("原有效", "Valid before"),
        "valid_after": ("现有效", "Valid now"),
        "missed_before": ("原停课", "Missed before"),
        "missed_after": ("现停课", "Missed now"),
    }
)
_VALUES: Mapping[StrEnum, tuple[str, str]] = MappingProxyType(
    {
        UnitOutcome.UPCOMING: ("未到", "Upcoming"),
        UnitOutcome.LIVE: ("进行中", "Live"),
        UnitOutcome.HELD: ("实开", "Held"),
        UnitOutcome.MISSED: ("未开", "Missed"),
        UnitOutcome.WITHDRAWN: ("已撤销", "Withdrawn"),
        MissedCause.AWAITING: ("待说明", "Not explained"),
        MissedCause.EXCUSED: ("因故", "With cause"),
        MissedCause.UNEXCUSED: ("无故", "Without cause"),
        MissedReason.SYSTEM_FAULT: ("系统故障", "System fault"),
        MissedReason.EQUIPMENT_FAULT: ("设备故障", "Equipment fault"),
        MissedReason.POWER_FAULT: ("电力故障", "Power cut"),
        MissedReason.NETWORK_FAULT: ("网络故障", "Network fault"),
        MissedReason.TEACHER_LEAVE: ("教师请假", "Teacher on leave"),
        MissedReason.LEAD_ABSENT: ("主讲无故停课", "Teacher absent"),
        MissedReason.ROOM_CLOSED: ("教室关闭", "Room closed"),
        MissedReason.OTHER: ("其他", "Other"),
    }
)
_FILE = ("开课台账", "ledger")


class Words:
    """The words of one language."""

    def __init__(self, language: WorkbookLanguage) -> None:
        self._place = list(WorkbookLanguage).index(language)

    def sheet(self, sheet: Sheet) -> str:
        """Return the title of a sheet."""
        return _SHEETS[sheet][self._place]

    def head(self, name: str) -> str:
        """Return the heading of a column."""
        return _HEADS[name][self._place]

    def value(self, value: StrEnum | None) -> str:
        """Return the words for a code; nothing for none."""
        return "" if value is None else _VALUES[value][self._place]

    def file(self, first: str, last: str) -> str:
        """Return the name of a workbook."""
        return f"{_FILE[self._place]} {first} {last}.xlsx"
