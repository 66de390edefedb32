"""One viewing session: its slots and what comes back from it."""

from __future__ import annotations

from collections.abc import Sequence

from relay.api import SessionStats, SlotState, SlotWish


class Viewer:
    """A viewing session, made by `Room.add_viewer`.

    Attributes:
        session_id: the session.
    """

    session_id: str

    def on_rtcp(self, packet: bytes, now: float) -> None:
        """Take one decrypted, possibly compound, RTCP packet of the viewer. Never raises."""
        raise NotImplementedError

    def set_view(self, wishes: Sequence[SlotWish], now: float) -> None:
        """Replace the wishes; slots not named become empty.

        Raises:
            ValueError: a wish names a slot that the viewer has not, or names one twice.
        """
        raise NotImplementedError

    def slots(self) -> tuple[SlotState, ...]:
        """What flows in each slot now: video slots, then audio slots, by index."""
        raise NotImplementedError

    def close(self, now: float) -> None:
        """End the session. Closing twice does nothing."""
        raise NotImplementedError

    def stats(self, now: float) -> SessionStats:
        """The session's figures; `connected` is always True (the transport knows better)."""
        raise NotImplementedError
