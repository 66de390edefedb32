"""Imports between modules and between packages: floors and circles."""

import ast
from collections.abc import Callable, Iterable, Iterator

from house.sources import Module

Edges = dict[str, set[str]]


def imports(module: Module) -> Iterator[tuple[str, int]]:
    """Yield each imported name, dotted and absolute, with its line.

    `from a import b` yields `a.b`: only the set of known modules tells whether `b` is a module.
    """
    for node in ast.walk(module.syntax):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = _origin(module, node)
            yield from ((f"{origin}.{alias.name}", node.lineno) for alias in node.names)


def _origin(module: Module, node: ast.ImportFrom) -> str:
    """Absolute name of what `from … import` reads from."""
    if not node.level:
        return node.module or ""
    parts = module.package.split(".")
    base = parts[: len(parts) - node.level + 1]
    return ".".join([*base, node.module] if node.module else base)


def module_edges(modules: Iterable[Module]) -> Edges:
    """Map each module to the modules of the same set that it imports."""
    modules = list(modules)
    known = {module.name for module in modules}
    edges: Edges = {}
    for module in modules:
        targets = {_resolve(name, known) for name, _ in imports(module)}
        edges[module.name] = {name for name in targets if name} - {module.name}
    return edges


def _resolve(name: str, known: set[str]) -> str:
    """Longest known prefix of a dotted name, or an empty string."""
    while name and name not in known:
        name = name.rpartition(".")[0]
    return name


def grouped(edges: Edges, group: Callable[[str], str]) -> Edges:
    """Join the nodes of each group to one; edges inside a group vanish."""
    joined: Edges = {group(node): set() for node in edges}
    for node, targets in edges.items():
        joined[group(node)] |= {group(target) for target in targets}
    return {node: targets - {node} for node, targets in joined.items()}


def circles(edges: Edges) -> list[list[str]]:
    """List the sets of nodes that reach each other, largest first."""
    found = [sorted(part) for part in _components(edges) if len(part) > 1]
    return sorted(found, key=lambda part: (-len(part), part))


def sibling_circles(edges: Edges) -> list[list[str]]:
    """List the circles between the direct children of each package: its packages and modules.

    A folder may hold its lowest module and its highest beside packages in the middle. That is a
    circle of folders, but none of siblings.
    """
    parents = {name.rpartition(".")[0] for name in edges} - {""}
    found: list[list[str]] = []
    for parent in sorted(parents):
        depth = parent.count(".") + 2
        child = {
            name: ".".join(name.split(".")[:depth])
            for name in edges
            if name.startswith(f"{parent}.")
        }
        own = {name: edges[name] & child.keys() for name in child}
        found += circles(grouped(own, child.__getitem__))
    return found


def floors(edges: Edges) -> dict[str, int]:
    """Give each node its floor: 0 if it imports nothing, else one above what it imports.

    Nodes of one circle share a floor.
    """
    found: dict[str, int] = {}
    for part in _components(edges):  # what a part imports comes before the part
        below = {target for node in part for target in edges[node]} - part
        floor = 1 + max((found[node] for node in below), default=-1)
        found |= dict.fromkeys(part, floor)
    return found


def _components(edges: Edges) -> list[set[str]]:
    """Strongly connected components, imported ones first (Tarjan 1972)."""
    index: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    done: list[set[str]] = []
    placed: set[str] = set()

    def visit(node: str) -> None:
        index[node] = lowest[node] = len(index)
        stack.append(node)
        for target in sorted(edges[node]):
            if target not in index:
                visit(target)
            if target not in placed:
                lowest[node] = min(lowest[node], lowest[target])
        if lowest[node] == index[node]:
            cut = stack.index(node)
            part = set(stack[cut:])
            del stack[cut:]
            placed.update(part)
            done.append(part)

    for node in sorted(edges):
        if node not in index:
            visit(node)
    return done
