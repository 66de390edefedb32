"""Figures of a checkout, as lines of text that can be compared before and after."""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from house import literals, prose
from house.graph import circles, floors, grouped, module_edges, sibling_circles
from house.prose import Sentence
from house.sources import (
    PACKAGES,
    PRODUCT,
    Module,
    documented,
    functions,
    length,
    read_modules,
)

MAX_FILE_LINES = 400  # DESIGN §6: files rarely above
MAX_FUNCTION_LINES = 40  # DESIGN §6: functions rarely above
SENTENCE_LIMITS = (25, 30)  # words: the rule of DESIGN §6, and what issue 11 counts
_CHINESE_PAGE = ".zh-CN."
_SHOWN = 10  # examples behind a figure


@dataclass(frozen=True)
class Checkout:
    """Files of one checkout."""

    root: Path
    modules: list[Module]

    @classmethod
    def read(cls, root: Path) -> "Checkout":
        """Parse the Python packages of the checkout."""
        return cls(root, read_modules(root, PACKAGES))

    @property
    def product(self) -> list[Module]:
        """Modules of the product, without the load tests."""
        return [one for one in self.modules if one.name.split(".")[0] in PRODUCT]

    def pages(self) -> list[Path]:
        """Pages of documentation in English."""
        found = [*self.root.glob("README*.md"), *(self.root / "docs").rglob("*.md")]
        return sorted(one for one in found if _CHINESE_PAGE not in one.name)

    def scripts(self) -> list[Path]:
        """Hand-written files of the web client."""
        web = self.root / "web_client" / "src"
        return sorted(one for one in web.rglob("*") if one.suffix in {".ts", ".vue"})


def report(checkout: Checkout, examples: int = _SHOWN) -> Iterator[str]:
    """Yield the whole report."""
    yield from _packages(checkout)
    yield from _graph(checkout)
    yield from _sizes(checkout, examples)
    yield from _docstrings(checkout, examples)
    yield from _sentences(checkout, examples)
    yield from _literals(checkout, examples)


def _packages(checkout: Checkout) -> Iterator[str]:
    yield "## Modules per package"
    counts = Counter(one.package for one in checkout.modules if not one.is_package)
    yield from (f"{count:5}  {package}" for package, count in sorted(counts.items()))
    largest = counts.most_common(1)[0]
    yield f"packages {len(counts)}, modules {counts.total()}, largest {largest[0]} ({largest[1]})"


def _graph(checkout: Checkout) -> Iterator[str]:
    edges = module_edges(checkout.product)
    package_of = {one.name: one.package for one in checkout.product}
    packages = grouped(edges, package_of.__getitem__)
    levels = floors(packages)
    yield "\n## Floors and circles (product packages)"
    for floor in sorted(set(levels.values()), reverse=True):
        yield f"{floor:5}  {' '.join(sorted(one for one in levels if levels[one] == floor))}"
    yield f"floors of packages {_height(levels)}, of modules {_height(floors(edges))}"
    for what, found in (
        ("packages", circles(packages)),
        ("siblings of one package", sibling_circles(edges)),
        ("modules", circles(edges)),
    ):
        inside = sum(map(len, found))
        yield f"circles between {what} {len(found)}, in a circle {inside}"
        yield from (f"       {' '.join(part)}" for part in found)


def _height(levels: dict[str, int]) -> int:
    return 1 + max(levels.values(), default=-1)


def _sizes(checkout: Checkout, examples: int) -> Iterator[str]:
    yield "\n## Sizes"
    bodies = sorted(
        ((length(function), f"{one.path}:{function.name}") for one in checkout.modules
         for function in functions(one)),
        reverse=True,
    )  # fmt: skip
    over = [one for one in bodies if one[0] > MAX_FUNCTION_LINES]
    yield f"longest function {bodies[0][0]} lines; over {MAX_FUNCTION_LINES} lines: {len(over)}"
    yield from _examples(over, examples)
    sizes = [(one.lines, one.path) for one in checkout.modules]
    yield from _large_files("Python", sizes, examples)
    scripts = [
        (len(one.read_text("utf-8").splitlines()), one.relative_to(checkout.root).as_posix())
        for one in checkout.scripts()
    ]
    yield from _large_files("TypeScript and Vue", scripts, examples)


