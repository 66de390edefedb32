"""The health of a recording's archive: trouble is told at once, and its end once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog

from recorder.api import RecordingTrouble

INTERVAL_S = 10.0  # s between two reports of a trouble that lasts
WELL_AFTER_S = 3.0  # s without a complaint, so that a stuttering disk makes no display flicker

_log = structlog.get_logger(__name__)


class TroubleWatch:
    """Passes complaints on, not too often, and tells once when they have ceased.

    `complain` and `well` may be called from different threads; so may the callbacks be.
    """

    def __init__(
        self,
        name: str,
        on_trouble: Callable[[RecordingTrouble], None],
        on_recovery: Callable[[], None],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`name` is for the log; `clock` gives monotonic seconds."""
        self._name = name
        self._on_trouble = on_trouble
        self._on_recovery = on_recovery
        self._clock = clock
        self._lock = threading.Lock()  # so that trouble and recovery are told in their order
        self._in_trouble = False
        self._told = 0.0
        self._latest = 0.0

    def complain(self, trouble: RecordingTrouble, detail: str) -> None:
        """Report that something could not be kept."""
        with self._lock:
            now = self._latest = self._clock()
            if self._in_trouble and now - self._told < INTERVAL_S:
                return
            self._in_trouble, self._told = True, now
            _log.error("archive_trouble", archive=self._name, trouble=trouble.value, detail=detail)
            self._on_trouble(trouble)

    def well(self) -> None:
        """Report that everything given so far is written. Cheap where there was no trouble."""
        if not self._in_trouble:
            return
        with self._lock:
            if self._clock() - self._latest < WELL_AFTER_S:
                return
            self._in_trouble = False
            self._on_recovery()
            _log.info("archive_recovered", archive=self._name)
