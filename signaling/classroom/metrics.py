"""Figures of live lessons for /metrics: rooms, channels, media sessions, and links.

Of links: how many viewers see what, what holds them back, what they carry.

Labels are of fixed sets. Only live lessons have series of their own, and no more than a bound.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeHistogramMetricFamily,
    GaugeMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from relay.api import Relay
from signaling.classroom.hub import RoomHub
from signaling.classroom.live_room import LiveRoom
from signaling.classroom.stills.intake import StillDesk
from signaling.links.rules import STATES, Seen
from signaling.links.samples import LIMITS, LinkReading
from signaling.links.service import LinkHistory
from signaling.media.sessions import MediaSessions

MAX_LESSONS = 200  # × 7 series each; the lessons that were opened first
CARRIES_BOUNDS_BPS = (50e3, 100e3, 200e3, 300e3, 500e3, 1e6, 2e6, 3e6, 5e6, 10e6)
NOTHING = "nothing"  # there is nothing to be seen
_SEEN_LABELS = (*map(str, Seen), NOTHING)


class LinkFigures(Collector):
    """Figures of the links of live lessons, read when asked for."""

    def __init__(self, hub: RoomHub, history: LinkHistory, stills: StillDesk) -> None:
        self._hub = hub
        self._history = history
        self._stills = stills

    def collect(self) -> Iterable[Metric]:
        """The families, always all of them."""
        live = [room for room in self._hub.rooms if room.state.is_live]
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
        hub, history = self._hub, self._history
        for name, value in (
            ("stills_sent", hub.stills_sent),
            ("still_bytes_sent", hub.still_bytes_sent),
            ("stills_taken", self._stills.taken),
            ("stills_refused", self._stills.refused),
            ("link_samples_written", history.written),
            ("link_samples_dropped", history.dropped),
        ):
            yield CounterMetricFamily(f"tongke_{name}", name, value=value)


class LiveFigures(Collector):
    """Figures read when asked for: rooms, channels, media sessions and the relay's counters."""

    def __init__(self, hub: RoomHub, media_sessions: MediaSessions, relay: Relay) -> None:
        self._hub = hub
        self._media_sessions = media_sessions
        self._relay = relay

    def collect(self) -> Iterable[Metric]:
        """The families, always all of them."""
        rooms = self._hub.rooms
        channels = [channel for room in rooms for channel in room.channels]
        figures: dict[str, float] = {
            "rooms": len(rooms),
            "live_lessons": sum(room.state.is_live for room in rooms),
            "control_channels": len(channels),
            "control_waiting_bytes": sum(channel.waiting_bytes for channel in channels),
            "media_sessions": len(self._media_sessions),
            "tasks": len(asyncio.all_tasks()),
        }
        figures |= {f"relay_{name}": value for name, value in self._relay.counters().items()}
        for name, value in figures.items():
            clean = "".join(c if c.isalnum() else "_" for c in name)
            yield GaugeMetricFamily(f"tongke_{clean}", name, value=value)


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
