"""A tap: the slot machinery without a socket."""

from __future__ import annotations


class RoomTap:
    """A running tap, made by `Room.add_tap`."""

    def request_key_frames(self, now: float) -> None:
        """Ask every tapped video source for a key frame, throttled like a viewer's PLI."""
        raise NotImplementedError

    def close(self, now: float) -> None:
        """Stop; `on_track_end` is called for each open track first. Closing twice does nothing."""
        raise NotImplementedError
