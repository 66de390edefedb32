"""Reasons why a lesson is moved, given to another teacher, cancelled, or was missed."""

from __future__ import annotations

from enum import StrEnum


class MissedReason(StrEnum):
    """停课原因 as the monthly report counts them."""

    SYSTEM_FAULT = "system_fault"  # 系统故障
    EQUIPMENT_FAULT = "equipment_fault"  # 设备故障
    POWER_FAULT = "power_fault"  # 电力故障
    NETWORK_FAULT = "network_fault"  # 网络故障
    TEACHER_LEAVE = "teacher_leave"  # 教师请假
    LEAD_ABSENT = "lead_absent"  # 主讲无故停课
    ROOM_CLOSED = "room_closed"  # 教室关闭
    OTHER = "other"  # 其他


WITHOUT_CAUSE = frozenset({MissedReason.LEAD_ABSENT})  # 无故; all others are 因故
