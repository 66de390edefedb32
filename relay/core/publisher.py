"""One publishing session: its RTP comes in here."""

from __future__ import annotations

from relay.api import CloseReason, SessionStats


class Publisher:
    """A publishing session of one source, made by `Room.add_publisher`.

    Attributes:
        session_id: the session.
        source_id: what it publishes.
    """

    session_id: str
    source_id: str

    def on_rtp(self, packet: bytes, now: float) -> None:
        """Take one decrypted RTP packet that arrived at `now`. Never raises."""
        raise NotImplementedError

    def on_rtcp(self, packet: bytes, now: float) -> None:
        """Take one decrypted, possibly compound, RTCP packet. Never raises."""
        raise NotImplementedError

    def close(self, reason: CloseReason, now: float) -> None:
        """End the session; the source is removed. Closing twice does nothing."""
        raise NotImplementedError

    def stats(self, now: float) -> SessionStats:
        """The session's figures; `connected` is always True (the transport knows better)."""
        raise NotImplementedError
