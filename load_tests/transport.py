"""The media transport of a client: one UDP socket, controlling ICE, DTLS-SRTP through aiortc.

Against an ICE-lite server one nominated pair is all there is (RFC 8445 §2.5); consent checks keep
it alive (RFC 7675). After the handshake SRTP goes past aiortc: protected and sent in one step.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import secrets
import socket
import string
import struct
import time
from collections.abc import Callable
from functools import cache

import pylibsrtp
from aioice import stun
from aiortc.rtcdtlstransport import (
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
    State,
)

from load_tests.impairment import Impairment
from load_tests.rtp import is_rtcp
from load_tests.sdp import Answer, Candidate, LocalIdentity

ICE_CHARS = string.ascii_letters + string.digits
PRIORITY_PRFLX = (110 << 24) | (65535 << 8) | 255  # RFC 8445 §5.1.2.1
CHECK_INTERVALS_S = (0.0, 0.05, 0.1, 0.2, 0.4, 0.4, 0.8, 0.8, 1.6)  # retransmissions of a check
CONSENT_INTERVAL_S = 4.0  # RFC 7675 §5.1: about 5 s, never above
CONNECT_TIMEOUT_S = 15.0
SOCKET_BUFFER_BYTES = 1 << 20
SO_TIMESTAMPNS = 35  # asm-generic/socket.h: the kernel says when a datagram came
TIMESPEC = struct.Struct("@qq")  # seconds and nanoseconds of a 64-bit kernel
MAX_DATAGRAM_BYTES = 2048
READ_BATCH = 64  # datagrams taken per wake-up, so that one socket starves nobody
DTLS_QUEUE = 64
EARLY_SRTP = 512  # packets kept that overtook the end of our handshake


class TransportFailed(Exception):
    """ICE or DTLS did not come up, or the far side closed it."""


@cache
def shared_certificate() -> RTCCertificate:
    """One certificate per process: a key per synthetic peer would only measure key making."""
    return RTCCertificate.generateCertificate()


class _DtlsPipe:
    """The seam at which `RTCDtlsTransport` takes an ICE transport: DTLS records only."""

    role = "controlling"
    state = "completed"

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send_now = send
        self.records: asyncio.Queue[bytes | None] = asyncio.Queue(DTLS_QUEUE)

    async def _recv(self) -> bytes:
        record = await self.records.get()
        if record is None:
            raise ConnectionError
        return record

    async def _send(self, data: bytes) -> None:
        self._send_now(data)


class MediaTransport:
    """One peer's transport. Use `identity` in the offer, `connect` with the answer, then send.

    Attributes:
        on_rtp: gets each received RTP packet, decrypted (or as it came, with `decrypt=False`).
        on_rtcp: gets each received compound RTCP packet, decrypted.
        on_closed: called once when the far side ends the session or consent is lost.
        arrived_at: Unix seconds at which the datagram that is handled now reached the kernel;
            only with `stamped`, and not delayed by this process being slow.
    """

    def __init__(
        self,
        *,
        decrypt: bool = True,
        stamped: bool = False,
        send_impairment: Impairment | None = None,
        receive_impairment: Impairment | None = None,
    ) -> None:
        self.on_rtp: Callable[[bytes], None] = lambda _packet: None
        self.on_rtcp: Callable[[bytes], None] = lambda _packet: None
        self.on_closed: Callable[[], None] = lambda: None
        self.arrived_at = 0.0
        self.undecryptable = 0
        self.identity = self._fresh_identity()
        self._decrypt = decrypt
        self._stamped = stamped
        self._send_impairment = send_impairment
        self._receive_impairment = receive_impairment
        self._loop = asyncio.get_running_loop()
        self._socket: socket.socket | None = None
        self._peer: tuple[str, int] | None = None
        self._remote_ufrag = ""
        self._remote_pwd = ""
        self._checks: dict[bytes, asyncio.Future[tuple[str, int]]] = {}
        self._pipe = _DtlsPipe(self._send_raw)
        self._dtls = RTCDtlsTransport(self._pipe, [shared_certificate()])  # type: ignore[arg-type]
        self._consent: asyncio.Task[None] | None = None
        self._closed = False
        self._early: list[bytes] = []

    @property
    def connected(self) -> bool:
        """Tell whether media may be sent."""
        return not self._closed and self._dtls._state is State.CONNECTED

    @property
    def local_address(self) -> tuple[str, int] | None:
        """Address to which the socket is bound, for tests of address changes."""
        return None if self._socket is None else self._socket.getsockname()[:2]

    async def connect(self, answer: Answer, *, timeout_s: float = CONNECT_TIMEOUT_S) -> None:
        """Bring up ICE and DTLS.

        Raises:
            TransportFailed: no candidate answered, or the handshake failed.
        """
        try:
            async with asyncio.timeout(timeout_s):
                await self.check(answer.ice_ufrag, answer.ice_pwd, answer.candidates)
                await self._handshake(answer)
        except TimeoutError:
            raise TransportFailed("no connection in time") from None
        self._dtls.on("statechange", self._on_dtls_state)
        self._consent = asyncio.create_task(self._keep_consent())
        early, self._early = self._early, []
        for datagram in early:
            self._on_srtp(datagram)

    async def check(
        self, ufrag: str, password: str, candidates: list[Candidate], *, new_socket: bool = False
    ) -> None:
        """Check the candidates and take the first that answers (also for an ICE restart)."""
        self._remote_ufrag, self._remote_pwd = ufrag, password
        if not candidates and self._peer is not None:
            candidates = [Candidate(self._peer[0], self._peer[1], 0)]
        if not candidates:
            raise TransportFailed("the answer holds no candidate")
        family = self._family(candidates)
        if self._socket is None or new_socket:
            self._open_socket(family)
        usable = [c for c in candidates if self._family([c]) == family]
        checks = [asyncio.create_task(self._check_one((c.host, c.port))) for c in usable]
        try:
            for done in asyncio.as_completed(checks):
                with contextlib.suppress(TransportFailed):
                    self._peer = await done
                    return
            raise TransportFailed("no candidate answered")
        finally:
            for task in checks:
                task.cancel()
            await asyncio.gather(*checks, return_exceptions=True)

    def new_identity(self) -> LocalIdentity:
        """Fresh ICE credentials, for a restart; valid at once."""
        self.identity = self._fresh_identity()
        return self.identity

    def send_rtp(self, packet: bytes) -> None:
        """Protect and send; dropped silently before the session is up and after its end."""
        if not self.connected or (self._send_impairment and self._send_impairment.drops()):
            return
        self._send_raw(self._dtls._tx_srtp.protect(packet))

    def send_rtcp(self, packet: bytes) -> None:
        """Like `send_rtp`, for RTCP."""
        if not self.connected or (self._send_impairment and self._send_impairment.drops()):
            return
        self._send_raw(self._dtls._tx_srtp.protect_rtcp(packet))

    def send_unprotected(self, datagram: bytes) -> None:
        """Send bytes as they are, for tests of hostile input."""
        self._send_raw(datagram)

    async def close(self, *, notify: bool = True) -> None:
        """End the session; with `notify` false the peer just goes silent, as after a power cut."""
        if self._closed:
            return
        self._closed = True
        tasks = [task for task in (self._consent, self._dtls._task) if task is not None]
        if notify and self._dtls._ssl is not None:
            await self._dtls.stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._dtls.remove_all_listeners()
        self._close_socket()

    # --- ICE --------------------------------------------------------------------------------------

    @staticmethod
    def _fresh_identity() -> LocalIdentity:
        prints = shared_certificate().getFingerprints()
        return LocalIdentity(
            ice_ufrag="".join(secrets.choice(ICE_CHARS) for _ in range(8)),
            ice_pwd="".join(secrets.choice(ICE_CHARS) for _ in range(24)),
            fingerprint=next(p.value for p in prints if p.algorithm == "sha-256"),
        )

    @staticmethod
    def _family(candidates: list[Candidate]) -> socket.AddressFamily:
        versions = {ipaddress.ip_address(candidate.host).version for candidate in candidates}
        return socket.AF_INET if 4 in versions else socket.AF_INET6

    def _open_socket(self, family: socket.AddressFamily) -> None:
        self._close_socket()
        sock = socket.socket(family, socket.SOCK_DGRAM)
        sock.setblocking(False)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            sock.setsockopt(socket.SOL_SOCKET, option, SOCKET_BUFFER_BYTES)
        if self._stamped:
            sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        sock.bind(("0.0.0.0" if family == socket.AF_INET else "::", 0))
        self._socket = sock
        self._loop.add_reader(sock.fileno(), self._on_readable)

    def _close_socket(self) -> None:
        if self._socket is not None:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None

    async def _check_one(self, address: tuple[str, int]) -> tuple[str, int]:
        answered: asyncio.Future[tuple[str, int]] = self._loop.create_future()
        message = stun.Message(
            message_method=stun.Method.BINDING,
            message_class=stun.Class.REQUEST,
            attributes={
                "USERNAME": f"{self._remote_ufrag}:{self.identity.ice_ufrag}",
                "PRIORITY": PRIORITY_PRFLX,
                "ICE-CONTROLLING": secrets.randbits(63),
                "USE-CANDIDATE": None,
            },
        )
        message.add_message_integrity(self._remote_pwd.encode())
        data = bytes(message)
        self._checks[message.transaction_id] = answered
        try:
            for wait_s in CHECK_INTERVALS_S:
                with contextlib.suppress(TimeoutError):
                    return await asyncio.wait_for(asyncio.shield(answered), wait_s or 0.001)
                self._send_to(data, address)
            return await asyncio.wait_for(answered, CHECK_INTERVALS_S[-1])
        except TimeoutError:
            raise TransportFailed(f"no STUN answer from {address}") from None
        finally:
            self._checks.pop(message.transaction_id, None)

    async def _keep_consent(self) -> None:
        while True:
            await asyncio.sleep(CONSENT_INTERVAL_S)
            if self._peer is None:
                continue
            try:
                await self._check_one(self._peer)
            except TransportFailed:
                self._lost()
                return

    def _on_stun(self, data: bytes, address: tuple[str, int]) -> None:
        try:
            message = stun.parse_message(data)
        except ValueError:
            return
        if message.message_class == stun.Class.REQUEST:
            self._answer_check(message, address)
            return
        waiting = self._checks.get(message.transaction_id)
        if waiting is None or waiting.done():
            return
        if message.message_class == stun.Class.RESPONSE and message.check_message_integrity(
            self._remote_pwd.encode()
        ):
            waiting.set_result(address)

    def _answer_check(self, request: stun.Message, address: tuple[str, int]) -> None:
        """A full agent also checks us (only in tests without the ICE-lite relay)."""
        if not request.check_message_integrity(self.identity.ice_pwd.encode()):
            return
        response = stun.Message(
            message_method=stun.Method.BINDING,
            message_class=stun.Class.RESPONSE,
            transaction_id=request.transaction_id,
            attributes={"XOR-MAPPED-ADDRESS": address},
        )
        response.add_message_integrity(self.identity.ice_pwd.encode())
        self._send_to(bytes(response), address)

    # --- DTLS -------------------------------------------------------------------------------------

    async def _handshake(self, answer: Answer) -> None:
        self._dtls._set_role("server" if answer.setup == "active" else "client")
        prints = [RTCDtlsFingerprint(algorithm, value) for algorithm, value in answer.fingerprints]
        if not prints:
            raise TransportFailed("the answer holds no fingerprint")
        await self._dtls.start(RTCDtlsParameters(fingerprints=prints))
        if self._dtls._state is not State.CONNECTED:
            raise TransportFailed("the DTLS handshake failed")

    def _on_dtls_state(self) -> None:
        if self._dtls._state is State.CLOSED:
            self._lost()

    def _lost(self) -> None:
        if not self._closed:
            self.on_closed()

    # --- datagrams --------------------------------------------------------------------------------

    def _send_raw(self, datagram: bytes) -> None:
        if self._peer is not None:
            self._send_to(datagram, self._peer)

    def _send_to(self, datagram: bytes, address: tuple[str, int]) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):  # a full buffer or a refused port is packet loss
                self._socket.sendto(datagram, address)

    def _on_readable(self) -> None:
        for _ in range(READ_BATCH):
            if self._socket is None:
                return
            try:
                data, address = self._receive(self._socket)
            except OSError:
                return
            if data:
                self._on_datagram(data, address[:2])

    def _receive(self, sock: socket.socket) -> tuple[bytes, tuple[str, int]]:
        if not self._stamped:
            return sock.recvfrom(MAX_DATAGRAM_BYTES)
        room = socket.CMSG_SPACE(TIMESPEC.size)
        data, notes, _flags, address = sock.recvmsg(MAX_DATAGRAM_BYTES, room)
        self.arrived_at = time.time()
        for level, kind, note in notes:
            if (level, kind, len(note)) == (socket.SOL_SOCKET, SO_TIMESTAMPNS, TIMESPEC.size):
                seconds, nanoseconds = TIMESPEC.unpack(note)
                self.arrived_at = seconds + nanoseconds / 1e9
        return data, address

    def _on_datagram(self, data: bytes, address: tuple[str, int]) -> None:
        """Sort by the first byte (RFC 7983 §7)."""
        first = data[0]
        if 127 < first < 192:
            self._on_srtp(data)
        elif first < 4:
            self._on_stun(data, address)
        elif 19 < first < 64:
            with contextlib.suppress(asyncio.QueueFull):
                self._pipe.records.put_nowait(data)

    def _on_srtp(self, data: bytes) -> None:
        if not self.connected:
            if not self._closed and len(self._early) < EARLY_SRTP:
                self._early.append(data)
            return
        if self._receive_impairment and self._receive_impairment.drops():
            return
        try:
            if is_rtcp(data):
                self.on_rtcp(self._dtls._rx_srtp.unprotect_rtcp(data))
            elif self._decrypt:
                self.on_rtp(self._dtls._rx_srtp.unprotect(data))
            else:
                self.on_rtp(data)
        except pylibsrtp.Error:
            self.undecryptable += 1
