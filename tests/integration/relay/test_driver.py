"""Datagrams in and ticks, by real sockets."""

from __future__ import annotations

import asyncio
import errno
import socket
import time

import pytest

from relay.arrival_clock import ArrivalClock, ask_for_stamps
from relay.config import RelayConfig
from relay.driver import UdpDriver
from relay.feedback_socket import split_off_feedback
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


class _NoMoreFiles:
    """The module `socket` of a process that has all the files it may have."""

    def __getattr__(self, name: str) -> object:
        return getattr(socket, name)

    def socket(self, *_: object) -> socket.socket:
        raise OSError(errno.EMFILE, "too many open files")


async def exchange(
    sent: list[bytes], *, host: str = "127.0.0.1", pause: float = 0.02
) -> tuple[list[bytes], TransportCounters]:
    """The datagrams that a driver with that pause between ticks reads, in its order."""
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
        async with asyncio.timeout(60):
            await whole.wait()
    driver.close()
    return read, counters


async def test_reports_and_media_are_all_read_however_they_come_together() -> None:
    kinds = [RTP, REPORT, RTP, NACK, RTP, b"\x80\xcd"]
    sent = [kind + bytes([number]) + bytes(40) for number, kind in enumerate(kinds * 30)]
    read, counters = await exchange(sent)
    assert read == sent
    assert counters.feedback_socket_in == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_feedback_waits_for_what_is_urgent(host: str) -> None:
    if host == "::1":
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind((host, 0))
            except OSError:
                pytest.skip("this machine has no IPv6")
    feedback = [FEEDBACK + bytes(60), PADDED_FEEDBACK + bytes(60)]
    urgent = [kind + bytes(60) for kind in URGENT]
    read, counters = await exchange([*feedback, *urgent], host=host, pause=3600)
    assert read == [*urgent, *feedback]
    assert counters.feedback_socket_in == 2


async def test_feedback_that_comes_alone_is_read_with_the_next_tick() -> None:
    sent = [FEEDBACK + bytes([number]) + bytes(60) for number in range(200)]
    read, counters = await exchange(sent)
    assert read == sent
    assert counters.feedback_socket_in == 200


async def test_a_tick_takes_all_the_feedback_of_a_large_lesson() -> None:
    read: list[bytes] = []
    at_ticks: list[int] = []
    whole = asyncio.Event()

    def tick() -> float:
        at_ticks.append(len(read))
        if len(read) == 250:
            whole.set()
        return 0.02

    driver = UdpDriver(
        RelayConfig(hosts=("127.0.0.1",), udp_port=0),
        on_datagram=lambda datagram, *_: read.append(datagram),
        on_tick=tick,
        arrivals=ArrivalClock(time.monotonic, time.time),
        counters=TransportCounters(),
    )
    driver.open()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(250):  # the loop is not given a turn meanwhile
            sender.sendto(FEEDBACK + bytes(40), ("127.0.0.1", driver.port))
    async with asyncio.timeout(60):
        await whole.wait()
    driver.close()
    assert set(at_ticks) == {0, 250}


async def test_feedback_came_when_the_kernel_got_it_not_when_it_is_read() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        if not ask_for_stamps(probe):
            pytest.skip("this kernel does not stamp datagrams")
    arrived: list[float] = []
    both = asyncio.Event()

    def take(_datagram: bytes, _address: object, _sock: object, arrival: float) -> None:
        arrived.append(arrival)
        if len(arrived) == 2:
            both.set()

    driver = UdpDriver(
        RelayConfig(hosts=("127.0.0.1",), udp_port=0),
        on_datagram=take,
        on_tick=lambda: 0.02,
        arrivals=ArrivalClock(time.monotonic, time.time),
        counters=TransportCounters(),
    )
    driver.open()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(2):
            sender.sendto(FEEDBACK + bytes(40), ("127.0.0.1", driver.port))
            time.sleep(0.1)  # noqa: ASYNC251 - the loop is to be busy
    async with asyncio.timeout(60):
        await both.wait()
    driver.close()
    assert arrived[1] - arrived[0] >= 0.099


@pytest.mark.parametrize("refused", ["reuseport", "program", "socket"])
async def test_where_the_kernel_puts_nothing_apart_all_is_read_as_it_comes(
    monkeypatch: pytest.MonkeyPatch, refused: str
) -> None:
    if refused == "program":
        monkeypatch.setattr("relay.feedback_socket._SO_ATTACH_REUSEPORT_CBPF", 9999)
    elif refused == "reuseport":
        monkeypatch.setattr("relay.feedback_socket.socket.SO_REUSEPORT", 9999)
    else:
        monkeypatch.setattr("relay.feedback_socket.socket", _NoMoreFiles())
    sent = [FEEDBACK + bytes(60), *(kind + bytes(60) for kind in URGENT)]
    read, counters = await exchange(sent, pause=3600)
    assert read == sent
    assert counters.feedback_socket_in == 0


def test_a_port_that_is_not_split_is_not_left_to_be_shared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("relay.feedback_socket._SO_ATTACH_REUSEPORT_CBPF", 9999)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as main:
        main.bind(("127.0.0.1", 0))
        assert split_off_feedback(main) is None
        assert main.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT) == 0


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


@pytest.mark.parametrize("kind", [RTP, FEEDBACK])
async def test_nothing_ticks_after_the_driver_was_closed_by_what_it_read(kind: bytes) -> None:
    ticks: list[float] = []
    closed = asyncio.Event()

    def tick() -> float:
        ticks.append(time.monotonic())
        return 0.0  # due again at once, so with the next datagram

    def close(*_: object) -> None:
        driver.close()
        closed.set()

    counters = TransportCounters()

    driver = UdpDriver(
        RelayConfig(hosts=("127.0.0.1",), udp_port=0),
        on_datagram=close,
        on_tick=tick,
        arrivals=ArrivalClock(time.monotonic, time.time),
        counters=counters,
    )
    driver.open()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(kind + bytes(40), ("127.0.0.1", driver.port))
        async with asyncio.timeout(60):
            await closed.wait()
    count = len(ticks)
    for _ in range(50):
        await asyncio.sleep(0)
    assert len(ticks) == count
    assert counters.receive_failed == 0
