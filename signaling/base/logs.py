"""Structured logs: one JSON object a line on stderr, or readable lines on a terminal.

Several processes of one machine may write to the same stderr: each line bears their name then.
"""

from __future__ import annotations

import contextlib
import io
import logging
import sys
from typing import TextIO, cast

import structlog


class PatientStream(io.TextIOBase):
    """A stream whose failures are nobody's: a log on a full disk must not end what it tells of."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str, /) -> int:
        """Write, if that is possible."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush, if that is possible."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()


class NodeName:
    """A step of structlog that puts the name of this process into each line."""

    def __init__(self, node: str) -> None:
        self._node = node

    def __call__(
        self, _logger: object, _method: str, event: structlog.typing.EventDict
    ) -> structlog.typing.EventDict:
        """Add the field `node`, unless the line has one of its own."""
        event.setdefault("node", self._node)
        return event


def configure(level: str, node: str | None = None) -> None:
    """Set up structlog and the standard library's logging for this process.

    Args:
        level: below it, nothing is written.
        node: name of this process, for each line; None: it has none.
    """
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer()
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    stream = cast(TextIO, PatientStream(sys.stderr))
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            *(() if node is None else (NodeName(node),)),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(stream),
    )
    named = "" if node is None else f"{node}:".replace("%", "%%")
    logging.basicConfig(
        level=max(number, logging.WARNING),
        stream=sys.stderr,
        format=f"%(levelname)s:{named}%(name)s:%(message)s",
    )
