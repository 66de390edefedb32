"""The demo county as data: schools, rooms, classes, people, pairings, bells and the week.

Ids are fixed, so that links and remembered terminals survive a new seed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time

from signaling.access.roles import Role

COUNTY_ID, COUNTY = "county-qingshan", "青山县"
PERIOD_MINUTES = 40
# Each period's start, in local time; four in the morning and three after noon.
BELLS = (
    time(8, 20),
    time(9, 10),
    time(10, 20),
    time(11, 10),
    time(14, 0),
    time(14, 50),
    time(15, 40),
)
WEEKS = 20  # of the term


@dataclass(frozen=True, slots=True)
class DemoClass:
    """A class; `pupils` are on its list."""

    class_id: str
    name: str
    grade: str
    pupils: int


@dataclass(frozen=True, slots=True)
class DemoSchool:
    """A school with its one room for remote lessons. A link of `link_mbps` Mbit/s leads to it."""

    school_id: str
    name: str
    kind: str
    room_id: str
    room: str
    classes: tuple[DemoClass, ...]
    link_mbps: float


@dataclass(frozen=True, slots=True)
class DemoTeacher:
    """A lead teacher of a centre school, with the subjects that the teacher gives."""

    person_id: str
    login: str
    name: str
    school_id: str
    subjects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody with another role, at a node of the org tree."""

    person_id: str
    login: str
    name: str
    role: Role
    node_id: str


@dataclass(frozen=True, slots=True)
class WeeklyLesson:
    """A lesson of every week: who gives what to which points, and when.

    `weekday` is 1 for Monday. `weeks` is written as operators write it.
    """

    teacher_id: str
    subject: str
    grade: str
    title: str
    weekday: int
    period: int
    room_ids: tuple[str, ...]
    weeks: str


REQUIRED = ("英语", "科学", "音乐", "美术")  # one period a week for every class
SUBJECTS = ("语文", "数学", "英语", "科学", "音乐", "美术", "道德与法治", "信息科技")
GRADES = ("三年级", "四年级")

_CENTERS = (
    ("school-center", "青山中心小学", "leadroom1"),
    ("school-hekou", "河口中心小学", "leadroom2"),
    ("school-longquan", "龙泉中心小学", "leadroom3"),
)
_POINTS = (
    ("shanquan", "山泉教学点", "一年级教室"),
    ("yunling", "云岭教学点", "复式班教室"),
    ("shiqiao", "石桥教学点", "多媒体教室"),
    ("songlin", "松林教学点", "多媒体教室"),
    ("baixi", "白溪教学点", "多媒体教室"),
    ("meizi", "梅子坪教学点", "复式班教室"),
    ("taoyuan", "桃园教学点", "多媒体教室"),
    ("luoshui", "落水洞教学点", "复式班教室"),
    ("gaoping", "高坪教学点", "多媒体教室"),
    ("zhuyuan", "竹园教学点", "多媒体教室"),
    ("shuanghe", "双河教学点", "复式班教室"),
    ("yangjia", "杨家湾教学点", "多媒体教室"),
)
_POINTS_PER_CENTER = 4
_LINKS_MBPS = (20.0, 8.0, 4.0, 12.0)  # of the points, in turn


def _classes(prefix: str, place: int) -> tuple[DemoClass, ...]:
    number = place % _POINTS_PER_CENTER // 2  # the first two points of a centre have one grade
    pupils = 6 + place * 5 % 9
    return (DemoClass(f"class-{prefix}", f"{GRADES[number]}班", GRADES[number], pupils),)


def _schools() -> Iterator[DemoSchool]:
    for place, (school_id, name, room_id) in enumerate(_CENTERS):
        classes = tuple(
            DemoClass(f"class-{school_id}-{number + 3}", f"{grade}(1)班", grade, 42 + place)
            for number, grade in enumerate(GRADES)
        )
        yield DemoSchool(school_id, name, "center_school", room_id, "录播教室", classes, 100.0)
    for place, (key, name, room) in enumerate(_POINTS):
        yield DemoSchool(
            f"school-{key}",
            name,
            "teaching_point",
            f"{key}1",
            room,
            _classes(key, place),
            _LINKS_MBPS[place % len(_LINKS_MBPS)],
        )


