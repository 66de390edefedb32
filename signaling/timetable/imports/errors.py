"""Errors of imports."""

from __future__ import annotations

from signaling.base.errors import SignalingError
from signaling.base.problem_codes import ProblemCode
from signaling.timetable.imports.wire import ImportCounts


class UnusableWorkbook(SignalingError):
    """The file is no workbook that is read; the code says why."""

    status = 422
    code = ProblemCode.WORKBOOK_UNKNOWN_FORMAT
    title = "the workbook cannot be read"


class ImportUnderWay(SignalingError):
    """A job of the import has not ended yet."""

    status = 409
    code = ProblemCode.IMPORT_UNDER_WAY
    title = "a job of the import has not ended"


class ImportNotReady(SignalingError):
    """Something stands in the way of applying; the code says what, `facts` how often."""

    status = 409
    code = ProblemCode.IMPORT_HAS_QUESTIONS
    title = "something stands in the way of applying"


def demand_ready(counts: ImportCounts, *, skip_unread: bool, waiver: str | None) -> None:
    """Raise ImportNotReady unless a dry run with these figures may be applied."""
    if counts.questions:
        code = ProblemCode.IMPORT_HAS_QUESTIONS
        raise ImportNotReady(code=code, facts={"count": counts.questions})
    if counts.findings and not skip_unread:
        code = ProblemCode.IMPORT_HAS_UNREAD
        raise ImportNotReady(code=code, field="skip_unread", facts={"count": counts.findings})
    if counts.hard_clashes and waiver is None:
        code = ProblemCode.IMPORT_HAS_CLASHES
        raise ImportNotReady(code=code, field="waiver", facts={"count": counts.hard_clashes})
