"""Excess of participants that the relay's figures do not tell."""

from __future__ import annotations

from collections.abc import Container

from signaling.links.wire import LinkExcess

SHOWN_S = 10.0  # a refused session is told for so long


class ExcessNotes:
    """One room's notes. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._unrecorded: set[str] = set()  # sources
        self._refused_at: dict[str, float] = {}  # participants

    def note_recording(self, source_id: str, excess: bool) -> None:
        """A source is left out of the recording, or recorded again."""
        if excess:
            self._unrecorded.add(source_id)
        else:
            self._unrecorded.discard(source_id)

    def note_refused(self, participant_id: str, now: float) -> None:
        """A participant asked for media sessions too often."""
        self._refused_at[participant_id] = now

    def of(self, participant_id: str, published: Container[str], now: float) -> LinkExcess:
        """Excess that a participant is told; only `published` ones of its sources count."""
        refused_at = self._refused_at.get(participant_id)
        if refused_at is not None:
            if now - refused_at < SHOWN_S:
                return LinkExcess.SESSIONS
            del self._refused_at[participant_id]
        for source_id in self._unrecorded:
            if source_id.startswith(f"{participant_id}.") and source_id in published:
                return LinkExcess.RECORDING
        return LinkExcess.NONE
