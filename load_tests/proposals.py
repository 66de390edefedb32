"""`python -m load_tests proposals`: how long 自动排课 takes, and whether its proposal is right."""

from __future__ import annotations

import resource
import time

from load_tests.proposal_county import Size, county
from signaling.timetable.proposals.core.checking import clashes
from signaling.timetable.proposals.solver.search import Progress, Search

LONGEST_S = 60.0  # that a county waits for a proposal
POINTS_PER_ROOM = 5  # a centre school's lead rooms for its points


def proposals(points: int) -> dict[str, object]:
    """Search one proposal for a centre school; return its figures."""
    problem = county(Size(points=points, rooms=max(2, points // POINTS_PER_ROOM)))
    began = time.monotonic()
    best: list[tuple[float, int]] = []

    def told(progress: Progress) -> None:
        best.append((round(time.monotonic() - began, 2), progress.placed))

    found = Search(problem, LONGEST_S, told).run()
    return {
        "bench": "proposals",
        "points": points,
        "lessons": len(found.placed) + len(found.unplaced),
        "unplaced": len(found.unplaced),
        "hard_clashes": len(clashes(problem, found)),
        "optimal": found.optimal,
        "cost": found.cost,
        "rules_of_conflicts": [len(conflict.rules) for conflict in found.conflicts],
        "seconds": round(time.monotonic() - began, 2),
        "best_placing_after_s": next(at for at, placed in best if placed == len(found.placed)),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
