"""Which token opened which media session, for as long as the session lives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from signaling.core.tokens import MediaGrant


@dataclass(frozen=True, slots=True)
class MediaSession:
    """A WHIP or WHEP session: what it was opened for, and the fingerprint of the token that did.

    `opened_at` is in monotonic seconds.
    """

    session_id: str
    grant: MediaGrant
    token_fingerprint: str
    opened_at: float = 0.0


class MediaSessions:
    """The open sessions; as many as the relay holds, since it tells of each end."""

    def __init__(self) -> None:
        self._sessions: dict[str, MediaSession] = {}  # the oldest first
        self._up: set[str] = set()

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
        self._up.discard(session_id)
        return self._sessions.pop(session_id, None)

    def mark_up(self, session_id: str) -> None:
        """Note that media may flow."""
        if session_id in self._sessions:
            self._up.add(session_id)

    def stale_player(self, lesson_id: str, opened_before: float) -> MediaSession | None:
        """The oldest plain player of a lesson that was opened before then and never came up."""
        for session in self._sessions.values():
            if session.opened_at >= opened_before:
                return None
            grant = session.grant
            pending = session.session_id not in self._up
            if pending and grant.programme and grant.lesson_id == lesson_id:
                return session
        return None

    def programme_viewers(self, lesson_id: str) -> int:
        """How many plain players watch a lesson."""
        return sum(
            1
            for s in self._sessions.values()
            if s.grant.programme and s.grant.lesson_id == lesson_id
        )