SCHOOLS = tuple(_schools())
CENTERS = tuple(school for school in SCHOOLS if school.kind == "center_school")
POINTS = tuple(school for school in SCHOOLS if school.kind == "teaching_point")

TEACHERS = (
    DemoTeacher("teacher-wang", "wang", "王老师", "school-center", ("语文", "英语")),
    DemoTeacher("teacher-liu", "liu", "刘敏", "school-center", ("音乐", "美术")),
    DemoTeacher("teacher-he", "he", "何志强", "school-center", ("科学", "信息科技")),
    DemoTeacher("teacher-sun", "sun", "孙丽华", "school-hekou", ("英语", "道德与法治")),
    DemoTeacher("teacher-zhou", "zhou", "周建国", "school-hekou", ("音乐", "科学")),
    DemoTeacher("teacher-wu", "wu", "吴晓燕", "school-hekou", ("美术", "信息科技")),
    DemoTeacher("teacher-xu", "xu", "徐静", "school-longquan", ("英语", "音乐")),
    DemoTeacher("teacher-ma", "ma", "马文涛", "school-longquan", ("科学", "数学")),
    DemoTeacher("teacher-zhu", "zhu", "朱海霞", "school-longquan", ("美术", "道德与法治")),
)
PEOPLE = (
    DemoPerson("admin-li", "xianguan", "李管理员", Role.COUNTY_ADMIN, COUNTY_ID),
    DemoPerson("resource-zhao", "ziyuan", "赵资源", Role.RESOURCE_ADMIN, COUNTY_ID),
    DemoPerson("researcher-chen", "jiaoyan", "陈教研", Role.RESEARCHER, COUNTY_ID),
    DemoPerson("inspector-zheng", "dudao", "郑督导", Role.INSPECTOR, COUNTY_ID),
    DemoPerson("assistant-yang", "zhujiao", "杨助教", Role.ASSISTANT, "school-shanquan"),
)


def points_of(center: DemoSchool) -> tuple[DemoSchool, ...]:
    """Return the teaching points that are paired with a centre school."""
    first = CENTERS.index(center) * _POINTS_PER_CENTER
    return POINTS[first : first + _POINTS_PER_CENTER]


def school_of_room(room_id: str) -> DemoSchool:
    """Return the school whose room it is."""
    return next(school for school in SCHOOLS if school.room_id == room_id)


def class_in(school: DemoSchool, grade: str) -> DemoClass:
    """Return a school's class of a grade."""
    return next(one for one in school.classes if one.grade == grade)


_TITLES = {
    "语文": ("《荷花》", "《观潮》"),
    "数学": ("认识面积", "角的度量"),
    "英语": ("Unit 3 My friends", "Unit 4 My home"),
    "科学": ("水到哪里去了", "声音的产生"),
    "音乐": ("《让我们荡起双桨》", "《采菱》"),
    "美术": ("美丽的家乡", "会动的线条"),
    "道德与法治": ("我和我的学校", "我们的班规"),
    "信息科技": ("身边的数据", "在线学习"),
}
_ALTERNATING = frozenset({"信息科技", "道德与法治"})  # every second week, in one slot with nobody


def weekly_lessons() -> Iterator[WeeklyLesson]:
    """Return the county's week: each teacher gives each subject to two pairs of points."""
    for center in CENTERS:
        points = points_of(center)
        groups = (points[:2], points[2:])
        teachers = [teacher for teacher in TEACHERS if teacher.school_id == center.school_id]
        taken = 0
        for teacher in teachers:
            for subject in teacher.subjects:
                for number, group in enumerate(groups):
                    weekday, period = taken % 5 + 1, taken // 5 + 1
                    taken += 1
                    yield WeeklyLesson(
                        teacher_id=teacher.person_id,
                        subject=subject,
                        grade=GRADES[number],
                        title=_TITLES[subject][number],
                        weekday=weekday,
                        period=period,
                        room_ids=tuple(point.room_id for point in group),
                        weeks=_weeks(subject, number),
                    )


def _weeks(subject: str, group: int) -> str:
    if subject in _ALTERNATING:
        return "单周" if group == 0 else "双周"
    return f"1-{WEEKS}周"
