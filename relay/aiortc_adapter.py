"""DTLS-SRTP through aiortc: the only module that knows its (and pylibsrtp's) internals.

aiortc's `RTCDtlsTransport` does the handshake, checks the peer's certificate and derives the SRTP
keys. It reads DTLS records through the small ICE seam below. Once connected, SRTP bypasses it.
Packets are unprotected in the datagram callback and protected on the way out. Both are done
synchronously, in one shared buffer.

`tests/integration/relay/test_aiortc_contract.py` pins every internal that is used here. The version
is pinned in pyproject.toml.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from typing import Any, cast

from aiortc.rtcdtlstransport import (
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
    State,
)
from aiortc.rtcicetransport import RTCIceTransport
from pylibsrtp import Error, Policy, Session, _binding

from relay.api import CloseReason

MAX_PENDING_RECORDS = 16  # a flight of the handshake is 1 to 5 datagrams
# Bytes: any datagram of an Ethernet path plus the longest SRTCP trailer. pylibsrtp's own buffer of
# 1500 bytes is too small for packets of GStreamer's default MTU, 1400.
_SCRATCH_BYTES = 2048
_MAX_TRAILER_BYTES = 4 + 16 + 128  # SRTCP index, tag, MKI (libsrtp's SRTP_MAX_SRTCP_TRAILER_LEN)
MAX_PLAIN_BYTES = _SCRATCH_BYTES - _MAX_TRAILER_BYTES

_ffi = _binding.ffi
_lib = _binding.lib
_OK = _lib.srtp_err_status_ok
_scratch = _ffi.new("unsigned char[]", _SCRATCH_BYTES)
_scratch_view = memoryview(_ffi.buffer(_scratch))
_views_by_length = tuple(_scratch_view[:size] for size in range(_SCRATCH_BYTES + 1))  # by length
_length = _ffi.new("int *")


# SSRCs that a peer may use in one session, in RTP and RTCP together. libsrtp keeps about 0.5 KB for
# each, in a list that it searches for every packet. A publisher of two tracks with three layers and
# their repair has 8, and more for each stream begun anew.
MAX_STREAMS = 128
_RTP_SSRC_AT = 8  # RFC 3550 §5.1
_RTCP_SSRC_AT = 4  # RFC 3550 §6.4

Cipher = Callable[[bytes], memoryview]


class Path:
    """The present way of a session's datagrams.

    Attributes:
        sendto: of the socket to send from.
        address: the peer's.
    """

    __slots__ = ("address", "sendto")

    def __init__(
        self, sendto: Callable[[bytes | memoryview, Any], int], address: tuple[Any, ...]
    ) -> None:
        self.sendto = sendto
        self.address = address


class SrtpError(Exception):
    """A packet that cannot be authenticated, is replayed, or does not fit."""


class TooManyStreamsError(SrtpError):
    """The peer has used all the SSRCs that it may have."""


class DtlsError(Exception):
    """The handshake failed: alert, wrong fingerprint, or no SRTP profile in common."""


class DtlsIdentity:
    """The certificate that a relay shows to every peer, made once per process."""

    def __init__(self) -> None:
        self.certificate = RTCCertificate.generateCertificate()
        prints = {entry.algorithm: entry.value for entry in self.certificate.getFingerprints()}
        self.fingerprint = ("sha-256", prints["sha-256"])


class _IceSeam:
    """The ICE transport's part that `RTCDtlsTransport` asks for: `role`, `_recv` and `_send`."""

    role = "controlled"

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send_datagram = send
        self._records: deque[bytes] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._closed = False

    def feed(self, record: bytes) -> bool:
        if len(self._records) >= MAX_PENDING_RECORDS or not record:
            return False
        self._records.append(record)
        self._wake()
        return True

    def close(self) -> None:
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _recv(self) -> bytes:
        while not self._records:
            if self._closed:
                raise ConnectionError("closed")
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return self._records.popleft()

    async def _send(self, data: bytes) -> None:
        self._send_datagram(data)


