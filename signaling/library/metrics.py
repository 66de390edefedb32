"""Figures of the storage for /metrics: what is missing in its lasting place, and why."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from recorder.api import Recorder, StorageFailure


class StorageFigures(Collector):
    """Figures of the recorder's storage, read when asked for."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def collect(self) -> Iterable[Metric]:
        """The families, always all of them."""
        state = self._recorder.storage_state()
        yield GaugeMetricFamily(
            "tongke_recordings_not_stored",
            "finished recordings missing in their lasting place",
            value=state.waiting,
        )
        yield GaugeMetricFamily(
            "tongke_recordings_unfinished",
            "recordings whose playable files are still to be made by this process",
            value=self._recorder.unfinished(),
        )
        failing = GaugeMetricFamily(
            "tongke_storage_failing", "1 for why the latest attempt failed", labels=("failure",)
        )
        for failure in StorageFailure:
            failing.add_metric((failure.value,), float(failure is state.failure))
        yield failing
