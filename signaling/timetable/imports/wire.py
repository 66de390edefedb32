"""Bodies of timetable imports: a file, what it says, what is asked, and what would change."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from signaling.base.fields import Reason as WrittenReason
from signaling.base.text import Word, line
from signaling.jobs.wire import JobProblem
from signaling.timetable.core.codes import ClashLevel, ClashRule
from signaling.timetable.setting_wire import Version
from signaling.timetable.wire import ClashWho

MAX_ANSWERS = 500  # of one request
MAX_TARGETS = 64  # of one answer: a lesson has at most 64 receive rooms
MAX_TEXT_CHARS = 200

ShortText = Annotated[str, line(MAX_TEXT_CHARS)]


class ImportReason(StrEnum):
    """Reason for which a cell was not read, or stands in the way of applying."""

    NO_LAYOUT = "no_layout"  # a sheet that is neither a table nor a grid
    NO_SCHOOL = "no_school"  # a grid, and nobody said whose
    NO_DAY = "no_day"  # a lesson in a grid without a weekday above or beside it
    NO_PERIOD = "no_period"
    NO_CLASS = "no_class"
    NO_SUBJECT = "no_subject"
    NO_TEACHER = "no_teacher"
    BAD_DAY = "bad_day"
    BAD_PERIOD = "bad_period"
    BAD_WEEKS = "bad_weeks"
    WEEKS_BEYOND_TERM = "weeks_beyond_term"
    WEEKS_EMPTY = "weeks_empty"
    BAD_KIND = "bad_kind"  # 课堂类型
    BAD_MODE = "bad_mode"  # 授课方式
    UNCLEAR_SLASH = "unclear_slash"  # A/B, and nothing says whether B is a lesson
    TWO_WITHOUT_WEEKS = "two_without_weeks"  # two lessons in a cell, not told apart by weeks
    TOO_MANY_WORDS = "too_many_words"
    TEXT_TOO_LONG = "text_too_long"
    SAME_TWICE = "same_twice"  # the same lesson stands in another cell
    NO_SUCH_PERIOD = "no_such_period"  # the school's bell schedule lacks it
    NO_GRADE = "no_grade"  # neither the row nor its class has one
    TOO_MANY_SEATS = "too_many_seats"
    LEAD_ROOM_LISTENS = "lead_room_listens"
    LESSON_TOO_LONG = "lesson_too_long"
    NEVER_HELD = "never_held"  # each of its dates is a day off or past
    FORMULA_NOT_COMPUTED = "formula_not_computed"
    FORMULA_ERROR = "formula_error"
    CELL_TEXT_TOO_LONG = "cell_text_too_long"


class ImportTopic(StrEnum):
    """Kinds of texts that are matched with something the county has."""

    COLUMN = "column"  # a header, with a field of the table
    SCHOOL = "school"
    ROOM = "room"
    CLASS = "class"
    SUBJECT = "subject"
    TEACHER = "teacher"
    PERIOD = "period"
    TEACHER_OF = "teacher_of"  # who teaches a class in a subject, where the cell has no teacher
    ROOM_OF_CLASS = "room_of_class"  # where a class of a grid has its lessons
    RECEIVERS = "receivers"  # who listens to the lessons of a class in a subject


class MatchGround(StrEnum):
    """Grounds on which a text was taken for something."""

    EXACT = "exact"
    NORMAL = "normal"  # widths, spaces and number words aside
    ANSWER = "answer"  # somebody said so


class ImportLineKind(StrEnum):
    """Fates of a plan under an import."""

    ADDED = "added"
    CHANGED = "changed"
    MISSING = "missing"  # in the timetable, of a class or room of the file, and not in the file
    REMOVED = "removed"  # the same, and applying takes it out


class ImportState(StrEnum):
    """Stages of an import."""

    READING = "reading"  # its dry run is under way
    OPEN = "open"  # names wait for answers
    READY = "ready"
    APPLYING = "applying"
    APPLIED = "applied"
    FAILED = "failed"


class WorkbookWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """导出课表 of a term; without a term the template of a county, or of the caller's own."""

    county_id: Word | None = None
    term_id: Word | None = None


class TimetableWorkbook(msgspec.Struct, frozen=True):
    """A workbook that a job made."""

    file_id: str
    name: str


class ImportCreate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """导入课表: an uploaded workbook, and whose it is.

    `school_id` is the school of lessons that name none, such as those of a grid.
    """

    file_id: Word
    term_id: Word
    school_id: Word | None = None
    remove_missing: bool = False


class ImportAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Meaning of a text of the file.

    `targets` are ids: one, or the rooms of `receivers`, each as `room` or `room/class`. None of
    them leaves the lessons out. `-` lets them go without: without a room, a class or listeners.
    The text of `receivers` may have `*` for the class, for the subject, or for both.
    """

    topic: ImportTopic
    text: ShortText
    scope: Annotated[str, line(MAX_TEXT_CHARS)] | None = None
    targets: Annotated[tuple[Word, ...], Meta(max_length=MAX_TARGETS)] = ()


class ImportAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text of the file whose answer is taken back: it is asked again."""

    topic: ImportTopic
    text: ShortText
    scope: Annotated[str, line(MAX_TEXT_CHARS)] | None = None


class ImportChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Answers and options; the file is read again with them.

    `withdrawn` are answers that are taken back, from this import and from later ones.
    """

    version: Version
    answers: Annotated[tuple[ImportAnswer, ...], Meta(max_length=MAX_ANSWERS)] = ()
    withdrawn: Annotated[tuple[ImportAsked, ...], Meta(max_length=MAX_ANSWERS)] = ()
    school_id: Word | None = None
    remove_missing: bool = False


class ImportApply(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """采用: what the dry run showed becomes the timetable.

    Cells that were not read are left out only if `skip_unread` says so. Hard clashes are borne
    only with a reason.
    """

    version: Version
    skip_unread: bool = False
    waiver: WrittenReason | None = None


class ImportCounts(msgspec.Struct, frozen=True):
    """Figures of a dry run. `lessons` are the dates that would be created."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    missing: int = 0
    removed: int = 0
    lessons: int = 0
    skipped: int = 0
    waiting: int = 0
    questions: int = 0
    findings: int = 0
    hard_clashes: int = 0
    soft_clashes: int = 0


class TimetableImport(msgspec.Struct, frozen=True):
    """One import. ``problem`` tells why its job failed."""

    import_id: str
    version: int
    county_id: str
    term_id: str
    school_id: str | None
    file_name: str
    owner_name: str
    remove_missing: bool
    state: ImportState
    job_id: str
    problem: JobProblem | None
    counts: ImportCounts
    created_at: datetime


class TimetableImportList(msgspec.Struct, frozen=True):
    """Imports, newest first; `next` continues the list."""

    imports: tuple[TimetableImport, ...]
    next: str | None


class ImportResult(msgspec.Struct, frozen=True):
    """Result that a job of an import leaves."""

    import_id: str
    counts: ImportCounts


class ImportTarget(msgspec.Struct, frozen=True):
    """Something that a text may mean. ``hint`` tells namesakes apart: 工号, or the school."""

    id: str
    name: str
    hint: str = ""


class ImportFindingLine(msgspec.Struct, frozen=True):
    """A cell that was not read, or stands in the way."""

    sheet: str
    cell: str
    reason: ImportReason
    text: str


class ImportQuestionLine(msgspec.Struct, frozen=True):
    """A text that waits for an answer. ``proposal`` only has to be confirmed."""

    topic: ImportTopic
    scope: str
    text: str
    sheet: str
    cell: str
    lessons: int
    suggestions: tuple[ImportTarget, ...]
    proposal: tuple[ImportTarget, ...]


class ImportMatchLine(msgspec.Struct, frozen=True):
    """A text and what it was taken for. No targets: its lessons are left out.

    ``answer`` is the text under which an answer is kept, to be taken back; empty without one.
    """

    topic: ImportTopic
    scope: str
    text: str
    sheet: str
    cell: str
    lessons: int
    match: MatchGround
    targets: tuple[ImportTarget, ...]
    answer: str = ""


class ImportChangeLine(msgspec.Struct, frozen=True):
    """A plan that applying adds, changes or takes out. ``fields`` are those that change."""

    kind: ImportLineKind
    sheet: str
    cell: str
    plan_id: str | None
    subject: str
    teacher: str
    school: str
    class_name: str
    room: str
    weekday: int
    period: int
    period_count: int
    weeks: str
    receivers: tuple[str, ...]
    lessons: int
    fields: tuple[str, ...]


class ImportClashLine(msgspec.Struct, frozen=True):
    """A rule that lessons of a cell break, with whom, and how often in the term.

    ``other_sheet`` and ``other_cell`` are empty where the other lesson is not from the file.
    """

    rule: ClashRule
    level: ClashLevel
    who: ClashWho
    sheet: str
    cell: str
    title: str
    other: str
    other_sheet: str
    other_cell: str
    first_at: datetime
    times: int


class ImportFindings(msgspec.Struct, frozen=True):
    """Cells that were not read, in the order of the file."""

    lines: tuple[ImportFindingLine, ...]
    next: str | None


class ImportQuestions(msgspec.Struct, frozen=True):
    """Open texts."""

    lines: tuple[ImportQuestionLine, ...]
    next: str | None


class ImportMatches(msgspec.Struct, frozen=True):
    """Texts that were taken for something otherwise named, or by an answer, and headers."""

    lines: tuple[ImportMatchLine, ...]
    next: str | None


class ImportChanges(msgspec.Struct, frozen=True):
    """Plans that applying touches."""

    lines: tuple[ImportChangeLine, ...]
    next: str | None


class ImportClashes(msgspec.Struct, frozen=True):
    """Clashes, hard ones first."""

    lines: tuple[ImportClashLine, ...]
    next: str | None
