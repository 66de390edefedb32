"""The search for a proposal: bounded in time, told as it goes, and stopped on demand."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from ortools.sat.python import cp_model

from signaling.timetable.proposals.core.blocking import unplaced
from signaling.timetable.proposals.core.cells import Cells
from signaling.timetable.proposals.core.options import Options
from signaling.timetable.proposals.core.problem import Problem
from signaling.timetable.proposals.core.proposal import Placed, Proposal
from signaling.timetable.proposals.solver.conflicts import Conflicts
from signaling.timetable.proposals.solver.model import Model

WORKERS = 2  # threads of the solver; the smallest server has as many cores
SEED = 12  # any number: the same problem is searched in the same way
PLACING_PART = 0.5  # of the time limit, at most, for places and moves
SEARCH_PART = 0.75  # … for wishes, too; the rest is for naming conflicts
PATIENCE_S = 5.0  # without anything better as to wishes: to prove the best may take minutes
_WATCH_S = 0.5  # between two looks at whether to go on
_FOUND = frozenset({cp_model.OPTIMAL, cp_model.FEASIBLE})


@dataclass(frozen=True, slots=True)
class Progress:
    """Findings of a search so far."""

    placed: int
    lessons: int
    solutions: int


class Stopped(Exception):
    """Somebody stopped the search before anything was found."""


class Search:
    """One search. `run` computes; `stop` may be called from another thread."""

    def __init__(
        self,
        problem: Problem,
        limit_s: float,
        told: Callable[[Progress], None] = lambda _: None,
        workers: int = WORKERS,
    ) -> None:
        """Make it.

        Args:
            problem: what is to be placed.
            limit_s: the longest time for search and explanation together.
            told: called with every better solution, from a thread of the solver.
            workers: threads.

        Raises:
            ProblemTooLarge: more than one proposal takes.
        """
        self._problem = problem
        self._limit_s = limit_s
        self._told = told
        self._options = Options.of(problem)
        self._cells = Cells(problem, self._options)
        self._stop = threading.Event()
        self._solver = cp_model.CpSolver()
        self._solver.parameters.num_workers = workers
        self._solver.parameters.random_seed = SEED
        self._solver.parameters.linearization_level = 2  # capacities are sums: bounds come early

    def stop(self) -> None:
        """End the search soon; the best found so far is kept."""
        self._stop.set()
        self._solver.stop_search()

    def run(self) -> Proposal:
        """Search. Raises Stopped."""
        began = time.monotonic()
        if self._stop.is_set():
            raise Stopped
        model = Model(self._problem, self._options, self._cells)
        model.ask_for_places()
        status = self._solve(model, began + self._limit_s * PLACING_PART)
        if status not in _FOUND:
            raise Stopped  # "nothing is placed" is always a solution, so time was too short for it
        optimal, chosen, cost = status == cp_model.OPTIMAL, self._chosen(model), 0
        if model.ask_for_wishes(chosen) and not self._stop.is_set():
            status = self._solve(model, began + self._limit_s * SEARCH_PART, PATIENCE_S)
            optimal = optimal and status == cp_model.OPTIMAL
            if status in _FOUND:
                chosen, cost = self._chosen(model), round(self._solver.objective_value)
        missing = unplaced(self._options, self._cells, chosen)
        conflicts = Conflicts(self._options, self._cells, self._stop)
        deadline = began + self._limit_s
        return Proposal(
            placed=self._placed(chosen),
            unplaced=missing,
            conflicts=conflicts.named(missing, deadline) if missing else (),
            optimal=optimal,
            moves=sum(self._options.all[index].moves for index in chosen),
            cost=cost,
        )

    def _solve(
        self, model: Model, deadline: float, patience_s: float | None = None
    ) -> cp_model.CpSolverStatus:
        """Search until the end, the deadline, or as long as it gets anywhere."""
        self._solver.parameters.max_time_in_seconds = max(_WATCH_S, deadline - time.monotonic())
        listener, over = _Listener(model, self._told), threading.Event()

        def watch() -> None:
            while not over.wait(_WATCH_S):
                idle_s = time.monotonic() - listener.found_at
                if self._stop.is_set() or (patience_s is not None and idle_s > patience_s):
                    self._solver.stop_search()

        watcher = threading.Thread(target=watch, name="search-watch", daemon=True)
        watcher.start()
        try:
            return self._solver.solve(model.cp, listener)
        finally:
            over.set()
            watcher.join()

    def _chosen(self, model: Model) -> frozenset[int]:
        chosen = model.chosen.items()
        return frozenset(index for index, one in chosen if self._solver.boolean_value(one))

    def _placed(self, chosen: frozenset[int]) -> tuple[Placed, ...]:
        found = []
        for index in sorted(chosen):
            option = self._options.all[index]
            lesson = self._options.lessons[option.lesson]
            found.append(
                Placed(lesson.need.need_id, lesson.number, option.position, option.moves > 0)
            )
        return tuple(found)


class _Listener(cp_model.CpSolverSolutionCallback):
    """Tells of every better solution."""

    def __init__(self, model: Model, told: Callable[[Progress], None]) -> None:
        super().__init__()
        self._model = model
        self._told = told
        self._solutions = 0
        self.found_at = time.monotonic()  # of the best so far

    def on_solution_callback(self) -> None:
        """Count the lessons that have a place."""
        self._solutions += 1
        self.found_at = time.monotonic()
        unplaced = sum(self.boolean_value(one) for one in self._model.unplaced)
        lessons = len(self._model.unplaced)
        self._told(Progress(lessons - unplaced, lessons, self._solutions))
