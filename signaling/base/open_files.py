"""The limit of open files of the process, and its shares."""

from __future__ import annotations

import resource

import structlog

log = structlog.get_logger(__name__)

# Sockets of media, the database, archives of lessons, files being served: what is not a connection.
RESERVED_FILES = 128
RESERVED_PART = 2  # and at least half of all: a connection that is sent a file has that open, too
LEAST_CONNECTIONS = 16  # with fewer nobody could use the pages


def raise_limit() -> int:
    """Raise the soft limit of open files to the hard one; returns the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (OSError, ValueError) as error:  # macOS names a hard limit that it does not grant
            log.warning("file_limit_not_raised", soft=soft, hard=hard, error=str(error))
    return open_files_limit()


def open_files_limit() -> int:
    """The soft limit of open files."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 1 << 20 if soft == resource.RLIM_INFINITY else soft


def connections_within(limit: int, wanted: int) -> int:
    """Number of connections for which a limit of open files leaves room, at most `wanted`."""
    reserve = max(RESERVED_FILES, limit // RESERVED_PART)
    return min(wanted, max(LEAST_CONNECTIONS, limit - reserve))
