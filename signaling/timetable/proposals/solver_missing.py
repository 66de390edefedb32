"""Check for the solver: OR-Tools is an extra (`tongke[solver]`)."""

from __future__ import annotations

from importlib.util import find_spec

from signaling.base.errors import SignalingError
from signaling.base.problem_codes import ProblemCode


class SolverMissing(SignalingError):
    """自动排课 needs OR-Tools, which is not installed on this server."""

    status = 501
    code = ProblemCode.SOLVER_MISSING
    title = "the solver is not installed: pip install tongke[solver]"


def demand_solver() -> None:
    """Raise SolverMissing where OR-Tools is not there. Nothing of it is loaded."""
    if find_spec("ortools") is None:
        raise SolverMissing()
