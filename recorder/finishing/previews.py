"""Previews of all sources of a recording: storyboards and waveforms."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import av
import msgspec
import structlog

from recorder.api import MediaFile, Span, Storyboard
from recorder.core.manifest import SourceResult
from recorder.core.pieces import pieces_of
from recorder.finishing.budget import CpuBudget
from recorder.finishing.storyboard import make_storyboard
from recorder.finishing.waveform import make_waveform
from recorder.storage.hashed_names import source_stem

_log = structlog.get_logger(__name__)


def add_previews(
    work: Path,
    results: Sequence[SourceResult],
    lead_sources: Iterable[str],
    report: Callable[[float], None] = lambda share: None,
) -> list[SourceResult]:
    """Make the previews of every source, the lead's first; returns the results with their names.

    `report` is told the share that is done, 0…1.
    """
    leads = frozenset(lead_sources)
    files = [file for result in results for file in result.files]
    duration = max((file.offset_s + file.duration_s for file in files), default=0.0)
    kept, budget = (Span(0.0, duration),), CpuBudget()
    made: dict[str, SourceResult] = {}
    for result in sorted(results, key=lambda one: one.source_id not in leads):
        storyboard, waveform = source_previews(
            work, result.files, kept, duration, target=work, budget=budget
        )
        made[result.source_id] = msgspec.structs.replace(
            result, storyboard=storyboard, waveform=waveform
        )
        report(len(made) / len(results))
    return [made[result.source_id] for result in results]


def source_previews(
    folder: Path,
    files: Sequence[MediaFile],
    kept: Sequence[Span],
    duration_s: float,
    *,
    target: Path,
    budget: CpuBudget,
) -> tuple[Storyboard | None, str | None]:
    """Make the storyboard and the waveform of one source; neither is worth a failure."""
    pieces = pieces_of(files, kept)
    if not pieces or budget.is_spent:
        return None, None
    stem = source_stem(files[0].name)
    storyboard = waveform = None
    try:
        if any(file.has_video for file in files):
            storyboard = make_storyboard(
                folder, pieces, duration_s, target=target, stem=stem, budget=budget
            )
        if any(file.has_audio for file in files):
            waveform = make_waveform(
                folder, pieces, duration_s, target=target, stem=stem, budget=budget
            )
    except (av.FFmpegError, ValueError) as error:
        _log.warning("no_preview", stem=stem, error=repr(error))
    return storyboard, waveform
