"""From when to when a lesson was held, though the machine's clock may be set while it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from signaling.base.clock import Clock

STEP = timedelta(seconds=2)  # more between the clocks means that one was set

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment, on the clock that may be set and on the steady one (seconds)."""

    at: datetime
    monotonic: float


class HeldTimes:
    """Remembers when this process's lessons began, on the steady clock too.

    A clock is set because it was wrong: at the end it is right, and the begin is counted back.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._begun: dict[str, Moment] = {}

    def __len__(self) -> int:
        return len(self._begun)

    def now(self) -> Moment:
        """The present, on both clocks."""
        return Moment(self._clock.now(), self._clock.monotonic())

    def begin(self, lesson_id: str, moment: Moment) -> None:
        """The lesson began at a moment; it was written so."""
        self._begun[lesson_id] = moment

    def end(self, lesson_id: str, held_from: datetime | None) -> tuple[datetime | None, datetime]:
        """The lesson ends now.

        Args:
            lesson_id: whose.
            held_from: when it began, as it was written.

        Returns:
            When it began, if that must be written anew, and when it ended: never before.
        """
        now = self._clock.now()
        begun = self._begun.get(lesson_id)
        if begun is not None:
            lasted = timedelta(seconds=self._clock.monotonic() - begun.monotonic)
            if abs(now - begun.at - lasted) > STEP:
                log.warning("lesson_dated_anew", lesson_id=lesson_id, held_from=str(now - lasted))
                return now - lasted, now
        return None, now if held_from is None else max(now, held_from)

    def forget(self, lesson_id: str) -> None:
        """The lesson is over; it was written so."""
        self._begun.pop(lesson_id, None)
