"""Which token opened which media session, for as long as the session lives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from signaling.core.tokens import MediaGrant


@dataclass(frozen=True, slots=True)
class MediaSession:
    """A WHIP or WHEP session: what it was opened for, and the fingerprint of the token that did."""

    session_id: str
    grant: MediaGrant
    token_fingerprint: str


class MediaSessions:
    """The open sessions; as many as the relay holds, since it tells of each end."""

    def __init__(self) -> None:
        self._sessions: dict[str, MediaSession] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    def __iter__(self) -> Iterator[MediaSession]:
        return iter(tuple(self._sessions.values()))

    def add(self, session: MediaSession) -> None:
        """Note a new session."""
        self._sessions[session.session_id] = session

    def get(self, session_id: str) -> MediaSession | None:
        """A session, by id."""
        return self._sessions.get(session_id)

    def remove(self, session_id: str) -> MediaSession | None:
        """Forget a session; returns it."""
        return self._sessions.pop(session_id, None)

    def programme_viewers(self, lesson_id: str) -> int:
        """How many plain players watch a lesson."""
        return sum(
            1
            for s in self._sessions.values()
            if s.grant.programme and s.grant.lesson_id == lesson_id
        )
