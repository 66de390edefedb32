"""Counts of everything that the media path sees, drops or answers; shared by a relay's rooms."""

from __future__ import annotations

_NAMES = (
    "bitrate_limits_received",
    "key_frame_requests_coalesced",
    "key_frame_requests_sent",
    "nacks_flooded",
    "nacks_received",
    "nacks_sent",
    "paced_bytes_dropped",
    "packets_in",
    "packets_out",
    "packets_unrepaired",
    "picture_losses_flooded",
    "picture_losses_received",
    "receiver_times_answered",
    "red_repaired",
    "red_sent",
    "red_unpacked",
    "rtcp_in",
    "rtcp_malformed",
    "rtp_duplicate",
    "rtp_malformed",
    "rtp_off_window",
    "rtp_payload_malformed",
    "rtp_payload_type_unknown",
    "rtp_refused",
    "rtp_ssrc_conflict",
    "rtp_ssrc_table_full",
    "rtp_ssrc_unknown",
    "rtp_too_late",
    "rtx_answered",
    "rtx_missed",
    "rtx_padding",
    "rtx_redundant",
    "rtx_throttled",
    "rtx_unwrapped",
    "sender_reports_flooded",
    "slot_switches",
    "slots_without_codec",
    "sound_excess",
    "sound_over_share",
    "transport_feedback_flooded",
    "transport_feedback_received",
    "transport_feedback_sent",
)


class Counters:
    """Plain integers, incremented in place on the hot path and read by `snapshot`.

    A drop is never silent: each reason has its own counter. So a hostile or broken peer shows in
    `/metrics`, and the log needs no line per packet.
    """

    __slots__ = _NAMES

    # One declaration per counter, so that a misspelt name is a type error.
    packets_unrepaired: int
    bitrate_limits_received: int
    key_frame_requests_coalesced: int
    key_frame_requests_sent: int
    nacks_flooded: int
    nacks_received: int
    nacks_sent: int
    paced_bytes_dropped: int
    packets_in: int
    packets_out: int
    picture_losses_flooded: int
    picture_losses_received: int
    receiver_times_answered: int
    red_repaired: int
    red_sent: int
    red_unpacked: int
    rtcp_in: int
    rtcp_malformed: int
    rtp_duplicate: int
    rtp_malformed: int
    rtp_off_window: int
    rtp_payload_malformed: int
    rtp_payload_type_unknown: int
    rtp_refused: int
    rtp_ssrc_conflict: int
    rtp_ssrc_table_full: int
    rtp_ssrc_unknown: int
    rtp_too_late: int
    rtx_answered: int
    rtx_missed: int
    rtx_padding: int
    rtx_redundant: int
    rtx_throttled: int
    rtx_unwrapped: int
    sender_reports_flooded: int
    slot_switches: int
    slots_without_codec: int
    sound_excess: int
    sound_over_share: int
    transport_feedback_flooded: int
    transport_feedback_received: int
    transport_feedback_sent: int

    def __init__(self) -> None:
        for name in _NAMES:
            setattr(self, name, 0)

    def snapshot(self) -> dict[str, int]:
        """Every counter by name."""
        return {name: getattr(self, name) for name in _NAMES}
