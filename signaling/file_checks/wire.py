"""The check of an upload as a job."""

from __future__ import annotations

import msgspec

from signaling.base.problem_codes import ProblemCode


class CheckWish(msgspec.Struct, frozen=True):
    """Which upload is to be checked."""

    file_id: str


class CheckResult(msgspec.Struct, frozen=True):
    """Verdict of the check: the file's state tells more. ``problem`` is why it was refused."""

    file_id: str
    problem: ProblemCode | None = None
