"""The life of a recording, as a transition table.

Review states (submitted, passed, rejected, published, withdrawn) follow READY in later work; they
are added here and nowhere else.
"""

from __future__ import annotations

from recorder.api import RecordingState

_NEXT: dict[RecordingState, frozenset[RecordingState]] = {
    RecordingState.RECORDING: frozenset((RecordingState.FINISHING,)),
    # RECORDING again: the server was restarted, finishing began, and then the lesson went on after
    # all.
    RecordingState.FINISHING: frozenset(
        (RecordingState.READY, RecordingState.FAILED, RecordingState.RECORDING)
    ),
    RecordingState.READY: frozenset((RecordingState.RECORDING,)),
    RecordingState.FAILED: frozenset((RecordingState.FINISHING, RecordingState.RECORDING)),
}


def may_become(present: RecordingState, following: RecordingState) -> bool:
    """Is this step in the table? Staying is always allowed."""
    return present == following or following in _NEXT[present]
