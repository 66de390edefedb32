"""Imports of the relay, by allow-list: a module that nobody thought of is refused.

Import-linter keeps the layers inside. It has no allow-list for modules from outside; this is it.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import relay

PACKAGE = Path(relay.__file__).parent
# Modules without input, output or clock.
PURE = {
    "__future__", "base64", "bisect", "collections", "dataclasses", "enum", "functools",
    "ipaddress", "itertools", "math", "msgspec", "operator", "re", "struct", "typing", "zlib",
}  # fmt: skip
THIRD_PARTIES = {
    "address_watch": {"aioice"},
    "aiortc_adapter": {"aiortc", "pylibsrtp"},
    "compile_core": {"mypyc", "setuptools"},
    "ice": {"aioice"},
    "sockets": {"aioice"},
}


def imported(source: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "relative import"
            yield str(node.module)


def strangers(source: Path) -> set[str]:
    """The top-level modules that a file imports from outside the relay."""
    return {name.partition(".")[0] for name in imported(source)} - {"relay"}


def sources(folder: str) -> list[Path]:
    found = sorted((PACKAGE / folder).rglob("*.py"))
    assert len(found) > 4
    return found


@pytest.mark.parametrize("folder", ["api", "core"])
def test_pure_code_imports_pure_modules_only(folder: str) -> None:
    impure = {
        source.name: found for source in sources(folder) if (found := strangers(source) - PURE)
    }
    assert impure == {}


def test_the_core_knows_of_the_relay_only_the_api() -> None:
    names = {name for source in sources("core") for name in imported(source)}
    others = {name for name in names if name.partition(".")[0] == "relay"}
    assert {".".join(name.split(".")[:2]) for name in others} == {"relay.api", "relay.core"}


def test_each_third_party_has_its_adapter() -> None:
    used = {
        source.stem: found
        for source in PACKAGE.glob("*.py")
        if (found := strangers(source) - sys.stdlib_module_names - {"structlog"})
    }
    assert used == THIRD_PARTIES
