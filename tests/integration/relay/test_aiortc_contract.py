"""Pins what `relay.aiortc_adapter` uses of aiortc's and pylibsrtp's internals.

When one of these fails after an upgrade, read the new source and adapt the adapter; do not loosen
the test.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
import os
import re
import struct
from importlib.metadata import version

import pylibsrtp
import pytest
from aiortc.rtcdtlstransport import (
    RTCCertificate,
    RTCDtlsParameters,
    RTCDtlsTransport,
    State,
)
from pylibsrtp import Policy, Session, _binding

from relay import aiortc_adapter
from relay.aiortc_adapter import (
    MAX_PENDING_RECORDS,
    MAX_PLAIN_BYTES,
    MAX_STREAMS,
    DtlsError,
    DtlsIdentity,
    DtlsSrtp,
    Path,
    SrtpError,
    TooManyStreamsError,
    not_connected,
)
from relay.api import CloseReason


class Pair:
    """Two associations joined back to back."""

    def __init__(self, *, wrong_fingerprint: bool = False) -> None:
        one, two = DtlsIdentity(), DtlsIdentity()
        expected = one if wrong_fingerprint else two
        self.closed: list[CloseReason] = []
        self.server = DtlsSrtp(
            one,
            (expected.fingerprint,),
            active=False,
            send=lambda record: self.client.feed(record) and None,
            on_closed=self.closed.append,
        )
        self.client = DtlsSrtp(
            two,
            (one.fingerprint,),
            active=True,
            send=lambda record: self.server.feed(record) and None,
            on_closed=lambda reason: None,
        )

    async def connect(self) -> None:
        await asyncio.wait_for(asyncio.gather(self.server.connect(), self.client.connect()), 60)

    async def close(self) -> None:
        await self.client.close()
        await self.server.close()


def test_versions() -> None:
    assert version("aiortc") == "1.16.0"
    assert version("pylibsrtp") == "1.0.0"


def test_the_ice_seam_is_all_that_aiortc_asks_for() -> None:
    source = inspect.getsource(RTCDtlsTransport)
    used = set(re.findall(r"self\._?transport\.(\w+)", source))
    assert used == {"role", "_recv", "_send"}


async def test_the_internals_that_are_read_exist() -> None:
    transport = RTCDtlsTransport(object(), [RTCCertificate.generateCertificate()])
    assert transport._state is State.NEW
    assert transport._rx_srtp is None
    assert transport._tx_srtp is None
    assert transport._task is None
    assert callable(transport._set_role)
    assert list(inspect.signature(transport.start).parameters) == ["remoteParameters"]
    assert inspect.iscoroutinefunction(transport.stop)
    assert list(RTCDtlsParameters.__dataclass_fields__) == ["fingerprints", "role"]


def test_libsrtp_calls_are_in_place_with_a_length_pointer() -> None:
    policy = Policy(
        key=os.urandom(30),
        ssrc_type=Policy.SSRC_ANY_OUTBOUND,
        srtp_profile=Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
    )
    session = Session(policy)
    for name in ("srtp_protect", "srtp_unprotect", "srtp_protect_rtcp", "srtp_unprotect_rtcp"):
        kind = _binding.ffi.typeof(getattr(_binding.lib, name))
        assert [argument.cname for argument in kind.args][1:] == ["void *", "int *"]
    assert _binding.ffi.typeof(session._srtp[0]).kind == "pointer"
    assert pylibsrtp.SRTP_MAX_SRTCP_TRAILER_LEN == aiortc_adapter._MAX_TRAILER_BYTES


async def test_a_handshake_gives_matching_keys_both_ways() -> None:
    pair = Pair()
    await pair.connect()
    rtp = b"\x80\x60\x00\x01" + bytes(8) + os.urandom(1100)
    rtcp = b"\x81\xc9\x00\x07" + bytes(28)
    for sender, receiver in ((pair.server, pair.client), (pair.client, pair.server)):
        protected = bytes(sender.protect_rtp(rtp))
        assert rtp[12:] not in protected
        assert bytes(receiver.unprotect_rtp(protected)) == rtp
        with pytest.raises(SrtpError):
            receiver.unprotect_rtp(protected)  # replayed
        assert bytes(receiver.unprotect_rtcp(bytes(sender.protect_rtcp(rtcp)))) == rtcp
        with pytest.raises(SrtpError):
            receiver.unprotect_rtp(bytes(len(protected)))
    await pair.close()


async def test_packets_of_a_larger_mtu_pass_and_oversized_ones_do_not() -> None:
    pair = Pair()
    await pair.connect()
    large = b"\x80\x60\x00\x01" + bytes(MAX_PLAIN_BYTES - 4)
    assert bytes(pair.client.unprotect_rtp(bytes(pair.server.protect_rtp(large)))) == large
    with pytest.raises(SrtpError):
        pair.server.protect_rtp(large + b"x")
    with pytest.raises(SrtpError):
        pair.server.unprotect_rtp(bytes(4000))
    await pair.close()


async def test_a_sender_protects_and_sends_and_tells_what_did_not_leave() -> None:
    pair = Pair()
    await pair.connect()
    left: list[tuple[bytes, object]] = []
    failed: list[Exception] = []

    def sendto(data: bytes | memoryview, address: object) -> int:
        left.append((bytes(data), address))
        return len(data)

    def refuse(data: bytes | memoryview, address: object) -> int:
        raise BlockingIOError

    path = Path(sendto, ("192.0.2.1", 9))
    send = pair.server.rtp_sender(path, failed.append)
    packets = [b"\x80\x60" + struct.pack("!H", number) + bytes(108) for number in range(4)]
    send(packets[0])
    path.address = ("192.0.2.2", 9)  # the peer moved
    send(packets[1])
    assert [address for _, address in left] == [("192.0.2.1", 9), ("192.0.2.2", 9)]
    assert [bytes(pair.client.unprotect_rtp(data)) for data, _ in left] == packets[:2]
    path.sendto = refuse
    send(packets[2])
    send(packets[3] + bytes(MAX_PLAIN_BYTES))
    assert [type(error) for error in failed] == [BlockingIOError, SrtpError]
    path.sendto = sendto
    await pair.close()
    del pair
    gc.collect()
    send(packets[3])  # late: the keys are still there, and nothing crashes
    assert len(left) == 3


async def test_a_peer_has_a_bounded_number_of_streams() -> None:
    pair = Pair()
    await pair.connect()

    def rtp(ssrc: int) -> bytes:
        return bytes(pair.client.protect_rtp(b"\x80\x60\x00\x01" + struct.pack("!II", 0, ssrc)))

    def rtcp(ssrc: int) -> bytes:
        return bytes(pair.client.protect_rtcp(b"\x80\xc9\x00\x01" + struct.pack("!I", ssrc)))

    for ssrc in range(MAX_STREAMS + 1):  # forged ones use none up
        protected = rtp(ssrc)
        with pytest.raises(SrtpError):
            pair.server.unprotect_rtp(protected[:-1] + bytes([protected[-1] ^ 1]))
    for ssrc in range(MAX_STREAMS // 2):
        pair.server.unprotect_rtp(rtp(ssrc))
        pair.server.unprotect_rtcp(rtcp(ssrc))  # the same stream's reports
        pair.server.unprotect_rtcp(rtcp(1000 + ssrc))
    for protected, unprotect in (
        (rtp(5000), pair.server.unprotect_rtp),
        (rtcp(5000), pair.server.unprotect_rtcp),
    ):
        with pytest.raises(TooManyStreamsError):
            unprotect(protected)
    assert pair.server.unprotect_rtcp(rtcp(1000))
    await pair.close()


async def test_close_notify_reaches_the_other_side_once() -> None:
    pair = Pair()
    await pair.connect()
    await pair.client.close()
    async with asyncio.timeout(60):
        while not pair.closed:  # noqa: ASYNC110
            await asyncio.sleep(0)
    assert pair.closed == [CloseReason.PEER_CLOSED]
    await pair.close()
    assert pair.closed == [CloseReason.PEER_CLOSED]


async def test_a_fingerprint_mismatch_is_an_error_before_any_key_exists() -> None:
    pair = Pair(wrong_fingerprint=True)
    results = await asyncio.wait_for(
        asyncio.gather(pair.server.connect(), pair.client.connect(), return_exceptions=True), 10
    )
    assert isinstance(results[0], DtlsError)
    assert pair.server.protect_rtp is not_connected
    await pair.close()


async def test_records_are_bounded() -> None:
    pair = Pair()
    assert all(pair.server.feed(b"\x16" * 20) for _ in range(MAX_PENDING_RECORDS))
    assert not pair.server.feed(b"\x16" * 20)
    assert not pair.client.feed(b"")
    await pair.close()


async def test_closing_during_the_handshake_ends_it() -> None:
    pair = Pair()
    handshake = asyncio.create_task(pair.server.connect())
    await asyncio.sleep(0)
    handshake.cancel()
    await asyncio.wait([handshake])
    await pair.server.close()
    await pair.client.close()


def test_nothing_is_protected_before_the_handshake() -> None:
    with pytest.raises(SrtpError):
        not_connected(b"")
