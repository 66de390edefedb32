"""String literals in server code that are sentences for people.

The server sends codes and facts; words live in the catalogues. Literals that break the rule:

- Chinese told: a literal with a Chinese character in an exception, `print`, `exit` or a stream.
- Chinese kept: any other literal with a Chinese character: help of a command, a table of titles.
- English told: three words or more in an exception, `print`, `exit` or a stream.
- English help: three words or more that `argparse` shows.

Catalogues of words and the data of the made-up county may hold such literals. Docstrings and log
events do not count. Summaries of routes do not count either: the OpenAPI document shows them to
programmers.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from house.sources import Documented, Module

_CHINESE = re.compile(r"[\u3400-\u9fff]")
_WORD = re.compile(r"[A-Za-z]{2,}")
_MIN_WORDS = 3
# File stems whose purpose is words for people, or the names of a made-up county.
_CATALOGUES = frozenset({"words", "catalogue", "seed"})
_TELLERS = frozenset({"print", "exit", "write", "error", "fail"})
_LOGGERS = frozenset({"_log", "log", "_logger", "logger"})
_HELP = frozenset({"help", "description", "epilog", "metavar"})


class Kind(StrEnum):
    """Reasons to count a literal."""

    CHINESE_TOLD = "Chinese told"
    CHINESE_KEPT = "Chinese kept"
    ENGLISH_TOLD = "English told"
    ENGLISH_HELP = "English help"


@dataclass(frozen=True)
class Literal:
    """One literal that people read."""

    place: str
    kind: Kind
    text: str


def for_people(module: Module) -> Iterator[Literal]:
    """Yield the literals of a module that are sentences for people."""
    if module.path.rpartition("/")[2].removesuffix(".py") in _CATALOGUES:
        return
    parents = _parents(module.syntax)
    for node in ast.walk(module.syntax):
        text = _text(node, parents)
        kind = _kind(node, text, parents) if text else None
        if kind:
            yield Literal(f"{module.path}:{node.lineno}", kind, text)  # type: ignore[attr-defined]


def _parents(syntax: ast.AST) -> dict[ast.AST, ast.AST]:
    return {child: node for node in ast.walk(syntax) for child in ast.iter_child_nodes(node)}


def _text(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> str:
    """Text of a literal; an f-string is one literal; a docstring is none."""
    parent = parents.get(node)
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values
        )
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return ""
    if isinstance(parent, ast.JoinedStr | ast.FormattedValue):
        return ""
    if isinstance(parent, ast.Expr) and isinstance(parents.get(parent), Documented):
        return ""
    return node.value


def _kind(node: ast.AST, text: str, parents: dict[ast.AST, ast.AST]) -> Kind | None:
    uses = list(_uses(node, parents))
    if "Route" in uses:
        return None
    told = any(use in _TELLERS or use == "raise" for use in uses)
    if _CHINESE.search(text):
        return Kind.CHINESE_TOLD if told else Kind.CHINESE_KEPT
    if len(_WORD.findall(text)) < _MIN_WORDS or " " not in text.strip():
        return None
    if any(use in _HELP for use in uses):
        return Kind.ENGLISH_HELP
    return Kind.ENGLISH_TOLD if told else None


def _uses(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> Iterator[str]:
    """Yield what the literal's expression is used for, up to its statement."""
    while (parent := parents.get(node)) is not None and not isinstance(parent, Documented):
        if isinstance(parent, ast.keyword) and parent.arg:
            yield parent.arg
        elif isinstance(parent, ast.Call) and node is not parent.func:
            yield _called(parent.func)
        elif isinstance(parent, ast.Raise):
            yield "raise"
        if isinstance(parent, ast.stmt):
            return
        node = parent


def _called(function: ast.expr) -> str:
    """Name of a called function; a logger's methods have none."""
    if isinstance(function, ast.Name):
        return function.id
    if isinstance(function, ast.Attribute):
        owner = function.value
        logs = isinstance(owner, ast.Name) and owner.id in _LOGGERS
        return "" if logs else function.attr
    return ""
