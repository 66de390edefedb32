"""A login that has ended ends what was opened with it: control channels and media sessions."""

from __future__ import annotations

import contextlib
from collections.abc import Collection

import structlog

from relay.api import Relay, SessionNotFound
from signaling.classroom.hub import RoomHub
from signaling.classroom.wire import ByeReason
from signaling.identity.store import SessionStore
from signaling.media.sessions import MediaSessions

log = structlog.get_logger(__name__)


class SessionWatch:
    """Knows which logins are in use, by the hashes of their session ids.

    A login that only grew too old while in use is spared: nobody is thrown out of a running lesson
    by a date.
    """

    def __init__(
        self, logins: SessionStore, hub: RoomHub, sessions: MediaSessions, relay: Relay
    ) -> None:
        self._logins = logins
        self._hub = hub
        self._sessions = sessions
        self._relay = relay

    def in_use(self) -> frozenset[str]:
        """The logins of open channels and media sessions."""
        channels = {channel.session for room in self._hub.rooms for channel in room.channels}
        media = {session.grant.session for session in self._sessions}
        return frozenset(found for found in channels | media if found is not None)

    async def sweep(self) -> None:
        """End what belongs to logins ended elsewhere: on the command line, by another process."""
        in_use = self.in_use()
        if in_use:
            self.end(in_use - await self._logins.good_sessions(in_use))

    def end(self, sessions: Collection[str]) -> None:
        """Close the channels and media sessions of these logins."""
        if not sessions:
            return
        self._hub.turn += 1
        channels = [c for room in self._hub.rooms for c in room.channels if c.session in sessions]
        for channel in channels:
            channel.close(ByeReason.FORBIDDEN)
        media = [media.session_id for media in self._sessions if media.grant.session in sessions]
        for session_id in media:
            with contextlib.suppress(SessionNotFound):
                self._relay.close(session_id)
        log.info("logins_ended", channels=len(channels), media_sessions=len(media))
