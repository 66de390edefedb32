"""Errors of the relay's calls."""

from __future__ import annotations


class RelayError(Exception):
    """Root of the relay's errors. `code` is stable; signaling maps it to a wire status."""

    code = "relay_error"


class OfferError(RelayError):
    """The SDP (offer or fragment) cannot be used.

    Attributes:
        field: the SDP line or attribute at fault, such as ``a=fingerprint`` or ``m=video``.
        detail: one sentence for a developer.
    """

    code = "bad_offer"

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(f"{field}: {detail}")
        self.field = field
        self.detail = detail


class SessionNotFound(RelayError):
    """No session has that id (it may have ended)."""

    code = "session_not_found"


class StaleSession(RelayError):
    """The ETag of a PATCH does not name the session's present ICE generation."""

    code = "stale_session"


class RelayFull(RelayError):
    """A bound of the relay (sessions in all or in a room, sources in a room) is reached."""

    code = "relay_full"
