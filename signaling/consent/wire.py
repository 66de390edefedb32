"""The REST API's bodies about 授权同意, the consent of guardians.

Consent is kept for one class and one term. It counts for the lessons of its days, for its purposes,
until its last day, unless somebody refused and has no other seat, or it was withdrawn.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from signaling.base.fields import Reason
from signaling.base.text import Word
from signaling.files.workbooks.languages import WorkbookLanguage

MAX_FORM_FILES = 20  # pages of one class, photographed one by one
MAX_PURPOSES = 6
_MOST_PUPILS = 1000  # of one class

Pupils = Annotated[int, msgspec.Meta(ge=0, le=_MOST_PUPILS)]
Version = Annotated[int, msgspec.Meta(ge=1)]
FileIds = Annotated[tuple[Word, ...], msgspec.Meta(max_length=MAX_FORM_FILES)]


class ConsentPurpose(StrEnum):
    """Purposes for which pupils may be filmed and shown; a wider one holds the narrower ones."""

    LIVE = "live"  # seen and heard by the other rooms of the lesson
    RECORD = "record"  # recorded, kept, seen by the people of the lesson and its reviewers
    SHOW_SCHOOL = "show_school"  # to the own school
    SHOW_COUNTY = "show_county"
    SHOW_PLATFORM = "show_platform"  # to everybody who is signed in, of other counties too
    SHOW_PUBLIC = "show_public"


Purposes = Annotated[
    tuple[ConsentPurpose, ...], msgspec.Meta(min_length=1, max_length=MAX_PURPOSES)
]


class ConsentScope(StrEnum):
    """公开范围 of what is published, as the library names it."""

    PRIVATE = "private"
    SCHOOL = "school"
    COUNTY = "county"
    SIGNED_IN = "signed_in"
    PASSWORD = "password"  # noqa: S105 - a scope: whoever has the password, so the public
    PUBLIC = "public"


class SeatingRemedy(StrEnum):
    """Seats of pupils whose guardians refused, while a lesson is filmed."""

    OFF_CAMERA = "off_camera"  # in the room, outside of the picture
    OTHER_ROOM = "other_room"


class ConsentState(StrEnum):
    """State of a class in a term."""

    NONE = "none"  # nothing was recorded
    GIVEN = "given"
    UNSEATED = "unseated"  # somebody refused, and no seat was found: it does not count
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class WithdrawalReason(StrEnum):
    """Reasons of 撤回同意."""

    GUARDIAN = "guardian"
    PUPIL = "pupil"
    SCHOOL = "school"
    MISTAKE = "mistake"  # it was recorded wrongly
    OTHER = "other"  # the note says which


class ConsentLack(StrEnum):
    """Reasons why a class may not be shown, the nearest to consent first."""

    PURPOSE = "purpose"  # not for such a purpose
    UNSEATED = "unseated"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    NONE = "none"
    UNKNOWN_CLASS = "unknown_class"  # nobody knows who sat there


class SourcePart(StrEnum):
    """Part of a source that shows or sounds pupils."""

    WHOLE = "whole"
    PICTURE = "picture"  # the voice is the teacher's, and stays
    NOTHING = "nothing"  # courseware


class ConsentForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Fields that may be set. ``given_on`` is the day on the paper."""

    given_on: date
    purposes: Purposes
    pupils: Pupils
    covers_from: date
    covers_to: date
    until: date
    refusals: Pupils = 0
    remedy: SeatingRemedy | None = None
    note: Reason | None = None
    file_ids: FileIds = ()


class ConsentRecord(ConsentForm, frozen=True, kw_only=True):
    """登记授权同意. Its files were uploaded before as `consent_form`."""

    class_id: Word
    term_id: Word


class ConsentChange(ConsentForm, frozen=True, kw_only=True):
    """修改授权同意. ``file_ids`` are all that belong to it afterwards."""

    version: Version


