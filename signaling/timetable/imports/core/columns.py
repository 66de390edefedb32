"""Columns of the long table: one field each, with the headers that people write for it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from signaling.lessons.wire import ClassKind, DeliveryMode
from signaling.timetable.imports.core.wording import plain


class Field(StrEnum):
    """Fields of the long table, in the order of the template."""

    SCHOOL = "school"
    ROOM = "room"
    CLASS = "class"
    GRADE = "grade"
    SUBJECT = "subject"
    TITLE = "title"
    TEACHER = "teacher"
    STAFF_NO = "staff_no"
    WEEKDAY = "weekday"
    PERIOD = "period"
    WEEKS = "weeks"
    RECEIVE_SCHOOL = "receive_school"
    RECEIVE_ROOMS = "receive_rooms"
    RECEIVE_CLASS = "receive_class"
    CLASS_KIND = "class_kind"
    DELIVERY_MODE = "delivery_mode"
    TEXTBOOK_VOLUME = "textbook_volume"
    TEXTBOOK_SECTION = "textbook_section"


REQUIRED = (Field.SUBJECT, Field.WEEKDAY, Field.PERIOD)
# The first header of a field is the template's.
HEADERS: Mapping[Field, tuple[str, ...]] = MappingProxyType(
    {
        Field.SCHOOL: ("学校", "主讲学校", "中心校", "开课学校", "学校名称"),
        Field.ROOM: ("教室", "主讲教室", "上课教室", "授课教室", "上课地点", "地点"),
        Field.CLASS: ("班级", "主讲班级", "上课班级", "班级名称", "行政班"),
        Field.GRADE: ("年级",),
        Field.SUBJECT: ("学科", "科目", "课程", "课程名称", "学科名称"),
        Field.TITLE: ("课题", "标题", "课名", "备注课题"),
        Field.TEACHER: ("教师", "主讲教师", "任课教师", "授课教师", "老师", "教师姓名", "任课老师"),
        Field.STAFF_NO: ("工号", "教师工号", "教工号", "职工号"),
        Field.WEEKDAY: ("星期", "周几", "星期几", "上课星期", "上课日"),
        Field.PERIOD: ("节次", "节", "上课节次", "第几节", "课节"),
        Field.WEEKS: ("周次", "上课周次", "教学周", "周数", "起止周"),
        Field.RECEIVE_SCHOOL: ("听课学校", "接收学校", "教学点"),
        Field.RECEIVE_ROOMS: ("听课教室", "接收教室", "教学点教室", "听课端"),
        Field.RECEIVE_CLASS: ("听课班级", "接收班级"),
        Field.CLASS_KIND: ("课堂类型", "课型", "类型", "三个课堂"),
        Field.DELIVERY_MODE: ("授课方式", "授课形式", "上课方式"),
        Field.TEXTBOOK_VOLUME: ("教材册次", "册次", "教材"),
        Field.TEXTBOOK_SECTION: ("教材章节", "章节", "课文"),
    }
)
CLASS_KINDS: Mapping[ClassKind, tuple[str, ...]] = MappingProxyType(
    {
        ClassKind.DEDICATED: ("专递课堂", "专递", "dedicated"),
        ClassKind.MASTER: ("名师课堂", "名师", "master"),
        ClassKind.ELITE_SCHOOL: ("名校网络课堂", "名校", "elite_school"),
    }
)
DELIVERY_MODES: Mapping[DeliveryMode, tuple[str, ...]] = MappingProxyType(
    {
        DeliveryMode.LEAD_WITH_PUPILS: ("主讲教室有生", "有生", "lead_with_pupils"),
        DeliveryMode.LEAD_WITHOUT_PUPILS: ("主讲教室无生", "无生", "lead_without_pupils"),
        DeliveryMode.RESOURCE_PUSH: ("资源推送", "推送", "resource_push"),
    }
)
_FIELDS = {plain(header): field for field, headers in HEADERS.items() for header in headers}
_KINDS = {plain(word): kind for kind, words in CLASS_KINDS.items() for word in words}
_MODES = {plain(word): mode for mode, words in DELIVERY_MODES.items() for word in words}


def field_of(header: str) -> Field | None:
    """Return the field of a header; None for a header that nobody knows."""
    return _FIELDS.get(plain(header).rstrip("*:"))


def class_kind_of(text: str) -> ClassKind | None:
    """Read 课堂类型."""
    return _KINDS.get(plain(text))


def delivery_mode_of(text: str) -> DeliveryMode | None:
    """Read 授课方式."""
    return _MODES.get(plain(text))
