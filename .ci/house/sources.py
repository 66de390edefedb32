"""Python files of a checkout, parsed once."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PRODUCT = ("relay", "signaling", "recorder")
PACKAGES = (*PRODUCT, "load_tests")

Function = ast.FunctionDef | ast.AsyncFunctionDef
Documented = ast.Module | ast.ClassDef | Function


@dataclass(frozen=True)
class Module:
    """One Python file: its dotted name, its path inside the checkout, its text and syntax tree."""

    name: str
    path: str
    text: str
    syntax: ast.Module

    @property
    def is_package(self) -> bool:
        """Tell whether the file is a folder's `__init__.py`."""
        return self.path.endswith("__init__.py")

    @property
    def package(self) -> str:
        """Name of the folder that holds the file, dotted."""
        return self.name if self.is_package else self.name.rpartition(".")[0]

    @property
    def lines(self) -> int:
        """Number of lines."""
        return len(self.text.splitlines())


def read_module(root: Path, file: Path) -> Module:
    """Parse one file below `root`."""
    path = file.relative_to(root)
    parts = path.with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    text = file.read_text("utf-8")
    return Module(name, path.as_posix(), text, ast.parse(text))


def read_modules(root: Path, packages: tuple[str, ...] = PACKAGES) -> list[Module]:
    """Parse every module of the packages, in the order of their paths."""
    return [
        read_module(root, file)
        for package in packages
        for file in sorted((root / package).rglob("*.py"))
    ]


def documented(module: Module) -> Iterator[Documented]:
    """Yield the module itself and every class and function in it."""
    for node in ast.walk(module.syntax):
        if isinstance(node, Documented):
            yield node


def functions(module: Module) -> Iterator[Function]:
    """Yield every function and method, nested ones too."""
    for node in ast.walk(module.syntax):
        if isinstance(node, Function):
            yield node


def length(function: Function) -> int:
    """Count the lines from `def` to the last statement."""
    return (function.end_lineno or function.lineno) - function.lineno + 1
