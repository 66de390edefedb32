"""Traces as other wings see them: spans that begin, are told facts, and end.

A span holds no personal data: no names of people, no addresses, no query, no token.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from enum import Enum, auto
from typing import Protocol

TRACEPARENT = "traceparent"  # W3C Trace Context §3.2: between a web process and a cell only

# Names of facts: OpenTelemetry's where it has one.
METHOD = "http.request.method"
ROUTE = "http.route"
STATUS = "http.response.status_code"
ERROR = "error.type"
LESSON = "tongke.lesson_id"
CELL = "tongke.cell_id"
COMMAND = "tongke.command"
JOB = "tongke.job_id"
TRIES = "tongke.job_tries"
ENDING = "tongke.job_ending"

Facts = Mapping[str, str | int | bool]
NO_FACTS: Facts = {}


class Kind(Enum):
    """Kinds of spans, as OpenTelemetry has them."""

    SERVER = auto()
    CLIENT = auto()
    INTERNAL = auto()


class Span(Protocol):
    """A piece of work with a beginning and an end."""

    def tell(self, facts: Facts, *, failed: bool = False) -> None:
        """Add facts; `failed` marks the work as failed. Does nothing after the end."""

    def rename(self, name: str) -> None:
        """Give it a better name. Does nothing after the end."""

    def end(self) -> None:
        """End it before its block does."""


class Tracing(Protocol):
    """Makes spans, and sends them away."""

    @property
    def header(self) -> str | None:
        """The `traceparent` of the span that is under way here; None where none is kept."""

    @property
    def counts(self) -> Mapping[str, int]:
        """Spans by what became of them, since the start."""

    def span(
        self,
        name: str,
        kind: Kind = Kind.INTERNAL,
        facts: Facts = NO_FACTS,
        *,
        parent: str | None = None,
        alone: bool = False,
    ) -> AbstractContextManager[Span]:
        """Begin a span, which ends with the block; an exception marks it as failed.

        Args:
            name: one of few: no ids in it.
            kind: see `Kind`.
            facts: see `Span.tell`.
            parent: a `traceparent` that another process of ours sent. None: the span that is under
                way here, if any.
            alone: it begins a trace of its own.
        """

    async def close(self) -> None:
        """Send what is left, within a bound."""


class _NoSpan:
    def tell(self, facts: Facts, *, failed: bool = False) -> None:
        """See `Span`."""

    def rename(self, name: str) -> None:
        """See `Span`."""

    def end(self) -> None:
        """See `Span`."""


_NOTHING: AbstractContextManager[Span] = nullcontext(_NoSpan())


class NoTracing:
    """Implements `Tracing` where nobody wants traces."""

    header: str | None = None
    counts: Mapping[str, int] = {}

    def span(
        self,
        name: str,
        kind: Kind = Kind.INTERNAL,
        facts: Facts = NO_FACTS,
        *,
        parent: str | None = None,
        alone: bool = False,
    ) -> AbstractContextManager[Span]:
        """See `Tracing`."""
        del name, kind, facts, parent, alone
        return _NOTHING

    async def close(self) -> None:
        """See `Tracing`."""


NO_TRACING: Tracing = NoTracing()
