"""Datagrams in and ticks, by real sockets."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest

from relay.arrival_clock import ArrivalClock
from relay.config import RelayConfig
from relay.driver import UdpDriver
from relay.transport_counters import TransportCounters

RTP = b"\x80\x60"
REPORT = b"\x80\xc9"
NACK = b"\x81\xcd"
PICTURE_LOSS = b"\x81\xce"
FEEDBACK = b"\x8f\xcd"  # transport-wide, alone
PADDED_FEEDBACK = b"\xaf\xcd"
MEDIA_LIKE_FEEDBACK = b"\x8f\xcc"  # any other type with that many reports
DTLS, STUN = b"\x16\xfe", b"\x00\x01"
URGENT = (RTP, REPORT, NACK, PICTURE_LOSS, MEDIA_LIKE_FEEDBACK, DTLS, STUN)


async def exchange(
    sent: list[bytes], *, host: str = "127.0.0.1", pause: float = 0.02
) -> tuple[list[bytes], TransportCounters]:
    """What a driver with that pause between ticks reads of what is sent, in its order."""
    read: list[bytes] = []
    whole = asyncio.Event()

    def take(datagram: bytes, address: object, sock: socket.socket, *_: object) -> None:
        assert sock.getsockname()[1] == driver.port
        read.append(datagram)
        if len(read) == len(sent):
            whole.set()

    counters = TransportCounters()
    driver = UdpDriver(
        RelayConfig(hosts=(host,), udp_port=0),
        on_datagram=take,
        on_tick=lambda: pause,
        arrivals=ArrivalClock(time.monotonic, time.time),
        counters=counters,
    )
    driver.open()
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sender:
        for datagram in sent:
            sender.sendto(datagram, (host, driver.port))
        async with asyncio.timeout(30):
            await whole.wait()
    driver.close()
    return read, counters


async def test_reports_and_media_are_all_read_however_they_come_together() -> None:
    kinds = [RTP, REPORT, RTP, NACK, RTP, b"\x80\xcd"]
    sent = [kind + bytes([number]) + bytes(40) for number, kind in enumerate(kinds * 30)]
    read, counters = await exchange(sent)
    assert read == sent
    assert counters.feedback_in == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_feedback_waits_for_what_is_urgent(host: str) -> None:
    feedback = [FEEDBACK + bytes(60), PADDED_FEEDBACK + bytes(60)]
    urgent = [kind + bytes(60) for kind in URGENT]
    read, counters = await exchange([*feedback, *urgent], host=host, pause=3600)
    assert read == [*urgent, *feedback]
    assert counters.feedback_in == 2


async def test_feedback_that_comes_alone_is_read_with_the_next_tick() -> None:
    sent = [FEEDBACK + bytes([number]) + bytes(60) for number in range(200)]
    read, counters = await exchange(sent)
    assert read == sent
    assert counters.feedback_in == 200


async def test_where_the_kernel_puts_nothing_apart_all_is_read_as_it_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("relay.feedback_socket._SO_ATTACH_REUSEPORT_CBPF", 9999)  # no such option
    sent = [FEEDBACK + bytes(60), *(kind + bytes(60) for kind in URGENT)]
    read, counters = await exchange(sent, pause=3600)
    assert read == sent
    assert counters.feedback_in == 0


async def test_the_port_is_shared_with_no_other_relay() -> None:
    def driver(port: int) -> UdpDriver:
        return UdpDriver(
            RelayConfig(hosts=("127.0.0.1",), udp_port=port),
            on_datagram=lambda *_: None,
            on_tick=lambda: 0.02,
            arrivals=ArrivalClock(time.monotonic, time.time),
            counters=TransportCounters(),
        )

    first = driver(0)
    first.open()
    with pytest.raises(OSError, match="in use"):
        driver(first.port).open()
    first.close()
    second = driver(first.port)
    second.open()
    second.close()


async def test_nothing_ticks_after_the_driver_was_closed_by_what_it_read() -> None:
    ticks: list[float] = []
    closed = asyncio.Event()

    def tick() -> float:
        ticks.append(time.monotonic())
        return 0.0  # due again at once, so with the next datagram

    def close(*_: object) -> None:
        driver.close()
        closed.set()

    driver = UdpDriver(
        RelayConfig(hosts=("127.0.0.1",), udp_port=0),
        on_datagram=close,
        on_tick=tick,
        arrivals=ArrivalClock(time.monotonic, time.time),
        counters=TransportCounters(),
    )
    driver.open()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(bytes(40), ("127.0.0.1", driver.port))
        async with asyncio.timeout(30):
            await closed.wait()
    count = len(ticks)
    for _ in range(50):
        await asyncio.sleep(0)
    assert len(ticks) == count
