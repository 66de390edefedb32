"""The sheet of each noun: its columns, and how a cell becomes a value and a value a cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

import msgspec

from signaling.directory.classes.wire import ClassCreate
from signaling.directory.nodes.wire import NodeCreate
from signaling.directory.pairings.wire import PairingCreate
from signaling.directory.rooms.wire import RoomCreate
from signaling.directory.schools.wire import SchoolCreate
from signaling.directory.subjects.wire import SubjectCreate
from signaling.directory.teachers.wire import TeacherCreate
from signaling.directory.wire import OrgLevel, SchoolKind
from signaling.directory.workbooks.wire import DirectoryNoun

ID_TITLE = "编号"  # of an entry that is there; empty for a new one
STATE_TITLE = "状态"  # shown by exports; imports disable nothing
ACTIVE_WORDS = {True: "启用", False: "停用"}

_KINDS = MappingProxyType(
    {
        "中心校": SchoolKind.CENTER_SCHOOL,
        "教学点": SchoolKind.TEACHING_POINT,
        "其他学校": SchoolKind.SCHOOL,
    }
)
_LEVELS = MappingProxyType(
    {
        "省": OrgLevel.PROVINCE,
        "市": OrgLevel.CITY,
        "县": OrgLevel.COUNTY,
        "国家": OrgLevel.COUNTRY,
    }
)


class Refers(StrEnum):
    """Kind of entry that a cell names."""

    SCHOOL = "school"
    SUBJECTS = "subjects"  # several, parted by commas
    NODE = "node"


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """A column of a noun's sheet.

    Attributes:
        title: the words of the header.
        name: of the field, in the body that creates an entry.
        note: help beside the cell.
        words: the word for each value, where a value is no text of its own.
        refers: what a cell names.
    """

    title: str
    name: str
    note: str = ""
    words: Mapping[str, StrEnum] = field(default_factory=dict)
    refers: Refers | None = None


@dataclass(frozen=True, slots=True)
class SheetForm:
    """The sheet of a noun.

    Attributes:
        title: the name of the sheet and of the file.
        create: the body that creates an entry: types and defaults of the fields.
        columns: in their order.
        keys: fields by which a row without 编号 finds its entry; the first whose cells are filled.
        levels: of the nodes for which the sheet can be made.
        home: the field that is the node itself.
    """

    title: str
    create: type[msgspec.Struct]
    columns: tuple[SheetColumn, ...]
    keys: tuple[tuple[str, ...], ...]
    levels: frozenset[OrgLevel]
    home: str | None = None

    def column(self, name: str) -> SheetColumn:
        """Return the column of a field."""
        return next(one for one in self.columns if one.name == name)


_SCHOOL = SheetColumn("学校", "school_id", "学校名称", refers=Refers.SCHOOL)
_OF_COUNTY = frozenset({OrgLevel.COUNTY})
_OF_SCHOOL = frozenset({OrgLevel.COUNTY, OrgLevel.SCHOOL})

FORMS: Mapping[DirectoryNoun, SheetForm] = MappingProxyType(
    {
        DirectoryNoun.NODES: SheetForm(
            "区域",
            NodeCreate,
            (
                SheetColumn("名称", "name"),
                SheetColumn("级别", "level", words=_LEVELS),
                SheetColumn("上级区域", "parent_id", "上级区域的名称", refers=Refers.NODE),
                SheetColumn("行政区划代码", "code", "六位数字"),
            ),
            (("parent_id", "name"),),
            frozenset(OrgLevel) - {OrgLevel.SCHOOL},
        ),
        DirectoryNoun.SCHOOLS: SheetForm(
            "学校",
            SchoolCreate,
            (
                SheetColumn("学校名称", "name"),
                SheetColumn("类型", "kind", words=_KINDS),
                SheetColumn("学校标识码", "code", "十位数字"),
                SheetColumn("上行带宽", "uplink_mbps", "可用于上课的上行带宽,Mbit/s"),
                SheetColumn("同时授课上限", "max_lessons", "作为主讲学校同时上几节课"),
            ),
            (("name",),),
            _OF_COUNTY,
            home="county_id",
        ),
        DirectoryNoun.ROOMS: SheetForm(
            "教室",
            RoomCreate,
            (_SCHOOL, SheetColumn("教室名称", "name"), SheetColumn("座位数", "seats")),
            (("school_id", "name"),),
            _OF_SCHOOL,
        ),
        DirectoryNoun.CLASSES: SheetForm(
            "班级",
            ClassCreate,
            (
                _SCHOOL,
                SheetColumn("班级名称", "name"),
                SheetColumn("年级", "grade"),
                SheetColumn("人数", "pupils"),
            ),
            (("school_id", "name"),),
            _OF_SCHOOL,
        ),
        DirectoryNoun.SUBJECTS: SheetForm(
            "学科",
            SubjectCreate,
            (SheetColumn("学科名称", "name"), SheetColumn("顺序", "position")),
            (("name",),),
            _OF_COUNTY,
            home="county_id",
        ),
        DirectoryNoun.PAIRINGS: SheetForm(
            "结对关系",
            PairingCreate,
            (
                SheetColumn("中心校", "center_school_id", "学校名称", refers=Refers.SCHOOL),
                SheetColumn("教学点", "point_school_id", "学校名称", refers=Refers.SCHOOL),
                SheetColumn("学科", "subject_ids", "用顿号分开", refers=Refers.SUBJECTS),
                SheetColumn("开始日期", "valid_from"),
                SheetColumn("结束日期", "valid_to", "最后一天;长期有效则不填"),
                SheetColumn("每课教学点上限", "max_points"),
                SheetColumn("教材版本", "textbook"),
            ),
            (("center_school_id", "point_school_id", "valid_from"),),
            _OF_COUNTY,
        ),
        DirectoryNoun.TEACHERS: SheetForm(
            "教师",
            TeacherCreate,
            (
                SheetColumn("姓名", "name"),
                SheetColumn("工号", "staff_no"),
                SheetColumn("登录名", "login", "不填则用工号"),
                _SCHOOL,
                SheetColumn("任教学科", "subject_ids", "用顿号分开", refers=Refers.SUBJECTS),
            ),
            (("login",), ("staff_no",)),
            _OF_SCHOOL,
        ),
    }
)
