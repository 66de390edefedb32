"""Places that the documentation names: files, folders, modules and symbols, and links to them.

Checked are relative links, and inline code of these forms:

- `folder/file.py`, also only the end of a path: some file of the checkout ends so;
- `relay/core`, a path below one of the top folders;
- `relay.api` and `relay.api.Relay`, a module with or without a name in it.

Inline code in docstrings and comments of Python files is checked alike.

A link to a source file with inline code behind it promises that the file defines that name.
"""

import ast
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from house.sources import PACKAGES

_CODE = re.compile(r"`([^`\s]+)`")
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)#\s]*)(?:#([^)\s]+))?[^)]*\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_NO_ANCHOR = re.compile(r"[^\w\s-]")
_ADDRESS = re.compile(r"[a-z]+:")
_PROMISE = re.compile(r"\]\(([^)#\s]+\.(?:py|ts|vue))\)[ ,:]*`([A-Za-z_][\w.]*)`")
_FILE = re.compile(r"^[\w.*/-]*\w\.(?:py|ts|vue|mako)$")
_TOPS = ("relay", "signaling", "recorder", "load_tests", "tests", "web_client", ".ci", "docs")
_FOLDER = re.compile(rf"^(?:{'|'.join(map(re.escape, _TOPS))})/[\w./-]+$")
_MODULE = re.compile(r"^(?:relay|signaling|recorder|load_tests)(?:\.\w+)+$")
# Folders that a build makes, or a run.
_BUILT = ("web_client/dist", "web_client/node_modules")
_UNTRACKED = frozenset({".git", ".venv", ".stamps", "build", "data", "dist", "node_modules"})


@dataclass(frozen=True)
class Files:
    """Paths of a checkout."""

    root: Path
    paths: frozenset[str]

    @classmethod
    def of(cls, root: Path) -> "Files":
        """List the files of a checkout, without what a build makes."""
        paths: set[str] = set()
        for folder, folders, files in os.walk(root):
            folders[:] = [one for one in folders if one not in _UNTRACKED]
            place = Path(folder).relative_to(root)
            paths.update((place / one).as_posix() for one in files)
        return cls(root, frozenset(paths))

    def has(self, path: str) -> bool:
        """Tell whether a file or folder ends with the path; `*` stands for anything."""
        path = path.rstrip("/")
        return any(
            one == path
            or one.endswith(f"/{path}")
            or one.startswith(f"{path}/")
            or ("*" in path and fnmatch(one, f"*{path}"))
            for one in self.paths
        )


def pages(root: Path) -> list[Path]:
    """Pages of the documentation, in any language."""
    return sorted([*root.glob("*.md"), *(root / "docs").rglob("*.md")])


def _sources(root: Path) -> list[Path]:
    """Python files whose docstrings and comments may name places."""
    return sorted(file for package in PACKAGES for file in (root / package).rglob("*.py"))


def faults(root: Path) -> Iterator[str]:
    """Yield each place that is named and does not exist."""
    files = Files.of(root)
    for page in [*pages(root), *_sources(root)]:
        if page.name == "CHANGELOG.md":  # a changelog names files of its day
            continue
        for number, line in enumerate(page.read_text("utf-8").splitlines(), start=1):
            is_page = page.suffix == ".md"
            found = line_faults(line, page.parent, files) if is_page else code_faults(line, files)
            for fault in found:
                yield f"{page.relative_to(root)}:{number}: {fault}"


def line_faults(line: str, folder: Path, files: Files) -> Iterator[str]:
    """Yield what a line of a page in `folder` names wrongly."""
    yield from _link_faults(line, folder)
    yield from code_faults(line, files)


def _link_faults(line: str, folder: Path) -> Iterator[str]:
    for target, anchor in _LINK.findall(line):
        if _ADDRESS.match(target):
            continue
        if not (folder / target).exists():
            yield f"link to {target}"
        elif anchor and target and anchor not in _anchors(folder / target):
            yield f"link to {target}#{anchor}"
    for file, symbol in _PROMISE.findall(line):
        path = folder / file
        if path.is_file() and not defines(path, symbol):
            yield f"{file} defines no {symbol}"


def code_faults(line: str, files: Files) -> Iterator[str]:
    """Yield the inline code of a line that names a file or module which does not exist."""
    for code in _CODE.findall(line):
        if _FILE.match(code) or (_FOLDER.match(code) and not code.startswith(_BUILT)):
            if not files.has(code):
                yield f"no file {code}"
        elif _MODULE.match(code) and not _has_module(files, code):
            yield f"no module {code}"


def _anchors(page: Path) -> set[str]:
    """Anchors that GitHub gives to the headings of a page."""
    headings = _HEADING.findall(page.read_text("utf-8"))
    return {_NO_ANCHOR.sub("", one.lower()).strip().replace(" ", "-") for one in headings}


def defines(path: Path, symbol: str) -> bool:
    """Tell whether a source file defines a name; `Class.method` names a method."""
    text = path.read_text("utf-8")
    if path.suffix != ".py":
        return _script_defines(text, symbol.rpartition(".")[2])
    node: ast.AST = ast.parse(text)
    for part in symbol.split("."):
        found = next((one for one in ast.iter_child_nodes(node) if part in _names(one)), None)
        if found is None:
            return False
        if isinstance(found, ast.ImportFrom):  # a package that hands a name on
            return True
        node = found
    return True


def _script_defines(text: str, name: str) -> bool:
    """Tell whether a TypeScript or Vue file declares a name or has a method of that name."""
    declared = rf"\b(?:function|const|class|interface|type|enum)\s+{re.escape(name)}\b"
    method = rf"^\s+(?:(?:async|private|protected|public|static|get)\s+)*{re.escape(name)}\("
    return re.search(rf"{declared}|{method}", text, re.MULTILINE) is not None


def _names(node: ast.AST) -> set[str]:
    """Names that a statement defines."""
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return {node.name}
    if isinstance(node, ast.ImportFrom):
        return {alias.asname or alias.name for alias in node.names}
    targets = node.targets if isinstance(node, ast.Assign) else []
    if isinstance(node, ast.AnnAssign):
        targets = [node.target]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _has_module(files: Files, name: str) -> bool:
    """Tell whether a dotted name is a module, a package, or a name in one of them."""
    parts = name.split(".")
    for count in range(len(parts), 1, -1):
        path = "/".join(parts[:count])
        for file in (files.root / f"{path}.py", files.root / path / "__init__.py"):
            if file.is_file():
                return count == len(parts) or defines(file, ".".join(parts[count:]))
    return False
