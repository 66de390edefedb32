"""Cells: who meets whom. A cell is a slot in a class of weeks; lessons in one cell overlap."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from signaling.timetable.proposals.core.named_rules import NamedRule, once, within
from signaling.timetable.proposals.core.options import Options
from signaling.timetable.proposals.core.problem import Problem, Resource, WeekSlot
from signaling.timetable.proposals.core.week_classes import week_classes

Members = tuple[int, ...]  # indices of options
_Cell = tuple[WeekSlot, int]


@dataclass(frozen=True, slots=True)
class Meeting:
    """Options of which at most one can be chosen, by a rule."""

    rule: NamedRule
    members: Members

    @property
    def amounts(self) -> tuple[int, ...]:
        """One for each, as a limit has it."""
        return (1,) * len(self.members)

    @property
    def most(self) -> int:
        """One, as a limit has it."""
        return 1


@dataclass(frozen=True, slots=True)
class Limit:
    """Options whose amounts together may not exceed `most`, by a rule."""

    rule: NamedRule
    members: Members
    amounts: tuple[int, ...]
    most: int


class Cells:
    """The cells of a problem."""

    def __init__(self, problem: Problem, options: Options) -> None:
        self._problem = problem
        self._options = options
        sets = {option.position.weeks for option in options.all}
        sets.update(base.weeks for base in problem.base_loads)
        self.classes = week_classes(sets)

    def of(self, index: int) -> Iterator[_Cell]:
        """Yield the cells that an option fills."""
        option = self._options.all[index]
        for weeks in self.classes:
            if weeks & option.position.weeks:
                for slot in option.slots:
                    yield slot, weeks

    def by_resource(self) -> dict[Resource, dict[_Cell, list[int]]]:
        """Return the options in each cell, for each resource."""
        found: dict[Resource, dict[_Cell, list[int]]] = defaultdict(lambda: defaultdict(list))
        for index, option in enumerate(self._options.all):
            cells = tuple(self.of(index))
            for resource in option.resources:
                for cell in cells:
                    found[resource][cell].append(index)
        return found

    def meetings(self) -> Iterator[Meeting]:
        """Yield what one resource at one time allows, each only once."""
        for resource, cells in self.by_resource().items():
            rule = once(resource)
            seen: set[Members] = set()
            for members in map(tuple, cells.values()):
                if members not in seen and self._lessons(members) > 1:
                    seen.add(members)
                    yield Meeting(rule, members)

    def limits(self) -> Iterator[Limit]:
        """Yield what the capacities allow, each only once."""
        for capacity in self._problem.capacities:
            rule = within(capacity)
            seen: set[tuple[Members, int]] = set()
            for cell, loads in self._loads(capacity.capacity_id).items():
                most = max(0, capacity.limit - self._base(capacity.capacity_id, cell))
                members = tuple(loads)
                if (members, most) not in seen and self._could_exceed(loads, most):
                    seen.add((members, most))
                    yield Limit(rule, members, tuple(loads.values()), most)

    def _lessons(self, members: Members) -> int:
        return len({self._options.all[index].lesson for index in members})

    def _loads(self, capacity_id: str) -> dict[_Cell, dict[int, int]]:
        found: dict[_Cell, dict[int, int]] = defaultdict(dict)
        for index, option in enumerate(self._options.all):
            amount = sum(load.amount for load in option.loads if load.capacity_id == capacity_id)
            if amount:
                for cell in self.of(index):
                    found[cell][index] = amount
        return found

    def _could_exceed(self, loads: dict[int, int], most: int) -> bool:
        """Tell whether one option of each lesson can exceed a limit."""
        largest: dict[int, int] = defaultdict(int)
        for index, amount in loads.items():
            lesson = self._options.all[index].lesson
            largest[lesson] = max(largest[lesson], amount)
        return sum(largest.values()) > most

    def _base(self, capacity_id: str, cell: _Cell) -> int:
        slot, weeks = cell
        return sum(
            base.amount
            for base in self._problem.base_loads
            if base.capacity_id == capacity_id and base.slot == slot and base.weeks & weeks
        )
