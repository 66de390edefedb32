"""A county as a TOML file: its schools, rooms, people and lessons, read and checked for form.

What can only be told with the database (does that room exist?) is for `county_import`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec

from signaling.access.roles import Role
from signaling.base.fields import Name, Title
from signaling.base.text import BadText, cleaned, secret, word
from signaling.command.words import Word, text_words
from signaling.directory.wire import SchoolKind
from signaling.lessons.wire import ClassKind

MAX_FILE_BYTES = 4 * 1024 * 1024
MIN_PASSWORD_CHARS = 10

# Ids stand in participant and source ids (`room-<id>.camera`), so without dots.
Id = Annotated[str, word(40, pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
Login = Annotated[str, word(64, pattern=r"^\S{1,64}$")]
Password = Annotated[str, secret(256, MIN_PASSWORD_CHARS)]
Minutes = Annotated[int, msgspec.Meta(ge=1, le=24 * 60)]

_PATH = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")


class CountyFileError(Exception):
    """The file cannot be taken over; the message names the line and the field."""


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A misspelt key is an error, not a wish that is ignored."""


class County(_Strict, frozen=True):
    """``[county]``."""

    name: Name
    id: Id = "county"


class Room(_Strict, frozen=True):
    """One of a school's ``rooms``."""

    id: Id
    name: Name


class School(_Strict, frozen=True):
    """``[[schools]]``."""

    id: Id
    name: Name
    kind: SchoolKind
    rooms: tuple[Room, ...] = ()


class Person(_Strict, frozen=True):
    """``[[people]]``; without a password a new account gets one that is printed once."""

    login: Login
    name: Name
    roles: Annotated[tuple[Role, ...], msgspec.Meta(min_length=1)]
    school: Id | None = None
    password: Password | None = None


class Lesson(_Strict, frozen=True):
    """``[[lessons]]``; a time without an offset is the county's."""

    title: Title
    subject: Name
    grade: Name
    starts_at: datetime
    lead_teacher: Login
    minutes: Minutes = 40
    class_kind: ClassKind = ClassKind.DEDICATED
    lead_room: Id | None = None
    receive_rooms: Annotated[tuple[Id, ...], msgspec.Meta(max_length=64)] = ()


class CountyFile(_Strict, frozen=True):
    """The whole file; every part may be missing."""

    county: County | None = None
    schools: tuple[School, ...] = ()
    people: tuple[Person, ...] = ()
    lessons: tuple[Lesson, ...] = ()


class Source:
    """The file's text, to say where in it something is wrong."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()

    def error(self, path: str, message: str) -> CountyFileError:
        """An error at a dotted path such as ``people[2].roles``."""
        line = self._line_of(path)
        where = path if line is None else Word.FROM_LINE(line=line, path=path)
        return CountyFileError(f"{where}: {message}" if path else message)

    def _line_of(self, path: str) -> int | None:
        """Line where the path's table begins; None if it is not written as a table of its own."""
        found = re.match(r"(\w+)(?:\[(\d+)\])?", path)
        if found is None:
            return None
        name, index = found[1], int(found[2] or 0)
        header = re.compile(rf"\s*\[{{1,2}}\s*{name}\s*\]{{1,2}}")
        lines = [n for n, line in enumerate(self._lines, 1) if header.match(line)]
        return lines[index] if index < len(lines) else None


def read(data: bytes, zone: ZoneInfo) -> tuple[CountyFile, Source]:
    """Read a county file.

    Args:
        data: TOML in UTF-8.
        zone: of times without an offset.

    Raises:
        CountyFileError: not TOML, or a value that cannot be.
    """
    if len(data) > MAX_FILE_BYTES:
        raise CountyFileError(Word.FILE_TOO_LARGE(most=MAX_FILE_BYTES))
    try:
        source = Source(data.decode("utf-8-sig"))
        file = msgspec.toml.decode(data.decode("utf-8-sig"), type=CountyFile)
    except UnicodeDecodeError as error:
        raise CountyFileError(Word.NOT_UTF8(at=error.start)) from None
    except msgspec.ValidationError as error:
        at = _PATH.search(str(error))
        raise source.error(at["path"] if at else "", _PATH.sub("", str(error))) from None
    except msgspec.DecodeError as error:
        raise CountyFileError(Word.NOT_TOML(error=error)) from None
    except RecursionError:
        raise CountyFileError(Word.NOT_TOML(error=Word.NESTED_TOO_DEEP())) from None
    try:
        file = cleaned(file)
    except BadText as error:
        raise source.error(error.field, text_words(error.code)) from None
    _check(file, source)
    return msgspec.structs.replace(file, lessons=tuple(_dated(file.lessons, zone))), source


def _check(file: CountyFile, source: Source) -> None:
    _demand_unique(source, [(f"schools[{i}].id", s.id) for i, s in enumerate(file.schools)])
    rooms = [
        (f"schools[{i}].rooms[{j}].id", room.id)
        for i, school in enumerate(file.schools)
        for j, room in enumerate(school.rooms)
    ]
    _demand_unique(source, rooms)
    # As the limits on guessing see them: upper and lower case are one account.
    logins = [(f"people[{i}].login", p.login.casefold()) for i, p in enumerate(file.people)]
    _demand_unique(source, logins)
    for i, person in enumerate(file.people):
        if Role.RECEIVE_ROOM in person.roles:
            raise source.error(f"people[{i}].roles", Word.TERMINAL_ROLE())
    for i, lesson in enumerate(file.lessons):
        _demand_unique(
            source,
            [(f"lessons[{i}].receive_rooms[{j}]", r) for j, r in enumerate(lesson.receive_rooms)],
        )
        if lesson.lead_room is not None and lesson.lead_room in lesson.receive_rooms:
            raise source.error(f"lessons[{i}].lead_room", Word.LEAD_ROOM_INVITED())


def _demand_unique(source: Source, named: Sequence[tuple[str, str]]) -> None:
    seen: dict[str, str] = {}
    for path, value in named:
        if value in seen:
            raise source.error(path, Word.TWICE(value=value, other=seen[value]))
        seen[value] = path


def _dated(lessons: Iterable[Lesson], zone: ZoneInfo) -> Iterable[Lesson]:
    for lesson in lessons:
        if lesson.starts_at.tzinfo is None:
            starts_at = lesson.starts_at.replace(tzinfo=zone)
            yield msgspec.structs.replace(lesson, starts_at=starts_at)
        else:
            yield lesson
