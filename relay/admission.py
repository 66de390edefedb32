"""Bounds of sessions in number and in time: some may not open, some must end."""

from __future__ import annotations

from relay.api import CloseReason, RelayFull
from relay.config import RelayConfig
from relay.rooms import RoomEntry
from relay.session import Session, SessionState
from relay.transport_counters import TransportCounters


class Admission:
    """The bounds of one relay."""

    def __init__(self, config: RelayConfig, counters: TransportCounters) -> None:
        self._config = config
        self._counters = counters

    def check(self, sessions: int, entry: RoomEntry | None, source_id: str | None) -> None:
        """Raise RelayFull where there is no room for another session.

        Args:
            sessions: how many there are in all.
            entry: its room, if there is one yet.
            source_id: what it is to publish; None for a viewer.
        """
        config = self._config
        if sessions >= config.max_sessions:
            self._refuse("too many sessions")
        if entry is None:
            return
        if len(entry.sessions) >= config.max_sessions_per_room:
            self._refuse("too many sessions in this room")
        if source_id is None:
            return
        if entry.in_pipe is not None:
            self._refuse("this room is published at another relay")
        if len(entry.source_ids - {source_id}) >= config.max_sources_per_room:
            self._refuse("too many sources in this room")

    def check_out_pipe(self, entry: RoomEntry | None) -> None:
        """Raise RelayFull where a room may have no further edge."""
        if entry is None:
            return
        if entry.in_pipe is not None:
            self._refuse("this relay is an edge of the room")
        if len(entry.out_pipes) >= self._config.max_pipes_per_room:
            self._refuse("too many edges of this room")

    def check_in_pipe(self, entry: RoomEntry | None) -> None:
        """Raise RelayFull where a room may not come from another relay."""
        if entry is None:
            return
        if entry.in_pipe is not None or entry.out_pipes or entry.source_ids:
            self._refuse("the room is published here, or piped already")

    def _refuse(self, detail: str) -> None:
        self._counters.sessions_refused += 1
        raise RelayFull(detail)

    def superseded(self, entry: RoomEntry, session: Session) -> list[Session]:
        """The oldest pending sessions of the same owner, as far as there are too many of them."""
        pending = [
            other
            for other in entry.sessions.values()
            if other.plan.key == session.plan.key and other.state is not SessionState.UP
        ]
        pending.sort(key=lambda other: other.number)
        given_up = pending[: -self._config.max_pending_sessions]
        self._counters.sessions_superseded += len(given_up)
        return given_up

    def overdue(self, session: Session, now: float) -> CloseReason | None:
        """The reason for which a session must end by now, if any."""
        if session.state is not SessionState.UP:
            late = now - session.opened_at > self._config.connect_timeout_s
            return CloseReason.CONNECT_TIMEOUT if late else None
        if session.refused is not None:
            return session.refused
        last_check = session.ice.last_check
        if last_check is None or now - last_check > self._config.consent_timeout_s:
            return CloseReason.CONSENT_EXPIRED
        return None
