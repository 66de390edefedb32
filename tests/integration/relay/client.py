"""A lean client for the relay's transport: real sockets, hand-made checks, and every fault one may
want.

It uses the relay's own `DtlsSrtp` as a DTLS client; that other implementations agree is shown by
`tests/interop` (Chromium) and `load_tests` (plain aiortc).
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import Callable, Sequence

from aioice import stun

from relay.aiortc_adapter import DtlsIdentity, DtlsSrtp
from relay.api import CloseReason, Layer, SlotState, SourceInfo
from relay.core.wire.datagram import DatagramKind, classify
from relay.node import RelayNode

IDENTITY = DtlsIdentity()  # one key for all clients: making keys is not what is tested
TIMEOUT_S = 60.0  # generous: the machine may be busy, and nothing waits this long when all is well
PASSWORD = "clientpasswordclientpassword"


async def until(predicate: Callable[[], object]) -> None:
    """Wait for a condition that the event loop brings about."""
    async with asyncio.timeout(TIMEOUT_S):
        while not predicate():  # noqa: ASYNC110 - plain state, there is no event to wait for
            await asyncio.sleep(0.002)


class Listener:
    """Records everything a relay tells."""

    def __init__(self) -> None:
        self.up: list[str] = []
        self.down: dict[str, CloseReason] = {}
        self.sources: dict[str, SourceInfo] = {}
        self.removed: list[str] = []
        self.slots: dict[str, Sequence[SlotState]] = {}
        self.wanted: dict[str, tuple[tuple[Layer, ...], bool]] = {}

    def on_session_up(self, session_id: str) -> None:
        self.up.append(session_id)

    def on_session_down(self, session_id: str, reason: CloseReason) -> None:
        self.down[session_id] = reason

    def on_source_changed(self, room_id: str, source: SourceInfo) -> None:
        self.sources[source.source_id] = source

    def on_source_removed(self, room_id: str, source_id: str) -> None:
        self.removed.append(source_id)

    def on_slots_changed(self, session_id: str, slots: Sequence[SlotState]) -> None:
        self.slots[session_id] = slots

    def on_layers_wanted(self, session_id: str, layers: Sequence[Layer], *, sound: bool) -> None:
        self.wanted[session_id] = (tuple(layers), sound)


def offer(
    direction: str = "sendonly",
    *,
    ufrag: str = "clnt",
    fingerprint: str | None = None,
    setup: str = "actpass",
) -> str:
    """One audio and one video section (Opus, VP8 with RTX)."""
    transport = (
        f"c=IN IP4 0.0.0.0\r\na=ice-ufrag:{ufrag}\r\na=ice-pwd:{PASSWORD}\r\n"
        f"a=fingerprint:sha-256 {fingerprint or IDENTITY.fingerprint[1]}\r\n"
        f"a=setup:{setup}\r\na=rtcp-mux\r\na={direction}\r\n"
        "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
    )
    return (
        "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n"
        f"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n{transport}a=mid:0\r\na=rtpmap:111 opus/48000/2\r\n"
        f"m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\n{transport}a=mid:1\r\n"
        "a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack pli\r\n"
        "a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n"
    )


class Client:
    """One UDP socket with ICE credentials and a DTLS association."""

    def __init__(self, answer: str, *, ufrag: str = "clnt") -> None:
        self.ufrag = ufrag
        self.answers_checks = True
        self.received: list[tuple[DatagramKind, bytes]] = []
        self.closed: list[CloseReason] = []
        self._replies: dict[bytes, asyncio.Future[stun.Message]] = {}
        self._sock: socket.socket | None = None
        self.use(answer)
        self.open_socket()
        self.dtls = self._make_dtls(answer)

    def use(self, answer: str) -> None:
        """Take ICE credentials and the first IPv4 candidate from an answer (or fragment)."""
        self.server_ufrag = re.findall(r"a=ice-ufrag:(\S+)", answer)[0]
        self.server_pwd = re.findall(r"a=ice-pwd:(\S+)", answer)[0]
        host, port = re.findall(r"a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host", answer)[0]
        self.server = (host, int(port))

    def _make_dtls(self, answer: str) -> DtlsSrtp:
        name, value = re.findall(r"a=fingerprint:(\S+) (\S+)", answer)[0]
        return DtlsSrtp(
            IDENTITY,
            ((name, value),),
            active="a=setup:passive" in answer,
            send=self.send_raw,
            on_closed=self.closed.append,
        )

    # --- sockets ---

    def open_socket(self) -> None:
        """A new socket, as after a change of network; the old one is closed."""
        self.close_socket()
        family = socket.AF_INET6 if ":" in self.server[0] else socket.AF_INET
        self._sock = socket.socket(family, socket.SOCK_DGRAM)
        self._sock.setblocking(False)
        self._sock.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
        asyncio.get_running_loop().add_reader(self._sock.fileno(), self._readable, self._sock)

    def close_socket(self) -> None:
        """Go silent."""
        if self._sock is not None:
            asyncio.get_running_loop().remove_reader(self._sock.fileno())
            self._sock.close()
            self._sock = None

    def send_raw(self, datagram: bytes) -> None:
        if self._sock is not None:
            self._sock.sendto(datagram, self.server)

    def _readable(self, sock: socket.socket) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                datagram, _ = sock.recvfrom(2048)
                kind = classify(datagram)
                self.received.append((kind, datagram))
                if kind is DatagramKind.DTLS:
                    self.dtls.feed(datagram)
                elif kind is DatagramKind.STUN:
                    message = stun.parse_message(datagram)
                    if message.message_class is stun.Class.REQUEST and self.answers_checks:
                        self._answer_check(message)
                    waiting = self._replies.pop(message.transaction_id, None)
                    if waiting is not None and not waiting.done():
                        waiting.set_result(message)

    # --- ICE ---

    def make_check(self, *, nominate: bool = True, password: str | None = None) -> stun.Message:
        message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        message.attributes["USERNAME"] = f"{self.server_ufrag}:{self.ufrag}"
        message.attributes["PRIORITY"] = 1
        message.attributes["ICE-CONTROLLING"] = 1
        if nominate:
            message.attributes["USE-CANDIDATE"] = None
        message.add_message_integrity((password or self.server_pwd).encode())
        return message

    def _answer_check(self, request: stun.Message) -> None:
        """Answer checks, as a full agent does (RFC 8445 §7.3)."""
        assert request.attributes["USERNAME"] == f"{self.ufrag}:{self.server_ufrag}"
        assert request.check_message_integrity(PASSWORD.encode())
        message = stun.Message(
            stun.Method.BINDING, stun.Class.RESPONSE, transaction_id=request.transaction_id
        )
        message.attributes["XOR-MAPPED-ADDRESS"] = self.server
        message.add_message_integrity(PASSWORD.encode())
        self.send_raw(bytes(message))

    async def check(self, *, nominate: bool = True) -> stun.Message:
        """One check and its answer."""
        message = self.make_check(nominate=nominate)
        reply: asyncio.Future[stun.Message] = asyncio.get_running_loop().create_future()
        self._replies[message.transaction_id] = reply
        self.send_raw(bytes(message))
        return await asyncio.wait_for(reply, TIMEOUT_S)

    # --- session ---

    async def connect(self) -> None:
        """ICE, then DTLS."""
        await self.check()
        await asyncio.wait_for(self.dtls.connect(), TIMEOUT_S)

    def send_rtp(self, packet: bytes) -> None:
        self.send_raw(bytes(self.dtls.protect_rtp(packet)))

    def send_rtcp(self, packet: bytes) -> None:
        self.send_raw(bytes(self.dtls.protect_rtcp(packet)))

    def rtp(self) -> list[bytes]:
        """Every received RTP packet, decrypted (call once)."""
        packets = [data for kind, data in self.received if kind is DatagramKind.RTP]
        self.received = [entry for entry in self.received if entry[0] is not DatagramKind.RTP]
        return [bytes(self.dtls.unprotect_rtp(packet)) for packet in packets]

    async def close(self) -> None:
        await self.dtls.close()
        self.close_socket()


def publish(relay: RelayNode, source: str = "s", **kwargs: str) -> tuple[str, str]:
    """Open a publishing session; returns (session id, answer)."""
    answer = relay.publish(offer("sendonly", **kwargs), room_id="r", source_id=source)
    return answer.session_id, answer.sdp


def watch(relay: RelayNode, viewer: str = "v") -> tuple[str, str]:
    """Open a viewing session; returns (session id, answer)."""
    answer = relay.watch(offer("recvonly"), room_id="r", viewer_id=viewer)
    return answer.session_id, answer.sdp
