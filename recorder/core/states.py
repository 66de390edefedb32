"""The life of a recording, as a transition table."""

from __future__ import annotations

from recorder.api import RecordingState

_NEXT: dict[RecordingState, frozenset[RecordingState]] = {
    RecordingState.RECORDING: frozenset((RecordingState.FINISHING,)),
    # RECORDING again: after a restart finishing began, and then the lesson went on.
    RecordingState.FINISHING: frozenset(
        (RecordingState.READY, RecordingState.FAILED, RecordingState.RECORDING)
    ),
    RecordingState.READY: frozenset((RecordingState.RECORDING,)),
    RecordingState.FAILED: frozenset((RecordingState.FINISHING, RecordingState.RECORDING)),
}


def may_become(present: RecordingState, following: RecordingState) -> bool:
    """Look the step up in the table. Staying is always allowed."""
    return present == following or following in _NEXT[present]
