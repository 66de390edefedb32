"""Words of a calendar feed. A phone shows them as they are, so no page can translate them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from signaling.lessons.reasons import MissedReason
from signaling.lessons.wire import ClassKind
from signaling.timetable.core.codes import Parity
from signaling.timetable.core.weeks import parity_of

CLASS_KINDS: Mapping[ClassKind, str] = MappingProxyType(
    {
        ClassKind.DEDICATED: "专递课堂",
        ClassKind.MASTER: "名师课堂",
        ClassKind.ELITE_SCHOOL: "名校网络课堂",
    }
)
REASONS: Mapping[MissedReason, str] = MappingProxyType(
    {
        MissedReason.SYSTEM_FAULT: "系统故障",
        MissedReason.EQUIPMENT_FAULT: "设备故障",
        MissedReason.POWER_FAULT: "电力故障",
        MissedReason.NETWORK_FAULT: "网络故障",
        MissedReason.TEACHER_LEAVE: "教师请假",
        MissedReason.LEAD_ABSENT: "主讲无故停课",
        MissedReason.ROOM_CLOSED: "教室关闭",
        MissedReason.OTHER: "其他",
    }
)
TEACHER = "主讲教师"
REASON = "原因"
CANCELLED = "已取消"
CALENDAR = "课表"


def week_label(week: int) -> str:
    """Return a teaching week as the pages show it."""
    return f"第{week}周({'单' if parity_of(week) is Parity.ODD else '双'})"


def reason_of(reason: MissedReason | None, note: str | None) -> str | None:
    """Return why a lesson was changed: the reason, and what somebody wrote about it."""
    words = [REASONS[reason]] if reason is not None else []
    if note:
        words.append(note)
    return " · ".join(words) or None
