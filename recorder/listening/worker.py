"""The process that decodes one source: `python -m recorder.listening.worker <place>`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from recorder.api import MediaFile
from recorder.editions.child import Report, carry_out
from recorder.listening.decoding import write_sound

SOUND_NAME = "sound.s16"
NO_SOUND_NAME = "silent"  # is there where nothing was heard


class ListenTask(msgspec.Struct, frozen=True):
    """The files of one source, and the length of its recording."""

    source_id: str
    files: tuple[MediaFile, ...]
    length_s: float


def _decode(inputs: Path, results: Path, task: ListenTask, report: Report) -> None:
    if not write_sound(results / SOUND_NAME, inputs, task.files, task.length_s, report):
        (results / NO_SOUND_NAME).touch()


def main(arguments: Sequence[str]) -> int:
    """Decode one source in the working place named. Returns the exit code."""
    return carry_out(arguments, ListenTask, _decode)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
