"""The runs of an archive that several processes may have written.

A process that stood still may wake up when another one has long gone on with its lesson. Each run
writes files of its own, so nothing is mixed up. The later run wins from its beginning. It has noted
how much the run before had written by then, so no clock is asked.
"""

from __future__ import annotations

from collections.abc import Mapping

from recorder.core.archive_format import Begin

RunKey = tuple[int, int]


def run_key(begin: Begin) -> RunKey:
    """Return what orders runs: a later one has a greater key."""
    return begin.take, begin.run


def latest_run(begins: Mapping[int, Begin | None]) -> tuple[Begin, int] | None:
    """Find the latest run and its last segment; None without any.

    Args:
        begins: the opening of each segment, by its number in order; None if it is unreadable.
    """
    found: tuple[Begin, int] | None = None
    for index, begin in begins.items():
        if begin is not None and (found is None or run_key(begin) >= run_key(found[0])):
            found = begin, index
    return found


def kept_bytes(begins: Mapping[int, Begin | None]) -> dict[int, int | None]:
    """Tell how much of each segment belongs to the recording: None is all of it.

    Args:
        begins: as for `latest_run`.
    """
    runs = {run_key(begin): begin for begin in begins.values() if begin is not None and begin.run}
    return {
        index: None if begin is None else _kept(index, begin, runs)
        for index, begin in begins.items()
    }


def _kept(index: int, begin: Begin, runs: Mapping[RunKey, Begin]) -> int | None:
    later = [other for key, other in runs.items() if key > run_key(begin)]
    if any(other.run < index for other in later):
        return 0  # numbers grow, so this segment was made after the later run had begun
    sizes = (other.after[1] for other in later if other.after and other.after[0] == index)
    return min(sizes, default=None)
