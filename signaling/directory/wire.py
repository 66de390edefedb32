"""The REST API's bodies about people and places."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class OrgLevel(StrEnum):
    """国家 / 省 / 市 / 县 / 校."""

    COUNTRY = "country"
    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    SCHOOL = "school"


class SchoolKind(StrEnum):
    """中心校 / 教学点 / 其他学校."""

    CENTER_SCHOOL = "center_school"
    TEACHING_POINT = "teaching_point"
    SCHOOL = "school"


class RoomRef(msgspec.Struct, frozen=True):
    """A room, with its school's name."""

    room_id: str
    name: str
    school: str


class PersonRef(msgspec.Struct, frozen=True):
    """A person, by name."""

    person_id: str
    name: str


class CountyRef(msgspec.Struct, frozen=True):
    """A county, by name."""

    county_id: str
    name: str


class School(msgspec.Struct, frozen=True):
    """A school with its rooms; kind is center_school, teaching_point or school."""

    school_id: str
    name: str
    kind: str
    rooms: tuple[RoomRef, ...]


class Directory(msgspec.Struct, frozen=True):
    """Rooms and teachers for a new lesson. A teacher who asks finds no other teacher.

    ``more`` says that some were left out: a search finds them.
    """

    schools: tuple[School, ...]
    lead_teachers: tuple[PersonRef, ...]
    more: bool = False
