"""Wings of a package: its floors by contract, and the imports between its wings."""

import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from house.graph import Edges, floors, grouped, module_edges
from house.sources import Module, read_modules

# Parts of a package that are no wings: scripts of the database's history.
_NO_WINGS = frozenset({"migrations"})


@dataclass(frozen=True)
class Wings:
    """Wings of one package.

    Attributes:
        package: dotted name of the package.
        floors: names of the wings, the highest floor first.
        edges: imports between wings.
        modules: number of modules in each wing.
    """

    package: str
    floors: list[list[str]]
    edges: Edges
    modules: dict[str, int]


def read_wings(root: Path, package: str) -> Wings:
    """Read the wings of a package; floors come from its contract, or from the imports."""
    modules = [
        one
        for one in read_modules(root, (package.partition(".")[0],))
        if _wing(one.name, package) not in _NO_WINGS | {""}
    ]
    edges = grouped(module_edges(modules), lambda name: _wing(name, package))
    rows = _contract_floors(root, package) or _import_floors(edges)
    placed = {wing for row in rows for wing in row}
    rows.append(sorted(set(edges) - placed))
    present = [[wing for wing in row if wing in edges] for row in rows]
    counts = _module_counts(modules, package)
    return Wings(package, [row for row in present if row], edges, counts)


def _wing(module: str, package: str) -> str:
    """Name of the wing that holds a module, empty outside the package and for its own file."""
    inside = module.startswith(f"{package}.")
    return module.removeprefix(f"{package}.").partition(".")[0] if inside else ""


def _module_counts(modules: list[Module], package: str) -> dict[str, int]:
    return Counter(
        _wing(one.name, package)
        for one in modules
        if not (one.is_package and one.name.count(".") == package.count(".") + 1)
    )


def _contract_floors(root: Path, package: str) -> list[list[str]]:
    """Layers of the import contract that has the package as its container."""
    settings = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    for contract in settings["tool"]["importlinter"]["contracts"]:
        if contract["type"] == "layers" and contract.get("containers") == [package]:
            return [
                [wing.strip(" ()") for wing in layer.replace(":", "|").split("|")]
                for layer in contract["layers"]
            ]
    return []


def _import_floors(edges: Edges) -> list[list[str]]:
    levels = floors(edges)
    return [
        sorted(wing for wing in levels if levels[wing] == level)
        for level in sorted(set(levels.values()), reverse=True)
    ]
