"""The relay's settings: one frozen value, given to `RelayNode`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RelayConfig:
    """Where the relay listens, what it announces, and its bounds.

    Attributes:
        hosts: local addresses to bind, IPv4 and IPv6; one that the machine lacks is logged and
            bound when it comes.
        udp_port: the one port of all media; 0 takes any free one (the same for every host).
        announced_addresses: addresses put into answers as host candidates. Empty: what is bound,
            where a wildcard stands for loopback and every interface address. Set this behind a 1:1
            NAT.
        announced_port: port put into answers, where a NAT maps it; None is the bound port.
        max_sessions: publishing and viewing sessions together.
        max_sources_per_room: publishing sessions of different sources in one room.
        max_video_slots: receive-only video sections in one viewer's offer.
        max_audio_slots: the same for audio.
        connect_timeout_s: from the answer to DTLS being up.
        consent_timeout_s: without an authenticated STUN check for so long a session ends (RFC 7675
            §5.1).
        socket_buffer_bytes: asked for SO_RCVBUF and SO_SNDBUF; the kernel may grant less.
        tick_s: least time between two ticks, which drive feedback and time-outs; a quarter more
            where nothing comes in.
        pace_s: period in which packets leave that had to wait: a key frame, a probe.
        start_bps: what a viewer's link is taken to carry until it is known.
    """

    hosts: tuple[str, ...] = ("0.0.0.0", "::")  # noqa: S104 - a media server listens everywhere
    udp_port: int = 0
    announced_addresses: tuple[str, ...] = ()
    announced_port: int | None = None
    max_sessions: int = 2000
    max_sources_per_room: int = 64
    max_video_slots: int = 16
    max_audio_slots: int = 16
    connect_timeout_s: float = 20.0
    consent_timeout_s: float = 30.0
    socket_buffer_bytes: int = 4 * 1024 * 1024
    tick_s: float = 0.02
    pace_s: float = 0.005
    start_bps: float = 600_000.0
