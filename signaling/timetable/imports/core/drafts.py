"""Outcome of reading a file: lessons in the file's own words, and cells that were not read."""

from __future__ import annotations

from dataclasses import dataclass, field

from signaling.lessons.wire import ClassKind, DeliveryMode
from signaling.timetable.core.weeks import WeekSet
from signaling.timetable.imports.core.slot_labels import PeriodLabel
from signaling.timetable.imports.wire import ImportReason


@dataclass(frozen=True, slots=True)
class Source:
    """The cell that says it."""

    sheet: str
    cell: str


@dataclass(frozen=True, slots=True)
class SeatText:
    """A receive room in words; empty parts were not written.

    `room` may have the class in brackets: 一号教室(三年级). So may the room's own name.
    """

    school: str
    room: str
    class_name: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """One lesson of the week, in words.

    Attributes:
        weeks: None for every week of the term.
        seats: who listens; None where the file cannot say, as a grid cannot.
    """

    source: Source
    weekday: int
    period: PeriodLabel
    subject: str
    teacher: str = ""
    weeks: WeekSet | None = None
    school: str = ""
    room: str = ""
    class_name: str = ""
    grade: str = ""
    staff_no: str = ""
    seats: tuple[SeatText, ...] | None = ()
    class_kind: ClassKind = ClassKind.DEDICATED
    delivery_mode: DeliveryMode = DeliveryMode.LEAD_WITH_PUPILS
    title: str = ""
    textbook_volume: str = ""
    textbook_section: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A cell that stands in the way, and why; `text` is what it says."""

    source: Source
    reason: ImportReason
    text: str = ""


@dataclass(frozen=True, slots=True)
class HeaderSeen:
    """A column of a table, and the field that it was taken for; None for none."""

    source: Source
    text: str
    field: str | None
    answered: bool = False


@dataclass(slots=True)
class Reading:
    """Outcome of reading a sheet."""

    drafts: list[Draft] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    headers: list[HeaderSeen] = field(default_factory=list)

    def add(self, other: Reading) -> None:
        """Take in what another reader found."""
        self.drafts += other.drafts
        self.findings += other.findings
        self.headers += other.headers
