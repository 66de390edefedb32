"""Purity of rules, wire forms, cores and classroom parts: no clock, no I/O, no framework.

A pure module is found by its place, so that a new one is checked without being listed:

- `rules.py`, `wire.py` and `state.py` of any wing,
- everything below a folder `core` or `parts`.

Such a module may import the modules of the allow-list below, and modules of the product that keep
to the same list themselves.
"""

import ast
from collections.abc import Iterable, Iterator

from house.graph import imports, module_edges
from house.sources import Module

ALLOWED = frozenset({
    "__future__", "array", "base64", "bisect", "collections", "collections.abc", "dataclasses",
    "datetime", "enum", "functools", "hashlib", "ipaddress", "itertools", "math", "msgspec",
    "operator", "pypinyin", "re", "statistics", "struct", "types", "typing",
    "unicodedata", "urllib.parse", "zlib",
})  # fmt: skip
_PURE_FILES = frozenset({"rules", "wire", "state"})
_PURE_FOLDERS = frozenset({"core", "parts"})
# Calls without an import that read a clock or reach outside.
_CLOCKS = frozenset({"now", "today", "utcnow"})
_BUILTINS = frozenset({"open", "print", "input", "eval", "exec", "__import__"})


def faults(modules: Iterable[Module]) -> Iterator[str]:
    """Yield each import and call by which a pure module is not pure."""
    by_name = {module.name: module for module in modules}
    roots = {name.partition(".")[0] for name in by_name}
    for name, reason in sorted(_reached(by_name).items()):
        module = by_name[name]
        via = f" (reached from {reason})" if reason else ""
        for imported, line in imports(module):
            if imported.partition(".")[0] not in roots and not _is_allowed(imported):
                yield f"{module.path}:{line}: imports {imported}{via}"
        for call, line in _impure_calls(module):
            yield f"{module.path}:{line}: calls {call}{via}"


def is_pure(module: Module) -> bool:
    """Tell whether a module has to be pure, by its place."""
    folders = set(module.package.split(".")[1:])
    return bool(folders & _PURE_FOLDERS) or module.name.rpartition(".")[2] in _PURE_FILES


def _reached(by_name: dict[str, Module]) -> dict[str, str]:
    """Map pure modules, and all that they import, to the pure module that asks for it."""
    edges = module_edges(by_name.values())
    reached = {name: "" for name, module in by_name.items() if is_pure(module)}
    open_ = [(name, name) for name in reached]
    while open_:
        name, start = open_.pop()
        for target in edges[name] - reached.keys():
            reached[target] = start
            open_.append((target, start))
    return reached


def _is_allowed(imported: str) -> bool:
    """Tell whether a dotted name is an allowed module or a name from one."""
    return imported in ALLOWED or imported.rpartition(".")[0] in ALLOWED


def _impure_calls(module: Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(module.syntax):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Name) and called.id in _BUILTINS:
            yield called.id, node.lineno
        elif isinstance(called, ast.Attribute) and called.attr in _CLOCKS:
            owner = ast.unparse(called.value)
            if owner in {"datetime", "date", "datetime.datetime", "datetime.date"}:
                yield f"{owner}.{called.attr}", node.lineno
