"""The bodies that every route may answer with."""

from __future__ import annotations

import msgspec

from signaling.base.problem_codes import ProblemCode


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """problem+json (RFC 9457): ``title`` and ``detail`` are English, for developers.

    Pages show their own words by ``code``, into which ``facts`` may go. ``field`` is the input at
    fault, as a dotted path.
    """

    type: str
    title: str
    status: int
    code: ProblemCode
    detail: str = ""
    field: str | None = None
    facts: dict[str, str | int] = {}
