"""Datagrams in and ticks, by real sockets."""

from __future__ import annotations

import asyncio
import socket
import time

from relay.arrival_clock import ArrivalClock
from relay.config import RelayConfig
from relay.driver import UdpDriver
from relay.transport_counters import TransportCounters


async def test_reports_and_media_are_all_read_however_they_come_together() -> None:
    kinds = [b"\x80\xc9", b"\x80\xcd", b"\x80\x60", b"\x81\xc9", b"\x80\x60", b"\x80\xcd"]
    sent = [kind + bytes([number]) + bytes(40) for number, kind in enumerate(kinds * 30)]
    read: list[bytes] = []
    whole = asyncio.Event()

    def take(datagram: bytes, *_: object) -> None:
        read.append(datagram)
        if len(read) == len(sent):
            whole.set()

    driver = UdpDriver(
        RelayConfig(hosts=("127.0.0.1",), udp_port=0),
        on_datagram=take,
        on_tick=lambda: 0.02,
        arrivals=ArrivalClock(time.monotonic, time.time),
        counters=TransportCounters(),
    )
    driver.open()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for datagram in sent:
            sender.sendto(datagram, ("127.0.0.1", driver.port))
        async with asyncio.timeout(30):
            await whole.wait()
    driver.close()
    assert read == sent


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
