"""Datagrams and time: the relay's sockets and its timer, on asyncio (or uvloop).

Plain non-blocking sockets, read in batches, cost less per datagram than asyncio's transports. These
wrap each datagram in a callback and queue whatever the kernel does not take. Media that cannot
leave now is better lost. `docs/transport.md` has the figures.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable

import structlog

from relay import IS_COMPILED
from relay.address_watch import AddressWatch
from relay.arrival_clock import ANCILLARY_BYTES, ArrivalClock, ask_for_stamps
from relay.config import RelayConfig
from relay.feedback_socket import split_off_feedback
from relay.ice import Address
from relay.sockets import bind_all, bind_missing, enlarge_receiving, local_addresses
from relay.transport_counters import TransportCounters

RECEIVE_BYTES = 2048  # any datagram of an Ethernet path; what is cut off fails authentication
BATCH = 64  # datagrams per socket and wake-up, so that timers and other sockets get their turn
_FEEDBACK_BATCHES = 4  # at each tick: 256 packets are those of 500 viewers at 20 a second
_LATE_SHARE = 0.25  # of the pause between two ticks, after which a tick comes without a datagram
MAX_CANDIDATES = 16

_log = structlog.get_logger("relay.driver")

DatagramHandler = Callable[[bytes, Address, socket.socket, float], None]
Received = tuple[bytes, Address, float]  # datagram, sender, arrival
Reader = Callable[[socket.socket], Received]


class UdpDriver:
    """Every bound socket, and the tick.

    Attributes:
        port: the bound port, once open.
        candidates: addresses and ports for answers; they follow those of the machine.

    Args:
        config: hosts, port, buffer size, tick.
        on_datagram: called with each datagram, where it came from, the socket to answer on, and
            when it arrived: a little before now, or well before if the loop was busy.
        on_tick: called again after as many seconds as it returns, or a quarter more.
        arrivals: tells when a datagram arrived.
        counters: counts what goes wrong.
    """

    def __init__(
        self,
        config: RelayConfig,
        *,
        on_datagram: DatagramHandler,
        on_tick: Callable[[], float],
        arrivals: ArrivalClock,
        counters: TransportCounters,
    ) -> None:
        self._config = config
        self._on_datagram = on_datagram
        self._on_tick = on_tick
        self._arrivals = arrivals
        self._counters = counters
        self._sockets: list[socket.socket] = []
        # Beside some of them another one for feedback, which wakes nobody up.
        self._feedback: list[tuple[socket.socket, socket.socket, Reader]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._next_tick = 0.0
        self._addresses = AddressWatch(self._follow_addresses)
        self.port = 0
        self.candidates: tuple[tuple[str, int], ...] = ()

    def open(self) -> None:
        """Bind, and start reading and ticking on the running loop.

        Raises:
            OSError: not one of the hosts could be bound.
        """
        self._loop = asyncio.get_running_loop()
        self._sockets = bind_all(self._config)
        self.port = self._sockets[0].getsockname()[1]
        self.candidates = self._announced()
        for sock in self._sockets:
            self._begin_to_read(sock)
        self._addresses.start()
        self._tick()
        candidates = [host for host, _ in self.candidates]
        _log.info("listening", port=self.port, candidates=candidates, compiled_core=IS_COMPILED)

    def close(self) -> None:
        """Stop reading and ticking, close every socket. Closing twice does nothing."""
        self._addresses.stop()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for sock in self._sockets:
            assert self._loop is not None
            self._loop.remove_reader(sock.fileno())
            sock.close()
        for _, feedback, _ in self._feedback:
            feedback.close()
        self._sockets.clear()
        self._feedback.clear()

    def _begin_to_read(self, sock: socket.socket) -> None:
        assert self._loop is not None
        self._loop.add_reader(sock.fileno(), self._readable, sock, self._reader(sock))
        feedback = split_off_feedback(sock)
        if feedback is not None:
            enlarge_receiving(feedback, self._config.socket_buffer_bytes)
            self._feedback.append((sock, feedback, self._reader(feedback)))

    def _follow_addresses(self) -> None:
        """Bind what could not be bound before; the next answers name the present addresses."""
        for sock in bind_missing(self._config, self.port, self._sockets):
            self._sockets.append(sock)
            self._begin_to_read(sock)
        before, self.candidates = self.candidates, self._announced()
        if self.candidates != before:
            candidates = [host for host, _ in self.candidates]
            _log.info("addresses changed", candidates=candidates)

    def _reader(self, sock: socket.socket) -> Reader:
        return self._read_stamped if ask_for_stamps(sock) else self._read_plain

    def _readable(self, sock: socket.socket, read: Reader) -> None:
        self._arrivals.align()
        self._read_batch(sock, sock, read)
        assert self._loop is not None
        if self._loop.time() >= self._next_tick:
            self._tick()
        else:
            self._read_feedback(1)

    def _read_feedback(self, batches: int) -> None:
        """Read a bounded share of the feedback that the kernel put apart; the rest comes next."""
        before = self._counters.datagrams_in
        for sock, feedback, read in tuple(self._feedback):
            for _ in range(batches):
                if self._read_batch(feedback, sock, read):
                    break
        self._counters.feedback_socket_in += self._counters.datagrams_in - before

    def _read_batch(self, sock: socket.socket, answer: socket.socket, read: Reader) -> bool:
        """Read `sock`, to be answered on `answer`; whether nothing is left there."""
        handle = self._on_datagram
        counters = self._counters
        for _ in range(BATCH):
            try:
                datagram, address, arrival = read(sock)
            except BlockingIOError:
                return True
            except OSError:
                if self._sockets:  # else a datagram closed the driver
                    counters.receive_failed += 1
                return True
            counters.datagrams_in += 1
            try:
                handle(datagram, address, answer, arrival)
            except Exception:
                counters.datagrams_failed += 1
                self._log_failure(address)
        return False

    def _read_stamped(self, sock: socket.socket) -> Received:
        datagram, ancillary, _, address = sock.recvmsg(RECEIVE_BYTES, ANCILLARY_BYTES)
        return datagram, address, self._arrivals.arrival(ancillary)

    def _read_plain(self, sock: socket.socket) -> Received:
        """Read one datagram where the kernel gives no stamps: its arrival is now."""
        datagram, address = sock.recvfrom(RECEIVE_BYTES)
        return datagram, address, self._arrivals.arrival(())

    def _log_failure(self, address: Address) -> None:
        """A defect must be seen, but not once per packet: the 1st, 2nd, 4th, 8th … is a warning."""
        count = self._counters.datagrams_failed
        log = _log.warning if count & (count - 1) == 0 else _log.debug
        log("datagram failed", address=address, count=count, exc_info=True)

    def _tick(self) -> None:
        """Do the work that is due.

        Waking costs more than the work, so a tick follows the next datagram, or runs alone when
        25% late.
        """
        assert self._loop is not None
        self._read_feedback(_FEEDBACK_BATCHES)
        if not self._sockets:
            return  # a datagram closed the driver
        pause = self._config.tick_s
        try:
            pause = self._on_tick()
        except Exception:
            self._counters.ticks_failed += 1
            count = self._counters.ticks_failed
            log = _log.error if count & (count - 1) == 0 else _log.debug  # as `_log_failure`
            log("tick failed", count=count, exc_info=True)
        self._next_tick = self._loop.time() + pause
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._next_tick + _LATE_SHARE * pause, self._tick_alone)

    def _tick_alone(self) -> None:
        """No datagram came to tick along with."""
        self._arrivals.align()
        self._tick()

    def _announced(self) -> tuple[tuple[str, int], ...]:
        port = self._config.announced_port or self.port
        hosts = self._config.announced_addresses or local_addresses(self._sockets)
        unique = dict.fromkeys(ipaddress.ip_address(host).compressed for host in hosts)
        return tuple((host, port) for host in list(unique)[:MAX_CANDIDATES])
