"""The question whether needs contradict rules, in two forms for CP-SAT.

`assumed` asks once with a literal for each need and rule, and gets those that are involved.
`holds` asks without literals about some needs and rules: such a model is small and presolved.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from ortools.sat.python import cp_model

from signaling.timetable.proposals.core.cells import Cells, Limit, Meeting
from signaling.timetable.proposals.core.named_rules import NamedRule
from signaling.timetable.proposals.core.options import Options

SEED = 12  # any number: the same conflict is named each time

Involved = tuple[list[str], list[NamedRule]]


class Contradiction:
    """The needs and rules of one problem."""

    def __init__(self, options: Options, cells: Cells) -> None:
        self._options = options
        self._meetings = tuple(cells.meetings())
        self._limits = tuple(cells.limits())

    def assumed(self, needs: Sequence[str], limit_s: float) -> Involved | None:
        """Return needs and rules that contradict each other, or None where none were found."""
        asked = _Assumed(self._options, needs)
        for meeting in self._meetings:
            asked.keep(meeting)
        for limit in self._limits:
            asked.keep(limit)
        return asked.involved(limit_s)

    def holds(self, needs: Collection[str], rules: Collection[NamedRule], limit_s: float) -> bool:
        """Tell whether the needs cannot all be placed under the rules alone."""
        model, kept = cp_model.CpModel(), frozenset(rules)
        chosen: dict[int, cp_model.IntVar] = {}
        for lesson, indices in zip(self._options.lessons, self._options.of_lesson, strict=True):
            if lesson.need.need_id in needs:
                usable = [i for i in indices if kept.isdisjoint(self._options.all[i].forbidden_by)]
                chosen.update((index, model.new_bool_var("")) for index in usable)
                model.add_exactly_one([chosen[index] for index in usable])
        for meeting in self._meetings:
            if meeting.rule in kept:
                model.add_at_most_one([chosen[i] for i in meeting.members if i in chosen])
        for limit in self._limits:
            if limit.rule in kept:
                model.add(_sum(limit, chosen) <= limit.most)
        solver = _solver(limit_s)
        solver.parameters.linearization_level = 2  # finds at once that too many want too little
        return solver.solve(model) == cp_model.INFEASIBLE


class _Assumed:
    """A model in which each need and rule holds where its literal is true."""

    def __init__(self, options: Options, needs: Sequence[str]) -> None:
        self._model = cp_model.CpModel()
        self._needs = {need_id: self._model.new_bool_var("") for need_id in needs}
        self._rules: dict[NamedRule, cp_model.IntVar] = {}
        self._chosen: dict[int, cp_model.IntVar] = {}
        for lesson, indices in zip(options.lessons, options.of_lesson, strict=True):
            need = self._needs.get(lesson.need.need_id)
            if need is None:
                continue
            own = {index: self._model.new_bool_var("") for index in indices}
            self._chosen.update(own)
            self._model.add_bool_or((*own.values(), ~need))
            self._model.add_at_most_one(own.values())
            for index, one in own.items():
                for rule in options.all[index].forbidden_by:
                    self._model.add_implication(self._literal(rule), ~one)

    def keep(self, bound: Meeting | Limit) -> None:
        """Keep a bound where its rule holds."""
        literal = self._literal(bound.rule)
        self._model.add(_sum(bound, self._chosen) <= bound.most).only_enforce_if(literal)

    def involved(self, limit_s: float) -> Involved | None:
        """Ask the solver; return needs and rules in the order in which they were given."""
        self._model.add_assumptions([*self._needs.values(), *self._rules.values()])
        solver = _solver(limit_s)
        if solver.solve(self._model) != cp_model.INFEASIBLE:
            return None
        core = frozenset(solver.sufficient_assumptions_for_infeasibility())
        needs = [need_id for need_id, literal in self._needs.items() if literal.index in core]
        rules = [rule for rule, literal in self._rules.items() if literal.index in core]
        return needs, sorted(rules)

    def _literal(self, rule: NamedRule) -> cp_model.IntVar:
        if rule not in self._rules:
            self._rules[rule] = self._model.new_bool_var("")
        return self._rules[rule]


def _sum(bound: Meeting | Limit, chosen: dict[int, cp_model.IntVar]) -> cp_model.LinearExprT:
    pairs: Iterable[tuple[int, int]] = zip(bound.members, bound.amounts, strict=True)
    return sum((amount * chosen[index] for index, amount in pairs if index in chosen), start=0)


def _solver(limit_s: float) -> cp_model.CpSolver:
    """Return a solver whose answer is the same each time: one thread."""
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = limit_s
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = SEED
    return solver
