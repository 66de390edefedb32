"""The process that carries packets between two TUN devices: `python -m load_tests.link`.

Standard input: one line of JSON (`LinkPlan`), then `start`, then `stop`; its end is as good as
`stop` at any time. Standard output: a line when both ends exist, one when the plan has started, and
the `LinkReport`. Before the start the link is perfect, so that pages can load.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import sys
import time
from collections import deque
from dataclasses import dataclass, field

import msgspec

from load_tests.link.namespaces import (
    End,
    LinkUnavailable,
    configure,
    die_with_parent,
    make_end,
)
from load_tests.link.path import Path, classify
from load_tests.link.plan import LinkPlan, LinkReport, PathPlan

GOOD_ADDRESS, POOR_ADDRESS = "10.99.0.1", "10.99.0.2"
MAX_PACKET_BYTES = 65_535
READ_BURST = 64  # packets taken from one device before the other has its turn
IDLE_S = 0.05
LATE_SAMPLES = 200_000


class Ready(msgspec.Struct, frozen=True):
    """First line of the forwarder: where its namespaces can be entered."""

    good_namespace: str
    poor_namespace: str
    real_time: bool


@dataclass
class _Way:
    """One direction: from a device through a path to the other device."""

    source: int
    target: int
    path: Path
    on_way: deque[tuple[float, bytes]] = field(default_factory=deque)


class Forwarder:
    """Carries packets until told to stop."""

    def __init__(self, plan: LinkPlan, good: End, poor: End) -> None:
        self._plan = plan
        self._good, self._poor = good, poor
        self._origin = time.monotonic()
        self._late_s: deque[float] = deque(maxlen=LATE_SAMPLES)
        self._unwritable = 0
        self._cpu_before_s = 0.0
        self._set_out(PathPlan(), PathPlan())

    def begin(self) -> None:
        """The plan's time starts now; what is on its way still arrives."""
        on_way = [list(way.on_way) for way in self._ways.values()]
        for packets, way in zip(on_way, list(self._ways.values()), strict=True):
            for _, packet in packets:
                self._write(way.target, packet)
        self._origin = time.monotonic()
        self._late_s.clear()
        self._unwritable = 0
        self._cpu_before_s = time.process_time()
        self._set_out(self._plan.down, self._plan.up)

    def run_until_input(self, command: int) -> None:
        """Carry packets until `command` can be read."""
        devices = [*self._ways, command]
        while True:
            now = time.monotonic() - self._origin
            wait_s = IDLE_S
            for way in self._ways.values():
                self._deliver(way, now)
                way.path.advance(now)
                if way.on_way:
                    wait_s = min(wait_s, max(0.0, way.on_way[0][0] - now))
            readable, _, _ = select.select(devices, (), (), wait_s)
            for device in readable:
                if device == command:
                    return
                self._take(self._ways[device])

    def report(self) -> LinkReport:
        """Report of all that happened since `begin`."""
        now = time.monotonic() - self._origin
        late = sorted(self._late_s) or [0.0]
        return LinkReport(
            self._ways[self._good.tun].path.report(now),
            self._ways[self._poor.tun].path.report(now),
            round(late[int(0.99 * (len(late) - 1))] * 1000, 3),
            round(late[-1] * 1000, 3),
            round(time.process_time() - self._cpu_before_s, 3),
            self._unwritable,
        )

    def _set_out(self, down: PathPlan, up: PathPlan) -> None:
        good, poor, seed = self._good.tun, self._poor.tun, self._plan.seed
        self._ways = {
            good: _Way(good, poor, Path(down, 2 * seed)),
            poor: _Way(poor, good, Path(up, 2 * seed + 1)),
        }

    def _take(self, way: _Way) -> None:
        for _ in range(READ_BURST):
            try:
                packet = os.read(way.source, MAX_PACKET_BYTES)
            except BlockingIOError:
                return
            now = time.monotonic() - self._origin
            traffic = classify(packet, self._plan.cross_port)
            arrival = way.path.offer(len(packet), now, traffic)
            if arrival is not None:
                way.on_way.append((arrival, packet))

    def _deliver(self, way: _Way, now: float) -> None:
        on_way = way.on_way
        while on_way and on_way[0][0] <= now:
            due, packet = on_way.popleft()
            self._write(way.target, packet)
            self._late_s.append(now - due)

    def _write(self, device: int, packet: bytes) -> None:
        try:
            os.write(device, packet)
        except OSError:
            self._unwritable += 1


def _take_real_time() -> bool:
    """Ahead of browsers for the CPU: it uses little, and its delay would count as the link's."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except OSError:
        return False
    return True


def _say(message: msgspec.Struct) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(message) + b"\n")
    sys.stdout.buffer.flush()


class Started(msgspec.Struct, frozen=True):
    """Answer to `start`: Unix seconds of the plan's time 0."""

    unix_s: float


def main() -> int:
    """Run the forwarder process; returns its exit code."""
    die_with_parent(signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    commands = sys.stdin.buffer
    try:
        plan = msgspec.json.decode(commands.readline(), type=LinkPlan)
        good, poor = make_end(), make_end()
        configure(good, GOOD_ADDRESS)
        configure(poor, POOR_ADDRESS)
    except (LinkUnavailable, msgspec.MsgspecError, FileNotFoundError) as error:
        print(f"link: {error}", file=sys.stderr)
        return 2
    gc.collect()
    gc.freeze()
    gc.disable()  # nothing here makes cycles; a collection would be a pause
    here = f"/proc/{os.getpid()}/fd"
    forwarder = Forwarder(plan, good, poor)
    _say(Ready(f"{here}/{good.namespace}", f"{here}/{poor.namespace}", _take_real_time()))
    forwarder.run_until_input(commands.fileno())
    if os.read(commands.fileno(), 6).strip() != b"start":
        return 0
    forwarder.begin()
    _say(Started(time.time()))
    forwarder.run_until_input(commands.fileno())
    _say(forwarder.report())
    return 0
