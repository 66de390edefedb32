"""Nouns of a county, by name: schools, rooms, classes, subjects, teachers, pairings and bells."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from signaling.timetable.core.bells import Period
from signaling.timetable.imports.core.cell_text import WordKind
from signaling.timetable.imports.core.wording import class_form, likeness, plain

MAX_SUGGESTIONS = 6
_ALIKE = 0.34  # likeness from which a name is worth a look


@dataclass(frozen=True, slots=True)
class Named:
    """Something with a name.

    Attributes:
        id: its id.
        name: its name.
        school_id: whose it is; empty for what the county has.
        hint: what tells two of one name apart: a teacher's 工号, a room's school.
    """

    id: str
    name: str
    school_id: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class SchoolClass(Named):
    """A class with its grade."""

    grade: str = ""


@dataclass(frozen=True, slots=True)
class Pairing:
    """A centre school that gives some subjects to a teaching point."""

    center_id: str
    point_id: str
    subject_ids: frozenset[str]


class Index:
    """Names of one kind, for looking up: as written, in one form, and alike."""

    def __init__(self, entries: Iterable[Named], form: Callable[[str], str] = plain) -> None:
        self._entries = tuple(entries)
        self._form = form
        self._by_id = {entry.id: entry for entry in self._entries}
        self._exact: defaultdict[str, list[Named]] = defaultdict(list)
        self._formed: defaultdict[str, list[Named]] = defaultdict(list)
        for entry in self._entries:
            self._exact[entry.name].append(entry)
            self._formed[form(entry.name)].append(entry)

    def __iter__(self) -> Iterator[Named]:
        return iter(self._entries)

    def get(self, id_: str) -> Named | None:
        """Return an entry by its id."""
        return self._by_id.get(id_)

    def exact(self, text: str, school_id: str = "") -> list[Named]:
        """Return the entries with this very name, those of the school first and alone."""
        return _nearest(self._exact.get(text, ()), school_id)

    def formed(self, text: str, school_id: str = "") -> list[Named]:
        """Return the entries whose name has the same form."""
        return _nearest(self._formed.get(self._form(text), ()), school_id)

    def alike(self, text: str, school_id: str = "") -> list[Named]:
        """Return entries whose names are alike, the likeliest first."""
        wanted = plain(text)
        scored = [(likeness(wanted, plain(entry.name)), entry) for entry in self._entries]
        near = [(score, entry) for score, entry in scored if score >= _ALIKE]
        near.sort(key=lambda one: (-one[0], one[1].school_id != school_id, one[1].name))
        return [entry for _, entry in near[:MAX_SUGGESTIONS]]


def class_key(text: str) -> str:
    """Return one form for a class; the plain name where it does not read as one."""
    return class_form(text) or plain(text)


@dataclass(frozen=True)
class Catalogue:
    """All names of a county.

    Attributes:
        teachers: the hint is the 工号.
        bells: schedules of the term by school; "" has the county's, for schools without their own.
    """

    schools: Index
    rooms: Index
    classes: Index
    subjects: Index
    teachers: Index
    subjects_of_teachers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    pairings: tuple[Pairing, ...] = ()
    bells: Mapping[str, Sequence[tuple[Period, ...]]] = field(default_factory=dict)

    @cached_property
    def rooms_of(self) -> Mapping[str, Index]:
        """Rooms by school."""
        return _by_school(self.rooms, plain)

    @cached_property
    def full_rooms(self) -> Index:
        """All rooms, each under its own name and under that of its school and its own."""
        named = [
            Named(room.id, f"{school.name}{room.name}", room.school_id)
            for room in self.rooms
            if (school := self.schools.get(room.school_id)) is not None
        ]
        return Index([*self.rooms, *named])

    @cached_property
    def classes_of(self) -> Mapping[str, Index]:
        """Classes by school."""
        return _by_school(self.classes, class_key)

    def schedules(self, school_id: str) -> Sequence[tuple[Period, ...]]:
        """Return the bell schedules that hold for a school in the term."""
        return self.bells.get(school_id) or self.bells.get("", ())

    def points_of(self, center_id: str, subject_id: str) -> list[str]:
        """Return the schools to which a centre gives a subject, in a fixed order."""
        found = {
            pairing.point_id
            for pairing in self.pairings
            if pairing.center_id == center_id and subject_id in pairing.subject_ids
        }
        return sorted(found)

    # --- as the vocabulary of cells --------------------------------------------------------------

    @cached_property
    def _words(self) -> Mapping[str, WordKind | None]:
        words: dict[str, WordKind | None] = {}
        kinds = (
            (WordKind.SUBJECT, self.subjects),
            (WordKind.TEACHER, self.teachers),
            (WordKind.ROOM, self.rooms),
        )
        for kind, index in kinds:
            for entry in index:
                word = plain(entry.name)
                words[word] = kind if words.get(word, kind) is kind else None
        return words

    def kind_of(self, word: str) -> WordKind | None:
        """Return what a word is; None where nothing or more than one kind has the name."""
        return self._words.get(plain(word))


def _by_school(index: Index, form: Callable[[str], str]) -> dict[str, Index]:
    entries: defaultdict[str, list[Named]] = defaultdict(list)
    for entry in index:
        entries[entry.school_id].append(entry)
    return {school_id: Index(found, form) for school_id, found in entries.items()}


def _nearest(found: Sequence[Named], school_id: str) -> list[Named]:
    """Return those of the school, or all where the school has none."""
    own = [entry for entry in found if entry.school_id == school_id]
    return own or list(found)