class DtlsSrtp:
    """One peer's DTLS association and SRTP contexts.

    Args:
        identity: the relay's certificate.
        fingerprints: the peer's, as signalled; all of them must match (RFC 8122 §6.2).
        active: be the DTLS client.
        send: sends one datagram to the peer's selected address.
        on_closed: called once when a running association ends by itself, by the peer's
            close_notify.

    Attributes:
        unprotect_rtp: SRTP → RTP.
        unprotect_rtcp: SRTCP → RTCP.
        protect_rtp: RTP → SRTP; what is sent often goes by `rtp_sender`.
        protect_rtcp: RTCP → SRTCP.

    The four raise `SrtpError`, and return a view that is valid until the next call on any
    `DtlsSrtp`: copy or send it at once. All calls are made on one event loop.
    """

    def __init__(
        self,
        identity: DtlsIdentity,
        fingerprints: tuple[tuple[str, str], ...],
        *,
        active: bool,
        send: Callable[[bytes], None],
        on_closed: Callable[[CloseReason], None],
    ) -> None:
        self._seam = _IceSeam(send)
        self._transport = RTCDtlsTransport(
            cast(RTCIceTransport, self._seam), [identity.certificate]
        )
        self._transport._set_role("client" if active else "server")
        self._parameters = RTCDtlsParameters(
            fingerprints=[RTCDtlsFingerprint(name, value) for name, value in fingerprints]
        )
        self._on_closed: Callable[[CloseReason], None] | None = on_closed
        self._sessions: tuple[Any, ...] = ()  # keeps alive the contexts that the ciphers use
        self.unprotect_rtp: Cipher = not_connected
        self.unprotect_rtcp: Cipher = not_connected
        self.protect_rtp: Cipher = not_connected
        self.protect_rtcp: Cipher = not_connected

    def feed(self, record: bytes) -> bool:
        """Hand over one received DTLS datagram; False if the bounded queue is full."""
        return self._seam.feed(record)

    async def connect(self) -> None:
        """Do the handshake; SRTP works afterwards.

        Raises:
            DtlsError: it failed. The caller bounds the time.
        """
        await self._transport.start(self._parameters)
        if self._transport._state is not State.CONNECTED:
            raise DtlsError("DTLS handshake failed")
        self._sessions = (self._transport._rx_srtp, self._transport._tx_srtp)
        self._make_ciphers()
        pump = self._transport._task
        assert pump is not None
        pump.add_done_callback(self._pump_ended)

    async def close(self) -> None:
        """Send close_notify where the association is up, and let go of everything."""
        self._on_closed = None
        pump = self._transport._task
        self._seam.close()
        await self._transport.stop()
        if pump is not None:
            await asyncio.wait([pump])

    def rtp_sender(
        self, path: Path, on_failure: Callable[[Exception], None]
    ) -> Callable[[bytes], None]:
        """A function that protects one RTP packet and sends it along `path`, in one call.

        It is the relay's most frequent call by far: a closure over what `protect_rtp` and a method
        of the session would look up each time.

        Args:
            path: read at each call.
            on_failure: given the `OSError` or `SrtpError` for which a packet did not leave.
        """
        session = self._sessions[1]
        context, protect = session._srtp[0], _lib.srtp_protect
        scratch, heads, length, ok = _scratch, _views_by_length, _length, _OK

        def send(packet: bytes, *, _alive: object = session) -> None:  # it uses its memory
            size = len(packet)
            if size > MAX_PLAIN_BYTES:
                on_failure(SrtpError("too long"))
                return
            heads[size][:] = packet
            length[0] = size
            status = protect(context, scratch, length)
            if status != ok:
                on_failure(SrtpError(status))
                return
            try:
                sendto = path.sendto  # see `Outlet.send`
                sendto(heads[length[0]], path.address)
            except OSError as error:
                on_failure(error)

        return send

    def _pump_ended(self, pump: asyncio.Future[None]) -> None:
        if not pump.cancelled():
            pump.exception()  # retrieved: aiortc has logged it
        callback, self._on_closed = self._on_closed, None
        if callback is not None:
            callback(CloseReason.PEER_CLOSED)

    def _make_ciphers(self) -> None:
        receive = self._sessions[0]._srtp[0]
        send = self._sessions[1]._srtp[0]
        known: set[bytes] = set()
        self.unprotect_rtp = _bounded(
            _cipher(_lib.srtp_unprotect, receive, _SCRATCH_BYTES), known, _RTP_SSRC_AT
        )
        self.unprotect_rtcp = _bounded(
            _cipher(_lib.srtp_unprotect_rtcp, receive, _SCRATCH_BYTES), known, _RTCP_SSRC_AT
        )
        self.protect_rtp = _cipher(_lib.srtp_protect, send, MAX_PLAIN_BYTES)
        self.protect_rtcp = _cipher(_lib.srtp_protect_rtcp, send, MAX_PLAIN_BYTES)


