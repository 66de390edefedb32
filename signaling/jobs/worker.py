"""The worker process: carries out one run of one job, and tells its server how it goes.

The server writes one `Order` into the standard input and leaves it open. Once the input ends, the
run is no longer wanted: the job was cancelled, or the server is gone.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from typing import BinaryIO

import msgspec

from signaling.base.config import Config
from signaling.jobs.carrying import Tools, carry_out
from signaling.jobs.kinds import JobCancelled, JobKinds
from signaling.jobs.limits import limit_process
from signaling.jobs.records import Run
from signaling.jobs.rules import Ending, RunEnd
from signaling.jobs.store import JobStore

STOP_GRACE_S = 3.0  # for a handler to notice that it is no longer wanted
REPORT_S = 0.25  # between two reports of progress
_STOPPED = 4  # exit code of a worker that did not notice; 1 is an exception, as ever


class Order(msgspec.Struct, frozen=True):
    """Order of the server to its worker: the run, and all settings."""

    run_id: str
    tries: int
    config: Config


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the worker's output: progress, or the end."""

    done: int = 0
    total: int = 0
    end: RunEnd | None = None


class Outlet:
    """The worker's side of the two pipes."""

    def __init__(self, orders: BinaryIO, output: BinaryIO) -> None:
        self._orders = orders
        self._output = output
        self._unwanted = threading.Event()
        self._told_at = float("-inf")

    def order(self) -> Order:
        """Read the order, and watch for the end of the input from now on.

        Raises:
            msgspec.MsgspecError: it is none.
        """
        order = msgspec.json.decode(self._orders.readline(), type=Order)
        threading.Thread(target=self._watch, name="unwanted", daemon=True).start()
        return order

    def report(self, done: int, total: int) -> None:
        """Tell the progress, not too often. Raises JobCancelled."""
        if self._unwanted.is_set():
            raise JobCancelled
        now = time.monotonic()
        if done >= total or now - self._told_at >= REPORT_S:
            self._told_at = now
            self.tell(Line(done, total))

    def tell(self, line: Line) -> None:
        """Write a line."""
        self._output.write(msgspec.json.encode(line) + b"\n")
        self._output.flush()

    def _watch(self) -> None:
        while self._orders.read(4096):
            pass
        self._unwanted.set()
        time.sleep(STOP_GRACE_S)
        os._exit(_STOPPED)


async def work(
    job_id: str, order: Order, kinds: JobKinds, tools: Tools, report: Callable[[int, int], None]
) -> RunEnd:
    """Carry out the run of an order within the limits of its kind."""
    run = Run(job_id, order.run_id, order.tries)
    record = await JobStore(tools.database).of_run(run)
    if record is None:
        return RunEnd(Ending.STOPPED)
    if (found := kinds.find(record.kind)) is not None:
        limit_process(found[0].limits)
    return await carry_out(run, record, kinds, tools, report)


def standard_pipes() -> Outlet:
    """Take the standard input and output; what libraries print goes to the log from now on."""
    output = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return Outlet(sys.stdin.buffer, output)
