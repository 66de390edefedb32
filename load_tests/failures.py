"""Failures of a run against a real server, reported instead of a traceback."""

from __future__ import annotations

import aiohttp
import av

from load_tests.control import ApiRefused, CommandRefused
from load_tests.peer import PeerRefused
from load_tests.server import ServerFailed
from load_tests.transport import TransportFailed

FAILURES = (
    ApiRefused,
    CommandRefused,
    PeerRefused,
    ServerFailed,
    TransportFailed,
    TimeoutError,
    OSError,
    RuntimeError,
    ValueError,
    aiohttp.ClientError,
    av.FFmpegError,
)
