"""One media session: an ICE agent, a DTLS association, and what it publishes or watches."""

from __future__ import annotations

import asyncio
import errno
import secrets
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

import structlog

from relay.aiortc_adapter import (
    Cipher,
    DtlsError,
    DtlsIdentity,
    DtlsSrtp,
    Path,
    SrtpError,
    TooManyStreamsError,
    not_connected,
)
from relay.api import CloseReason, MediaKind, SlotWish
from relay.core.incoming.allowance import Allowance
from relay.core.incoming.publisher import Publisher
from relay.core.viewer import Viewer
from relay.core.wire.negotiated import IncomingTrack, OutgoingSlot, TransportOffer
from relay.core.wire.sdp_writer import Bundle
from relay.ice import Address, IceAgent
from relay.limits import SessionLimits
from relay.transport_counters import TransportCounters

_log = structlog.get_logger("relay.session")


class SessionState(Enum):
    """The stages of a session's life."""

    NEW = auto()  # answered; no valid STUN check yet
    CONNECTING = auto()  # an address is proved; DTLS under way
    UP = auto()  # in its room
    CLOSED = auto()


_NEXT_STATES = {
    SessionState.NEW: {SessionState.CONNECTING, SessionState.CLOSED},
    SessionState.CONNECTING: {SessionState.UP, SessionState.CLOSED},
    SessionState.UP: {SessionState.CLOSED},
    SessionState.CLOSED: set(),
}


@dataclass(frozen=True, slots=True)
class PublishPlan:
    """The media that a publishing session brings into its room once it is up."""

    source_id: str
    tracks: tuple[IncomingTrack, ...]

    @property
    def key(self) -> tuple[str, str]:
        """Sessions of one key replace each other."""
        return "source", self.source_id


@dataclass(frozen=True, slots=True)
class WatchPlan:
    """The slots that a viewing session fills from its room once it is up."""

    viewer_id: str
    slots: tuple[OutgoingSlot, ...]
    own_sources: frozenset[str]
    programme: bool

    @property
    def key(self) -> tuple[str, str]:
        """Sessions of one key replace each other."""
        return "viewer", self.viewer_id

    def check_wishes(self, wishes: Sequence[SlotWish]) -> None:
        """Raise ValueError where a wish names no video slot, or one twice."""
        video_slots = sum(slot.kind is MediaKind.VIDEO for slot in self.slots)
        indexes = [wish.slot for wish in wishes]
        if len(set(indexes)) != len(indexes):
            raise ValueError("a slot is named twice")
        for index in indexes:
            if not 0 <= index < video_slots:
                raise ValueError(f"no video slot {index}: there are {video_slots}")


Plan = PublishPlan | WatchPlan


