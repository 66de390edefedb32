"""Figures of forwarding: what a web process handed on, and whom a door refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from signaling.forwarding.core.envelope import Refusal
from signaling.forwarding.door import DoorKeeper

REQUEST, SOCKET = "request", "socket"


class ForwardCounts:
    """What was handed on to cells since the start, and what of it failed.

    Attributes:
        handed_on: by kind, failed or not.
        failed: by kind: the cell was not reached, or broke off.
        placed_nowhere: no cell could be had, so nothing was handed on.
    """

    def __init__(self) -> None:
        self.handed_on: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self.placed_nowhere = 0

    @contextmanager
    def counted(self, kind: str) -> Iterator[None]:
        """Count one, and its failure if it raises."""
        self.handed_on[kind] += 1
        try:
            yield
        except Exception:
            self.failed[kind] += 1
            raise


class ForwardFigures(Collector):
    """Requests and sockets of a web process that went to cells."""

    def __init__(self, counts: ForwardCounts) -> None:
        self._counts = counts

    def collect(self) -> Iterable[Metric]:
        """The families, always all of them."""
        for name, words, counts in (
            ("tongke_forwarded", "handed on to cells", self._counts.handed_on),
            ("tongke_forwarded_failed", "of these, in vain", self._counts.failed),
        ):
            family = CounterMetricFamily(name, words, labels=("kind",))
            for kind in (REQUEST, SOCKET):
                family.add_metric((kind,), counts[kind])
            yield family
        yield CounterMetricFamily(
            "tongke_placed_nowhere", "no cell could be had", value=self._counts.placed_nowhere
        )


class DoorFigures(Collector):
    """Requests that the door of a cell did not let in."""

    def __init__(self, door: DoorKeeper) -> None:
        self._door = door

    def collect(self) -> Iterable[Metric]:
        """The family, with every reason."""
        family = CounterMetricFamily("tongke_door_refused", "not let in", labels=("reason",))
        for reason in Refusal:
            family.add_metric((reason.value,), self._door.refused.get(reason, 0))
        yield family
