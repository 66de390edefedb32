"""The REST API's bodies of the ledger for the county: requirements and reported months."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import msgspec

from signaling.base.fields import Name
from signaling.base.text import Word
from signaling.directory.wire import OrgLevel
from signaling.ledger.wire import (
    Completeness,
    LedgerCorrection,
    LedgerFigures,
    LedgerRow,
    Version,
)
from signaling.lessons.reasons import MissedReason

MAX_CELLS = 400  # of one version: 12 grades × 33 subjects
Periods = Annotated[int, msgspec.Meta(ge=1, le=20)]


class Requirement(msgspec.Struct, frozen=True):
    """应开: periods a week of a subject in a grade, in a branch of the org tree.

    The requirement of the nearest node counts. ``last`` None: until further notice. ``by`` made or
    changed it last, at ``at``; former versions kept neither.
    """

    requirement_id: str
    node_id: str
    node: str
    level: OrgLevel
    grade: str
    subject: str
    periods: int
    first: date
    last: date | None
    version: int
    by: str
    at: datetime | None


class RequirementList(msgspec.Struct, frozen=True):
    """Requirements by grade, subject and first day; ``may_edit``: the reader may make new ones."""

    requirements: tuple[Requirement, ...]
    may_edit: bool
    next: str | None


class RequirementCreate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new requirement."""

    node_id: Word
    grade: Name
    subject: Name
    periods: Periods
    first: date
    last: date | None = None


class RequirementChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another number of periods, or other days, of a requirement."""

    periods: Periods
    first: date
    last: date | None
    version: Version


class RequirementCell(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Periods a week of a subject in a grade; 0: none is required any more.

    ``version`` is that of the requirement that the page saw in force on the day; 0: it saw none.
    """

    grade: Name
    subject: Name
    periods: Annotated[int, msgspec.Meta(ge=0, le=20)]
    version: Version = 0


class RequirementVersion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new version of a node's requirements from a day on: the cells that differ from then."""

    node_id: Word
    first: date
    cells: Annotated[tuple[RequirementCell, ...], msgspec.Meta(min_length=1, max_length=MAX_CELLS)]


class RequirementVersionMade(msgspec.Struct, frozen=True):
    """The requirements that the new version holds anew, and how many cells it changed."""

    first: date
    changed: int
    requirements: tuple[Requirement, ...]


class MonthState(msgspec.Struct, frozen=True):
    """A month of a county: open, or reported and frozen with a formula."""

    county_id: str
    county: str
    month: str
    formula: int
    valid_minutes: int
    frozen_at: datetime | None
    frozen_by: str
    corrections: int
    may_freeze: bool


class MonthList(msgspec.Struct, frozen=True):
    """The months of a county that have lessons, the newest first."""

    months: tuple[MonthState, ...]


class FreezeMonth(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """上报: freeze a month; with ``unexplained``, though units stay 待说明."""

    county_id: Word
    unexplained: bool = False


class ReasonCount(msgspec.Struct, frozen=True):
    """Number of units that a reason cost; ``reason`` None: none was given."""

    reason: MissedReason | None
    units: int


class MonthReport(msgspec.Struct, frozen=True):
    """The monthly report, for the page and for printing.

    A frozen month shows what was reported; ``present`` is what the facts say now, and
    ``corrections`` lie between the two.
    """

    state: MonthState
    first: date
    last: date
    total: LedgerFigures
    completeness: Completeness
    points: tuple[LedgerRow, ...]
    subjects: tuple[LedgerRow, ...]
    reasons: tuple[ReasonCount, ...]
    present: LedgerFigures


class LedgerCorrectionList(msgspec.Struct, frozen=True):
    """Corrections, the newest first."""

    corrections: tuple[LedgerCorrection, ...]
    next: str | None