def _cipher(function: Any, context: Any, limit: int) -> Cipher:
    """One libsrtp operation in place in the shared buffer; a closure, as it runs per packet."""
    scratch, heads, length, ok = _scratch, _views_by_length, _length, _OK

    def run(packet: bytes) -> memoryview:
        size = len(packet)
        if size > limit:
            raise SrtpError("too long")
        heads[size][:] = packet
        length[0] = size
        status = function(context, scratch, length)
        if status != ok:
            raise SrtpError(status)
        done: memoryview = heads[length[0]]
        return done

    return run


def _bounded(unprotect: Cipher, known: set[bytes], at: int) -> Cipher:
    """`unprotect`, for at most `MAX_STREAMS` SSRCs; only authentic packets use one up."""

    def run(packet: bytes) -> memoryview:
        ssrc = packet[at : at + 4]
        if ssrc in known:
            return unprotect(packet)
        if len(known) >= MAX_STREAMS:
            raise TooManyStreamsError
        plain = unprotect(packet)
        known.add(ssrc)
        return plain

    return run


class KeyedSrtp:
    """SRTP in one direction, under a key that both ends were told: AES-128-GCM (RFC 7714).

    Args:
        key: master key and salt, `KEY_BYTES`.
        inbound: to unprotect; else to protect.
        prefix: bytes before everything that is protected.

    Attributes:
        rtp: RTP → prefix and SRTP, or back without a prefix.
        rtcp: likewise for RTCP.

    Both raise `SrtpError` and return a view that is valid until the next call on any such object.
    """

    KEY_BYTES = 16 + 12

    def __init__(self, key: bytes, *, inbound: bool, prefix: bytes = b"") -> None:
        profile = Policy.SRTP_PROFILE_AEAD_AES_128_GCM
        kind = Policy.SSRC_ANY_INBOUND if inbound else Policy.SSRC_ANY_OUTBOUND
        self._session = Session(Policy(key=key, ssrc_type=kind, srtp_profile=profile))
        limit = _SCRATCH_BYTES if inbound else MAX_PLAIN_BYTES
        rtp = _lib.srtp_unprotect if inbound else _lib.srtp_protect
        rtcp = _lib.srtp_unprotect_rtcp if inbound else _lib.srtp_protect_rtcp
        self.rtp: Cipher = _kept(rtp, self._session, limit, prefix)
        self.rtcp: Cipher = _kept(rtcp, self._session, limit, prefix)

    def forget(self, ssrc: int) -> None:
        """Free a stream. Its SSRC must never be used again under this key."""
        with contextlib.suppress(Error):  # nothing came of it, or it is forgotten already
            self._session.remove_stream(ssrc)


def _kept(function: Any, session: Session, limit: int, prefix: bytes) -> Cipher:
    """One libsrtp operation in a buffer of its own, behind bytes that stay as they are.

    It keeps the session alive, since it uses the session's memory.
    """
    start = len(prefix)
    buffer = _ffi.new("unsigned char[]", start + _SCRATCH_BYTES)
    view = memoryview(_ffi.buffer(buffer))
    view[:start] = prefix
    context, place, length, ok = session._srtp[0], buffer + start, _length, _OK

    def run(packet: bytes, *, _alive: object = (session, buffer)) -> memoryview:
        size = len(packet)
        if size > limit:
            raise SrtpError("too long")
        view[start : start + size] = packet
        length[0] = size
        status = function(context, place, length)
        if status != ok:
            raise SrtpError(status)
        return view[: start + length[0]]

    return run


def not_connected(packet: bytes) -> memoryview:
    """A `Cipher` for when there is none: raises SrtpError."""
    raise SrtpError("DTLS is not up")
