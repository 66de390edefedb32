"""The relay's settings: one frozen value, given to `RelayNode`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RelayConfig:
    """Addresses that the relay listens on and announces, and its bounds.

    Attributes:
        hosts: local addresses to bind, IPv4 and IPv6; one that the machine lacks is logged and
            bound when it comes.
        udp_port: the one port of all media; 0 takes any free one (the same for every host).
        announced_addresses: addresses put into answers as host candidates, for a 1:1 NAT. Empty:
            the bound addresses; a wildcard stands for loopback and every interface address.
        announced_port: port put into answers, where a NAT maps it; None is the bound port.
        max_sessions: publishing and viewing sessions together.
        max_sessions_per_room: of both kinds, so that one lesson leaves room for others.
        max_pending_sessions: of one source or one viewer, not up yet; a further one ends the
            oldest.
        publisher_packets_per_s: media that one publishing session may send; twice as many at once.
            Three layers of 8 Mbit/s together are some 900.
        publisher_bps: bits of that media. Any excess is dropped before it is decrypted.
        room_packets_per_s: media of all publishing sessions of a room; those that send more than
            their share get less.
        room_bps: bits of that media.
        max_sources_per_room: publishing sessions of different sources in one room.
        max_video_slots: receive-only video sections in one viewer's offer.
        max_audio_slots: the same for audio.
        pipe_host: local address of pipes between relays (`relay.api.Cascade`). Only other relays
            need to reach it. The default serves the relays of one machine.
        pipe_port: their port of UDP; 0 takes any free one. It is opened with the first pipe.
        announced_pipe_host: address told to other relays, for a NAT; None is the bound one.
        max_pipes_per_room: edges of one room.
        pipe_packets_per_s: media that one pipe may send; twice as many at once.
        pipe_bps: bits of that media.
        connect_timeout_s: from the answer until DTLS is up.
        consent_timeout_s: without an authenticated STUN check, until a session ends (RFC 7675
            §5.1).
        socket_buffer_bytes: asked for SO_RCVBUF and SO_SNDBUF; the kernel may grant less.
        tick_s: least time between two ticks, which drive feedback and time-outs; a quarter more
            while nothing comes in.
        pace_s: period of sending packets that had to wait: a key frame, a probe.
        start_bps: assumed rate of a viewer's link until it is known.
    """

    hosts: tuple[str, ...] = ("0.0.0.0", "::")  # noqa: S104 - a media server listens everywhere
    udp_port: int = 0
    announced_addresses: tuple[str, ...] = ()
    announced_port: int | None = None
    max_sessions: int = 2000
    max_sessions_per_room: int = 1000
    max_pending_sessions: int = 4
    publisher_packets_per_s: float = 2500.0
    publisher_bps: float = 25e6
    room_packets_per_s: float = 15_000.0
    room_bps: float = 150e6
    max_sources_per_room: int = 64
    max_video_slots: int = 16
    max_audio_slots: int = 16
    pipe_host: str = "127.0.0.1"
    pipe_port: int = 0
    announced_pipe_host: str | None = None
    max_pipes_per_room: int = 8
    pipe_packets_per_s: float = 15_000.0
    pipe_bps: float = 150e6
    connect_timeout_s: float = 20.0
    consent_timeout_s: float = 30.0
    socket_buffer_bytes: int = 4 * 1024 * 1024
    tick_s: float = 0.02
    pace_s: float = 0.005
    start_bps: float = 600_000.0
