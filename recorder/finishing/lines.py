"""What the process that finishes a recording prints. Whoever starts it loads no FFmpeg for that."""

from __future__ import annotations

import msgspec

from recorder.api import RecordingFailure

# Exit codes of the process; 1 is an exception, as ever.
LASTING_FAILURE = 2
DISK_FULL = 3


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the process's output.

    Attributes:
        progress: 0…1.
        failure: the reason why it failed.
        passed_over: records of the archive that were damaged or absurd.
        damaged_source: a source of which not all, or nothing, could be put into files.
        shut_off: whether the files of others are out of reach; None in lines about other things.
    """

    progress: float = 0.0
    failure: RecordingFailure | None = None
    passed_over: int = 0
    damaged_source: str | None = None
    shut_off: bool | None = None
