"""XML that was read: elements by their local names, whatever prefix the sender chose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class Node:
    """An element.

    Attributes:
        space: its namespace; empty for none.
        name: its local name.
        attributes: by local name.
        text: the text directly in it, put together.
    """

    space: str
    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)
    text: str = ""

    def all(self, *path: str) -> Iterator[Node]:
        """Yield the elements at a path of names below this one."""
        if not path:
            yield self
            return
        for child in self.children:
            if child.name == path[0]:
                yield from child.all(*path[1:])

    def first(self, *path: str) -> Node | None:
        """Return the first element at a path."""
        return next(self.all(*path), None)

    def says(self, *path: str) -> str:
        """Return the text of the first element at a path, without spaces around it."""
        found = self.first(*path)
        return "" if found is None else found.text.strip()
