"""The numbered events of one room: those to be sent, and those kept for a resume."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from signaling.classroom.messages import Event


class EventLog:
    """Numbers events. `instance` names the process in which the numbers hold."""

    def __init__(self, instance: str, first_seq: int, history: int) -> None:
        self.instance = instance
        self.seq = first_seq
        self._history: deque[Event] = deque(maxlen=history)
        self._unsent: list[Event] = []

    def number(self, make: Callable[[int], Event]) -> Event:
        """Make the next event from its number."""
        self.seq += 1
        event = make(self.seq)
        self._history.append(event)
        self._unsent.append(event)
        return event

    def take(self) -> tuple[Event, ...]:
        """Return the events not taken yet, in order."""
        events, self._unsent = tuple(self._unsent), []
        return events

    def missed(self, instance: str | None, seq: int | None) -> tuple[Event, ...] | None:
        """Return the events after `seq`, or None where only a snapshot helps."""
        if instance != self.instance or seq is None or not 0 <= seq <= self.seq:
            return None
        behind = self.seq - seq
        if behind > len(self._history):
            return None
        return tuple(self._history)[len(self._history) - behind :]