class Session:
    """A session's transport. The node owns it, routes datagrams to it, and ends it.

    Attributes:
        number: rises with each session of the process; a newer session replaces older ones.
        etag: of the present ICE generation.
        routed: addresses for which the node routes here.
        ufrags: local user fragments for which the node routes here.
        wishes: what `set_view` asked for before the session was up.
        limits: what the peer may send.
    """

    def __init__(
        self,
        session_id: str,
        number: int,
        room_id: str,
        plan: Plan,
        *,
        ice: IceAgent,
        bundle: Bundle,
        counters: TransportCounters,
        limits: SessionLimits,
        now: float,
    ) -> None:
        self.session_id = session_id
        self.number = number
        self.room_id = room_id
        self.plan = plan
        self.ice = ice
        self.bundle = bundle
        self.opened_at = now
        self.etag = new_etag()
        self.state = SessionState.NEW
        self.routed: set[Address] = set()
        self.ufrags: tuple[str, ...] = ()
        self.wishes: tuple[SlotWish, ...] = ()
        self.member: Publisher | Viewer | None = None
        self.limits = limits
        self._media, self._reports = limits.media, limits.reports
        self._counters = counters
        self._dtls: DtlsSrtp | None = None
        self._handshake: asyncio.Task[None] | None = None
        self._path = Path(_send_nowhere, ("", 0))
        self._protect_rtcp: Cipher = not_connected
        self._publisher: Publisher | None = None

    @property
    def owner(self) -> tuple[str, tuple[str, str]]:
        """The owner: sessions of one owner replace each other."""
        return self.room_id, self.plan.key

    @property
    def refused(self) -> CloseReason | None:
        """The reason for which its media is refused; None while it is not."""
        return None if self._publisher is None else self._publisher.refused

    @property
    def refused_sound(self) -> int:
        """Sound packets so far that were more than any encoder makes."""
        return self._publisher.refused_sound if self._publisher is not None else 0

    def move(self, state: SessionState) -> None:
        """Change state along the transition table."""
        if state not in _NEXT_STATES[self.state]:
            raise RuntimeError(f"{self.state.name} does not lead to {state.name}")
        self.state = state

    # --- coming up and going down ---------------------------------------------------------------

    def prepare(
        self,
        identity: DtlsIdentity,
        offer: TransportOffer,
        *,
        active: bool,
        on_closed: Callable[[CloseReason], None],
    ) -> None:
        """Make the DTLS association, idle until `connect`."""
        self._dtls = DtlsSrtp(
            identity, offer.fingerprints, active=active, send=self._send_dtls, on_closed=on_closed
        )

    def on_valid_check(self, address: Address, sock: socket.socket, now: float) -> None:
        """A check passed (theirs or ours); if this is the selected address, send there."""
        if self.ice.selected != address:
            return
        self._path.sendto = sock.sendto
        if self._path.address == address:
            return
        self._path.address = address
        if isinstance(self.member, Viewer):
            self.member.on_path_change(now)

    def connect(self, on_up: Callable[[], None], on_failed: Callable[[CloseReason], None]) -> None:
        """Start the handshake in a task of its own."""
        self.move(SessionState.CONNECTING)
        self._handshake = asyncio.create_task(
            self._connect(on_up, on_failed), name=f"dtls {self.session_id}"
        )

    async def _connect(
        self, on_up: Callable[[], None], on_failed: Callable[[CloseReason], None]
    ) -> None:
        assert self._dtls is not None
        try:
            await self._dtls.connect()
        except DtlsError:
            on_failed(CloseReason.DTLS_FAILED)
        except Exception:
            # A peer's malformed flight must not be more than its own failure.
            _log.debug("handshake raised", session=self.session_id, exc_info=True)
            on_failed(CloseReason.DTLS_FAILED)
        else:
            self._protect_rtcp = self._dtls.protect_rtcp
            self._enter(on_up, on_failed)

    def _enter(self, on_up: Callable[[], None], on_failed: Callable[[CloseReason], None]) -> None:
        try:
            on_up()
        except Exception:
            _log.exception("cannot enter the room", session=self.session_id)
            on_failed(CloseReason.CONNECT_TIMEOUT)

    def join(self, member: Publisher | Viewer) -> None:
        """Take part in the room: received media goes to `member` from now on."""
        self.member = member
        self._publisher = member if isinstance(member, Publisher) else None

    def leave(self, reason: CloseReason, now: float) -> None:
        """Take no part in the room any more."""
        member, self.member, self._publisher = self.member, None, None
        if isinstance(member, Publisher):
            member.close(reason, now)
        elif member is not None:
            member.close(now)

    async def shut_down(self) -> None:
        """Let go of the transport: the handshake's task, the association (with close_notify)."""
        task, self._handshake = self._handshake, None
        if task is not None and task is not asyncio.current_task() and not task.done():
            task.cancel()
            await asyncio.wait([task])
        self._protect_rtcp = not_connected
        dtls, self._dtls = self._dtls, None
        if dtls is not None:
            await dtls.close()

    # --- datagrams in -----------------------------------------------------------------------------

    def on_dtls(self, record: bytes, now: float) -> None:
        """A DTLS datagram from a checked address that arrived at `now`."""
        if not self.limits.records.take(len(record), now):
            self._counters.dtls_excess += 1
            return
        if self._dtls is None or not self._dtls.feed(record):
            self._counters.dtls_dropped += 1

    def on_srtp(self, packet: bytes, now: float) -> None:
        """An SRTP packet from a checked address."""
        publisher, dtls = self._publisher, self._dtls
        if publisher is None or dtls is None:
            if self.member is not None:
                self._counters.rtp_from_viewer += 1
            else:
                self._counters.srtp_before_dtls += 1
            return
        if not self._media.take(len(packet), now):
            self._counters.rtp_excess += 1
            return
        try:
            plain = dtls.unprotect_rtp(packet).tobytes()
        except SrtpError as error:
            self._on_unauthentic(error, self._media, len(packet))
            return
        publisher.on_rtp(plain, now)

    def on_srtcp(self, packet: bytes, now: float) -> None:
        """An SRTCP packet from a checked address."""
        member, dtls = self.member, self._dtls
        if member is None or dtls is None:
            self._counters.srtp_before_dtls += 1
            return
        if not self._reports.take(len(packet), now):
            self._counters.rtcp_excess += 1
            return
        try:
            plain = dtls.unprotect_rtcp(packet).tobytes()
        except SrtpError as error:
            self._on_unauthentic(error, self._reports, len(packet))
            return
        member.on_rtcp(plain, now)

    def _on_unauthentic(self, error: SrtpError, allowance: Allowance, size: int) -> None:
        """Count it; whoever forges a sender's address must not use up what that one may send."""
        allowance.give_back(size)
        if isinstance(error, TooManyStreamsError):
            self._counters.srtp_streams_full += 1
        else:
            self._counters.srtp_unauthentic += 1

    # --- datagrams out ----------------------------------------------------------------------------

    def rtp_sender(self) -> Callable[[bytes], None]:
        """A function that protects and sends one RTP packet, once DTLS is up."""
        assert self._dtls is not None
        return self._dtls.rtp_sender(self._path, self._on_failure)

    def send_rtcp(self, packet: bytes) -> None:
        """Protect and send one compound RTCP packet."""
        try:
            self._path.sendto(self._protect_rtcp(packet), self._path.address)
        except (OSError, SrtpError) as error:
            self._on_failure(error)

    def _send_dtls(self, record: bytes) -> None:
        try:
            self._path.sendto(record, self._path.address)
        except OSError as error:
            self._on_failure(error)

    def _on_failure(self, error: Exception) -> None:
        """A datagram did not leave."""
        if isinstance(error, BlockingIOError):
            self._counters.send_would_block += 1
        elif isinstance(error, OSError):
            self._counters.send_failed += 1
        else:
            self._counters.srtp_protect_failed += 1


def _send_nowhere(datagram: bytes | memoryview, address: Address) -> int:
    raise OSError(errno.EDESTADDRREQ, "no address is proved yet")


def new_etag() -> str:
    """A fresh entity tag for an ICE generation (RFC 9725 §4.3.1)."""
    return secrets.token_hex(8)
