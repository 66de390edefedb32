"""Counts of what the transport sees and drops; the media core has its own."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(slots=True)
class TransportCounters:
    """Plain integers, incremented in place; one per reason, so that no drop is silent."""

    datagrams_in: int = 0
    feedback_socket_in: int = 0  # of those, by the sockets for feedback
    datagrams_unknown: int = 0
    datagrams_failed: int = 0  # a handler raised: a defect, logged
    ticks_failed: int = 0  # likewise
    receive_failed: int = 0
    send_would_block: int = 0
    send_failed: int = 0
    stun_malformed: int = 0
    stun_unknown_user: int = 0
    stun_unauthentic: int = 0
    stun_address_held: int = 0
    stun_role_conflict: int = 0
    stun_unexpected_response: int = 0
    addresses_moved: int = 0
    dtls_unchecked_address: int = 0
    dtls_dropped: int = 0
    srtp_unchecked_address: int = 0
    # More than a session may send, by kind; dropped before it is looked into.
    rtp_excess: int = 0
    rtcp_excess: int = 0
    dtls_excess: int = 0
    stun_excess: int = 0
    srtp_before_dtls: int = 0
    srtp_unauthentic: int = 0
    srtp_streams_full: int = 0  # a peer used up its SSRCs
    srtp_protect_failed: int = 0
    rtp_from_viewer: int = 0
    # Of pipes between relays.
    pipe_datagrams_in: int = 0
    pipe_unknown: int = 0  # no pipe has that id
    pipe_unauthentic: int = 0  # or replayed
    pipe_malformed: int = 0
    pipe_ssrc_unknown: int = 0  # media of a source that was not told yet, or not any more
    pipe_send_failed: int = 0
    sessions_opened: int = 0
    sessions_up: int = 0
    sessions_refused: int = 0
    sessions_superseded: int = 0  # never up, and given up for newer ones of the same owner
    listener_failed: int = 0

    def snapshot(self) -> dict[str, int]:
        """Every counter by name."""
        return asdict(self)
