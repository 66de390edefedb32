"""Films as the API shows them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from signaling.base.problem_codes import ProblemCode

MOST_READY_FILMS = 10  # of one person; the next one takes the place of the oldest


class FilmState(StrEnum):
    """A film's way: 未导出 / 排队 / 导出中 / 可下载 / 失败."""

    NONE = "none"
    WAITING = "waiting"
    MAKING = "making"
    READY = "ready"
    FAILED = "failed"


class FilmStatus(msgspec.Struct, frozen=True):
    """The film of one version as it is now.

    ``stale``: a film was made of it, but the version was changed since then. ``minutes`` is how
    long it may take, or may still take. ``url`` only ever saves the file, until ``expires_at``.
    """

    version: int
    state: FilmState
    stale: bool
    minutes: int
    progress: float = 0.0
    problem: ProblemCode | None = None
    duration_s: float | None = None
    size: int | None = None
    expires_at: datetime | None = None
    url: str | None = None