class ConsentWithdraw(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """撤回同意; ``on`` is the day on which the guardian said so."""

    version: Version
    on: date
    reason: WithdrawalReason
    note: Reason | None = None


class ConsentExportWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """导出一个学期的授权同意 with all classes that the caller may see."""

    term_id: Word
    language: WorkbookLanguage = WorkbookLanguage.ZH


class ConsentExported(msgspec.Struct, frozen=True):
    """A workbook that was made."""

    file_id: str
    name: str
    rows: int


class ConsentFile(msgspec.Struct, frozen=True):
    """A scanned page."""

    file_id: str
    name: str
    size: int


class ConsentWithdrawal(msgspec.Struct, frozen=True):
    """撤回 as it was recorded."""

    on: date
    reason: WithdrawalReason
    note: str
    at: datetime
    by: str


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """授权同意 of a class in a term; ``by`` recorded or changed it ``at`` that time."""

    consent_id: str
    version: int
    class_id: str
    term_id: str
    given_on: date
    purposes: tuple[ConsentPurpose, ...]
    pupils: int
    refusals: int
    remedy: SeatingRemedy | None
    covers_from: date
    covers_to: date
    until: date
    note: str
    at: datetime
    by: str
    files: tuple[ConsentFile, ...]
    withdrawal: ConsentWithdrawal | None


class ConsentTerm(msgspec.Struct, frozen=True):
    """The term of a list."""

    term_id: str
    name: str
    first: date
    last: date


class ConsentLine(msgspec.Struct, frozen=True, kw_only=True):
    """A class in a term, with the newest consent. ``may_keep``: the reader may record it."""

    class_id: str
    class_name: str
    grade: str
    pupils: int | None
    school_id: str
    school: str
    state: ConsentState
    consent: Consent | None
    may_keep: bool


class ConsentCount(msgspec.Struct, frozen=True):
    """The number of classes in a state."""

    state: ConsentState
    classes: int


class ConsentPage(msgspec.Struct, frozen=True):
    """Classes of a term by school, grade and name; ``counts`` are of all that match but state.

    ``term`` is None in a county without terms.
    """

    term: ConsentTerm | None
    lines: tuple[ConsentLine, ...]
    counts: tuple[ConsentCount, ...]
    next: str | None


class ConsentOfClass(msgspec.Struct, frozen=True):
    """One class in a term, and what was recorded before, the newest first."""

    term: ConsentTerm | None
    line: ConsentLine
    former: tuple[Consent, ...]


class ConsentLesson(msgspec.Struct, frozen=True):
    """A recorded lesson of the class."""

    lesson_id: str
    title: str
    on: date
    lead_teacher: str


class ConsentEffect(msgspec.Struct, frozen=True):
    """Reach of a withdrawal: so many ``recorded`` lessons, and the newest of them."""

    recorded: int
    lessons: tuple[ConsentLesson, ...]


class ConsentClassRef(msgspec.Struct, frozen=True):
    """A class, by name."""

    class_id: str
    name: str


class MissingConsent(msgspec.Struct, frozen=True, kw_only=True):
    """A source of a recording that may not be shown in a scope.

    Attributes:
        part: what of it must be hidden.
        lack: the reason.
        allowed: the widest scope in which it may be shown; None in none.
        place: the name of the room, or of the lead class's school.
        classes: those without consent; where no class was named, of all that may have sat there.
    """

    source_id: str
    participant_id: str
    part: SourcePart
    lack: ConsentLack
    allowed: ConsentScope | None
    place: str
    classes: tuple[ConsentClassRef, ...]

    @property
    def picture_only(self) -> bool:
        """Tell whether it is enough to hide the picture."""
        return self.part is SourcePart.PICTURE


class VoiceSpill(msgspec.Struct, frozen=True):
    """Seconds of a recording in which a room without consent was on stage.

    Its voice may be heard in the teacher's microphone then.
    """

    participant_id: str
    place: str
    start_s: float
    end_s: float