def _large_files(what: str, sizes: list[tuple[int, str]], examples: int) -> Iterator[str]:
    over = sorted((one for one in sizes if one[0] > MAX_FILE_LINES), reverse=True)
    yield f"{what} files over {MAX_FILE_LINES} lines: {len(over)} of {len(sizes)}"
    yield from _examples(over, examples)


def _docstrings(checkout: Checkout, examples: int) -> Iterator[str]:
    yield "\n## Docstrings"
    for what, kinds in _KINDS:
        nodes = [one for module in checkout.modules for one in documented(module)]
        chosen = [one for one in nodes if type(one).__name__ in kinds]
        with_one = sum(ast.get_docstring(one) is not None for one in chosen)
        yield f"{what} with a docstring: {with_one} of {len(chosen)} ({with_one / len(chosen):.0%})"
    bad = [
        (opening, f"{module.path}:{getattr(node, 'lineno', 1)}: {text.splitlines()[0]}")
        for module in checkout.modules
        for node, text in prose.docstrings(module)
        if (opening := prose.bad_opening(text))
    ]
    openings = Counter(opening for opening, _ in bad).most_common()
    yield f"docstrings that open with a pronoun or relative: {len(bad)}"
    yield f"       {', '.join(f'{word} {count}' for word, count in openings)}"
    yield from (f"       {line}" for _, line in bad[:examples])


_KINDS = (
    ("modules", {"Module"}),
    ("classes", {"ClassDef"}),
    ("functions", {"FunctionDef", "AsyncFunctionDef"}),
)


def _sentences(checkout: Checkout, examples: int) -> Iterator[str]:
    yield "\n## Sentences"
    for what, found in sentences_of(checkout).items():
        counts = (
            f"over {limit} words: {len(prose.longer_than(limit, found))}"
            for limit in SENTENCE_LIMITS
        )
        longest = max((one.words for one in found), default=0)
        yield f"{what}: {len(found)}, {', '.join(counts)}, longest {longest}"
        over = prose.longer_than(SENTENCE_LIMITS[0], found)
        yield from (f"       {one.words} {one.place}: {one.text}" for one in over[:examples])


def sentences_of(checkout: Checkout) -> dict[str, list[Sentence]]:
    """Collect the sentences of pages, docstrings and comments."""
    root = checkout.root
    pages = ((one, one.relative_to(root).as_posix()) for one in checkout.pages())
    scripts = ((one, one.relative_to(root).as_posix()) for one in checkout.scripts())
    return {
        "docs": _joined(prose.markdown(one.read_text("utf-8"), path) for one, path in pages),
        "docstrings": _joined(map(prose.docstring_sentences, checkout.modules)),
        "comments": _joined(map(prose.comment_sentences, checkout.modules)),
        "comments of the web client": _joined(
            prose.script_sentences(one.read_text("utf-8"), path) for one, path in scripts
        ),
    }


def _joined(parts: Iterable[Iterable[Sentence]]) -> list[Sentence]:
    return [one for part in parts for one in part]


def _literals(checkout: Checkout, examples: int) -> Iterator[str]:
    yield "\n## Literals in server code that are sentences for people"
    found = [
        (module.name.split(".")[0], literal)
        for module in checkout.product
        for literal in literals.for_people(module)
    ]
    for kind in literals.Kind:
        here = [(package, one) for package, one in found if one.kind is kind]
        counts = Counter(package for package, _ in here)
        shares = ", ".join(f"{package} {counts[package]}" for package in PRODUCT)
        yield f"{kind}: {len(here)} ({shares})"
        yield from (f"       {one.place}: {one.text!r}" for _, one in here[:examples])


def _examples(found: list[tuple[int, str]], examples: int) -> Iterator[str]:
    yield from (f"{count:5}  {path}" for count, path in found[:examples])
