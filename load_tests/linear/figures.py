"""The pure part: what CPU seconds say of lessons and cells."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Shares:
    """The share of a core that each process takes: without lessons, and with them.

    Attributes:
        cells: of the processes that hold lessons.
        web: of the one that answers pages; 0 where it is the same.
        redis: of Redis; 0 where there is none.
        others: of a supervisor.
    """

    cells: Sequence[float]
    web: float = 0.0
    redis: float = 0.0
    others: float = 0.0


def run_figures(idle: Shares, busy: Shares, lessons: int, packets_per_s: float) -> dict[str, float]:
    """Costs of one run, in milliseconds of a core a second.

    Args:
        idle: before the lessons.
        busy: with them.
        lessons: how many.
        packets_per_s: of one lesson, in and out. Viewers get less where delays vary.
    """
    grown = sum(busy.cells) - sum(idle.cells)
    return {
        "cell_idle": _ms(sum(idle.cells) / len(idle.cells)),
        "lesson_in_cell": _ms(sum(busy.cells) / lessons),
        "lesson_in_cell_more": _ms(grown / lessons),
        "us_per_packet": round(sum(busy.cells) / lessons / packets_per_s * 1e6, 2),
        "lesson_in_web": _ms((busy.web - idle.web) / lessons),
        "web_idle": _ms(idle.web),
        "lesson_in_redis": _ms((busy.redis - idle.redis) / lessons),
        "redis_idle": _ms(idle.redis),
        "supervisor": _ms(busy.others),
        "dearest_cell": _ms(max(busy.cells) / (lessons / len(busy.cells))),
    }


def medians(runs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The median of each figure."""
    return {name: round(statistics.median(run[name] for run in runs), 2) for name in runs[0]}


def carried(of: Mapping[int, Mapping[str, float]], cost: str) -> dict[str, float]:
    """Lessons that N cells carry, in lessons of one cell, where each has a core.

    Args:
        of: figures by the number of cells; 1 must be among them.
        cost: the figure that says what one costs.
    """
    one = of[1][cost]
    return {
        str(cells): round(cells * one / figures[cost], 2)
        for cells, figures in sorted(of.items())
        if cells
    }


def linear_figures(
    runs: Mapping[int, Sequence[Mapping[str, float]]],
) -> dict[str, Any]:
    """Put the runs of each number of cells together; 0 stands for one process for all."""
    of = {cells: medians(all_runs) for cells, all_runs in runs.items()}
    told: dict[str, Any] = {"by_cells": {str(cells): one for cells, one in of.items()}}
    if 1 in of:
        told["carried"] = carried(of, "lesson_in_cell")
        told["carried_by_packets"] = carried(of, "us_per_packet")
    if 0 in of:
        before = of[0]["lesson_in_cell_more"]
        told["cost_of_a_lesson_to_before"] = {
            str(cells): round(one["lesson_in_cell_more"] / before, 2)
            for cells, one in of.items()
            if cells
        }
    return told


def _ms(share: float) -> float:
    return round(share * 1000, 2)
