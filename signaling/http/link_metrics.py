"""What /metrics says of links: how many viewers see what, what holds them back, what they carry.

Labels are of fixed sets. Only live lessons have series of their own, and no more than a bound.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeHistogramMetricFamily,
    GaugeMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from signaling.core.link_history import LIMITS, LinkReading
from signaling.core.link_state import STATES, Seen
from signaling.live_room import LiveRoom
from signaling.services import Services

MAX_LESSONS = 200  # × 7 series each; the lessons that were opened first
CARRIES_BOUNDS_BPS = (50e3, 100e3, 200e3, 300e3, 500e3, 1e6, 2e6, 3e6, 5e6, 10e6)
NOTHING = "nothing"  # there is nothing to be seen
_SEEN_LABELS = (*map(str, Seen), NOTHING)


class LinkFigures(Collector):
    """Figures of the links of live lessons, read when asked for."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterable[Metric]:
        """The families, always all of them."""
        live = [room for room in self._services.hub.rooms if room.state.is_live]
        readings = [reading for room in live for reading in room.readings.values()]
        seen = Counter(map(_seen_label, readings))
        yield _gauges("tongke_viewers", "by the best they see", "seeing", _SEEN_LABELS, seen)
        limits = Counter(str(reading.limit) for reading in readings)
        yield _gauges("tongke_viewers_limited", "by what holds back", "limit", LIMITS, limits)
        states = Counter(str(reading.state) for reading in readings)
        yield _gauges("tongke_viewers_link", "by the state of the link", "state", STATES, states)
        yield _carries(readings)
        yield _by_lesson(live)
        yield from self._counts()

    def _counts(self) -> Iterator[Metric]:
        hub, history = self._services.hub, self._services.link_history
        for name, value in (
            ("stills_sent", hub.stills_sent),
            ("still_bytes_sent", hub.still_bytes_sent),
            ("stills_taken", self._services.stills.taken),
            ("stills_refused", self._services.stills.refused),
            ("link_samples_written", history.written),
            ("link_samples_dropped", history.dropped),
        ):
            yield CounterMetricFamily(f"tongke_{name}", name, value=value)


def _seen_label(reading: LinkReading) -> str:
    return NOTHING if reading.seen is None else str(reading.seen)


def _gauges(
    name: str, words: str, label: str, values: Sequence[str], counts: Counter[str]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, words, labels=(label,))
    for value in values:
        family.add_metric((str(value),), counts[str(value)])
    return family


def _carries(readings: Iterable[LinkReading]) -> GaugeHistogramMetricFamily:
    rates = [reading.carries_bps for reading in readings if reading.carries_bps is not None]
    buckets = [(f"{bound:g}", sum(rate <= bound for rate in rates)) for bound in CARRIES_BOUNDS_BPS]
    return GaugeHistogramMetricFamily(
        "tongke_viewer_carries_bps",
        "what the links to viewers carry, by estimate",
        buckets=[*buckets, ("+Inf", len(rates))],
        gsum_value=sum(rates),
    )


def _by_lesson(live: Sequence[LiveRoom]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "tongke_lesson_viewers",
        f"participants of a live lesson by the best they see (at most {MAX_LESSONS} lessons)",
        labels=("lesson", "seeing"),
    )
    for room in live[:MAX_LESSONS]:
        counts = Counter(map(_seen_label, room.readings.values()))
        for value in _SEEN_LABELS:
            family.add_metric((room.lesson_id, value), counts[value])
    return family
