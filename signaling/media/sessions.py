"""The token that opened each media session, for as long as the session lives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from signaling.media.tokens import MediaGrant


@dataclass(frozen=True, slots=True)
class MediaSession:
    """A WHIP or WHEP session: its grant, and the fingerprint of the token that opened it.

    `opened_at` is in monotonic seconds.
    """

    session_id: str
    grant: MediaGrant
    token_fingerprint: str
    opened_at: float = 0.0


class MediaSessions:
    """The open sessions, the same as in the relay: it reports each that ends."""

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
        """Note that a session came up: media may flow."""
        if session_id in self._sessions:
            self._up.add(session_id)

    def stale_player(self, lesson_id: str, opened_before: float) -> MediaSession | None:
        """Return a lesson's oldest plain player, if opened before that time and never up."""
        for session in self._sessions.values():
            if session.opened_at >= opened_before:
                return None
            grant = session.grant
            pending = session.session_id not in self._up
            if pending and grant.programme and grant.lesson_id == lesson_id:
                return session
        return None

    def programme_viewers(self, lesson_id: str) -> int:
        """Number of plain players (grants with `programme`) that watch a lesson."""
        return sum(
            1
            for s in self._sessions.values()
            if s.grant.programme and s.grant.lesson_id == lesson_id
        )
