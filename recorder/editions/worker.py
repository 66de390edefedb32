"""The process that makes one source of an edition: `python -m recorder.editions.worker <place>`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from recorder.core.edition_plan import SourceTask
from recorder.editions.child import Report, carry_out, keep_note
from recorder.editions.source import make_source

MADE_SUFFIX = ".made.json"  # what was made of a source; whoever finds it need not make it again


def made_path(results: Path, stem: str) -> Path:
    """Tell where it is noted what was made of a source."""
    return results / f"{stem}{MADE_SUFFIX}"


def _make(inputs: Path, results: Path, task: SourceTask, report: Report) -> None:
    keep_note(made_path(results, task.stem), make_source(inputs, results, task, report))


def main(arguments: Sequence[str]) -> int:
    """Make one source in the working place named. Returns the exit code."""
    return carry_out(arguments, SourceTask, _make)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
