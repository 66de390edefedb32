"""The process that makes the previews of a video: `python -m recorder.intake.shelf_worker <place>`.

The video lies among the results. The last line that it prints is what was made.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from recorder.api import MediaFile, Span, Storyboard
from recorder.editions.child import Report, carry_out
from recorder.finishing.budget import CpuBudget
from recorder.finishing.previews import source_previews
from recorder.finishing.thumbnail import make_thumbnail
from recorder.storage.api import THUMBNAIL_NAME

CPU_S = 1800  # s of computing; previews of 4 hours take some minutes


class PreviewTask(msgspec.Struct, frozen=True):
    """The video of which previews are made."""

    file: MediaFile


class Previews(msgspec.Struct, frozen=True):
    """What was made: names of files in the results."""

    storyboard: Storyboard | None = None
    waveform: str | None = None
    thumbnail: bool = False


def _make(_inputs: Path, results: Path, task: PreviewTask, _report: Report) -> None:
    file = task.file
    storyboard, waveform = source_previews(
        results,
        (file,),
        (Span(0.0, file.duration_s),),
        file.duration_s,
        target=results,
        budget=CpuBudget(),
    )
    thumbnail = make_thumbnail([results / file.name], results / THUMBNAIL_NAME)
    made = Previews(storyboard, waveform, thumbnail)
    sys.stdout.buffer.write(msgspec.json.encode(made) + b"\n")


def main(arguments: Sequence[str]) -> int:
    """Make the previews of the video in the working place named. Returns the exit code."""
    return carry_out(arguments, PreviewTask, _make, cpu_s=CPU_S)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
