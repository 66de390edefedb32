"""The process that makes a film: `python -m recorder.films.worker <place>`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from recorder.core.film_plan import FilmPlan
from recorder.editions.child import Report, carry_out, keep_note
from recorder.films.file import write_film
from recorder.films.made import FILM_NAME, MADE_NAME


def _make(inputs: Path, results: Path, plan: FilmPlan, report: Report) -> None:
    draft = results / "film.part"
    made = write_film(inputs, plan, draft, report)
    draft.replace(results / FILM_NAME)
    keep_note(results / MADE_NAME, made)


def main(arguments: Sequence[str]) -> int:
    """Make a film in the working place named. Returns the exit code."""
    return carry_out(arguments, FilmPlan, _make)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
