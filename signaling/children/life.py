"""The child's side: a child stops when its supervisor is gone, however that ended.

Each child has the read end of a pipe. Only the supervisor has its write end, and writes nothing:
the kernel closes it with the supervisor, and the child reads the end of the file.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import time
from collections.abc import Callable

import structlog

from signaling.children.rules import STOP_S

log = structlog.get_logger(__name__)

STOP_HUNG = 70  # exit status of a child that could not stop; sysexits.h: EX_SOFTWARE


def watch_parent(fd: int, stop: Callable[[], None], within_s: float = STOP_S) -> None:
    """Call `stop` in the running loop once the supervisor is gone.

    The process ends hard if it still runs after `within_s`. A thread watches, so that a loop that
    hangs is no hindrance.

    Args:
        fd: the read end of the supervisor's pipe; it is ours from now on.
        stop: begins what SIGTERM begins.
        within_s: seconds for the process to end.
    """
    os.set_inheritable(fd, False)
    loop = asyncio.get_running_loop()
    threading.Thread(
        target=_watch, args=(fd, loop, stop, within_s), name="parent", daemon=True
    ).start()


def _watch(
    fd: int, loop: asyncio.AbstractEventLoop, stop: Callable[[], None], within_s: float
) -> None:
    while os.read(fd, 64):
        pass
    os.close(fd)
    log.warning("supervisor_gone")
    with contextlib.suppress(RuntimeError):  # the loop is closed: the process ends already
        loop.call_soon_threadsafe(stop)
    time.sleep(within_s)
    os._exit(STOP_HUNG)
