"""The problem as a model of CP-SAT: one Boolean for each option, linear sums for the rest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence

from ortools.sat.python import cp_model

from signaling.timetable.proposals.core.cells import Cells
from signaling.timetable.proposals.core.options import Option, Options
from signaling.timetable.proposals.core.problem import Problem, ResourceKind, WeekSlot

Variable = cp_model.IntVar
_Weighted = list[tuple[Variable, int]]
_Figure = Callable[[Option], int]


class Model:
    """Model that keeps every hard rule and leaves out as little as possible.

    The model is asked twice. First lessons without a place count, and moves; a lesson weighs more
    than all moves together. Then wishes count, and what the first answer reached is kept.
    """

    def __init__(self, problem: Problem, options: Options, cells: Cells) -> None:
        self._problem = problem
        self._options = options
        self._cells = cells
        self.cp = cp_model.CpModel()
        self.chosen: dict[int, Variable] = {
            index: self.cp.new_bool_var("")
            for index, option in enumerate(options.all)
            if not option.forbidden_by
        }
        self.unplaced: list[Variable] = [self.cp.new_bool_var("") for _ in options.lessons]
        self._soft: _Weighted = []
        self._place_each()
        self._keep_rules()
        self._prefer_other_days()
        self._prefer_short_runs()
        self._order_equals()

    def _usable(self, indices: Sequence[int]) -> list[Variable]:
        return [self.chosen[index] for index in indices if index in self.chosen]

    def _place_each(self) -> None:
        for lesson, indices in enumerate(self._options.of_lesson):
            self.cp.add_exactly_one((*self._usable(indices), self.unplaced[lesson]))

    def _keep_rules(self) -> None:
        for meeting in self._cells.meetings():
            self.cp.add_at_most_one(self._usable(meeting.members))
        for limit in self._cells.limits():
            terms = zip(limit.members, limit.amounts, strict=True)
            self.cp.add(
                sum(amount * self.chosen[index] for index, amount in terms if index in self.chosen)
                <= limit.most
            )

    def _prefer_other_days(self) -> None:
        """Let a second lesson of a need on one day cost something."""
        by_day: dict[tuple[str, int], list[int]] = defaultdict(list)
        for index, option in enumerate(self._options.all):
            need = self._options.lessons[option.lesson].need
            if len(need.lengths) > 1:
                by_day[need.need_id, option.position.slot.day].append(index)
        for members in by_day.values():
            self._excess(self._usable(members), 1, self._problem.weights.same_day)

    def _prefer_short_runs(self) -> None:
        """Let a teacher's periods in a row cost something beyond the bound."""
        longest = self._problem.max_in_a_row
        days: dict[int, list[WeekSlot]] = defaultdict(list)
        for slot in sorted(self._problem.slots):
            days[slot.day].append(slot)
        for resource, cells in self._cells.by_resource().items():
            if resource.kind is not ResourceKind.TEACHER:
                continue
            seen: set[tuple[int, ...]] = set()
            for weeks in self._cells.classes:
                for slots in days.values():
                    for first in range(len(slots) - longest):
                        run = slots[first : first + longest + 1]
                        inside = [i for slot in run for i in cells.get((slot, weeks), ())]
                        if run[-1].period - run[0].period == longest and tuple(inside) not in seen:
                            seen.add(tuple(inside))
                            self._excess(
                                self._usable(inside), longest, self._problem.weights.long_run
                            )

    def _excess(self, members: Sequence[Variable], most: int, cost: int) -> None:
        """Let what exceeds `most` cost something."""
        if len(members) > most and cost > 0:
            over = self.cp.new_int_var(0, len(members), "")
            self.cp.add(sum(members) <= most + over)
            self._soft.append((over, cost))

    def _order_equals(self) -> None:
        """Put equal lessons of a need in order: their places could be exchanged."""
        for lesson, following in enumerate(self._options.lessons[1:]):
            former = self._options.lessons[lesson]
            same = former.need is following.need and former.length == following.length
            if same and former.present is None and following.present is None:
                self.cp.add(self._rank(lesson) <= self._rank(lesson + 1))

    def _rank(self, lesson: int) -> cp_model.LinearExprT:
        """Return the place of a lesson in the week as a number; those without one come last."""
        ranks = {slot: rank for rank, slot in enumerate(sorted(self._problem.slots))}
        own = [index for index in self._options.of_lesson[lesson] if index in self.chosen]
        terms = [ranks[self._options.all[i].position.slot] * self.chosen[i] for i in own]
        return sum(terms) + len(ranks) * self.unplaced[lesson]

    def ask_for_places(self) -> None:
        """Leave out and move as little as possible. Begin with the present timetable."""
        self.cp.minimize(self._places())
        for index, one in self.chosen.items():
            option = self._options.all[index]
            present = self._options.lessons[option.lesson].present
            if present is not None:
                self.cp.add_hint(one, option.position == present)

    def ask_for_wishes(self, chosen: Collection[int]) -> bool:
        """Cost as little as possible, with places as good as those that were chosen.

        Returns whether there is anything to wish for.
        """
        wishes = [*self._of(lambda option: option.cost), *self._soft]
        lessons = {self._options.all[index].lesson for index in chosen}
        moves = sum(self._options.all[index].moves for index in chosen)
        left_out = len(self.unplaced) - len(lessons)
        self.cp.add(self._places() <= left_out * self._per_lesson() + moves)
        self.cp.minimize(sum(amount * one for one, amount in wishes))
        self.cp.clear_hints()  # type: ignore[no-untyped-call]  # OR-Tools leaves it untyped
        for index, one in self.chosen.items():
            self.cp.add_hint(one, index in chosen)
        return bool(wishes)

    def _places(self) -> cp_model.LinearExprT:
        moves = self._of(lambda option: option.moves)
        return sum(self._per_lesson() * one for one in self.unplaced) + sum(
            amount * one for one, amount in moves
        )

    def _per_lesson(self) -> int:
        """Return what a lesson without a place weighs: more than all moves together."""
        return 1 + sum(
            max((self._options.all[i].moves for i in indices if i in self.chosen), default=0)
            for indices in self._options.of_lesson
        )

    def _of(self, figure: _Figure) -> _Weighted:
        pairs = ((one, figure(self._options.all[index])) for index, one in self.chosen.items())
        return [(one, amount) for one, amount in pairs if amount]
