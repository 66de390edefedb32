"""What /metrics tells of the storage."""

from typing import cast

from prometheus_client import CollectorRegistry, generate_latest

from recorder.api import Recorder, StorageFailure, StorageState
from signaling.library.metrics import StorageFigures


class OneState:
    """The part of a recorder that is asked."""

    state = StorageState()

    def storage_state(self) -> StorageState:
        return self.state

    def unfinished(self) -> int:
        return 7


def test_all_reasons_are_always_there_and_the_present_one_is_marked() -> None:
    recorder = OneState()
    registry = CollectorRegistry()
    registry.register(StorageFigures(cast(Recorder, recorder)))
    for state in (StorageState(), StorageState(3, StorageFailure.FULL)):
        recorder.state = state
        text = generate_latest(registry).decode()
        assert "tongke_recordings_unfinished 7.0" in text
        assert f"tongke_recordings_not_stored {float(state.waiting)}" in text
        for failure in StorageFailure:
            value = float(failure is state.failure)
            assert f'tongke_storage_failing{{failure="{failure.value}"}} {value}' in text
