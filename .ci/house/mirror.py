"""Tests stand where the code is that they prove.

- A folder of `tests/unit` and `tests/integration` that holds tests is named after a package.
- A unit test is named after a module or a package in the folder that its own folder mirrors. More
  words may follow: `test_live_room_links.py` proves `live_room.py`.
- An integration test of one wing stands in that wing's folder.

`mirror.toml` lists unit tests of several modules, each with the reason.
"""

import tomllib
from collections.abc import Iterator
from pathlib import Path

_REASONS = Path(".ci/house/mirror.toml")
# Packages that do not stand at the root of the checkout.
_ELSEWHERE = {"house": ".ci/house"}


def faults(root: Path) -> Iterator[str]:
    """Yield each test that a reader would not find from the module, and each idle exception."""
    reasons = _reasons(root)
    unit = list(_unit_faults(root))
    yield from (fault for path, fault in unit if path not in reasons)
    yield from (
        f"{path}: listed in mirror.toml without need" for path in reasons.keys() - dict(unit)
    )
    yield from _integration_faults(root)


def _reasons(root: Path) -> dict[str, str]:
    file = root / _REASONS
    return tomllib.loads(file.read_text("utf-8")) if file.is_file() else {}


def _tests(root: Path, kind: str) -> Iterator[tuple[str, Path, str]]:
    """Yield each test's path, the folder that it mirrors, and the name of its subject."""
    base = root / "tests" / kind
    for file in sorted(base.rglob("test_*.py")):
        folder = file.parent.relative_to(base)
        if folder.parts:  # tests of the checkout itself stand at the top
            top = _ELSEWHERE.get(folder.parts[0], folder.parts[0])
            product = root.joinpath(top, *folder.parts[1:])
            yield file.relative_to(root).as_posix(), product, file.stem.removeprefix("test_")


def _unit_faults(root: Path) -> Iterator[tuple[str, str]]:
    for path, product, subject in _tests(root, "unit"):
        where = product.relative_to(root).as_posix()
        if not product.is_dir():
            yield path, f"{path}: there is no package {where}"
        elif not _holds(product, subject):
            yield path, f"{path}: {where} has no module {subject}"


def _holds(product: Path, subject: str) -> bool:
    """Tell whether a module or package has the subject's name, or its first words."""
    words = subject.split("_")
    names = ["_".join(words[:count]) for count in range(1, len(words) + 1)]
    return any((product / f"{name}.py").is_file() or _is_package(product / name) for name in names)


def _is_package(folder: Path) -> bool:
    return (folder / "__init__.py").is_file()


def _integration_faults(root: Path) -> Iterator[str]:
    for path, product, subject in _tests(root, "integration"):
        where = product.relative_to(root).as_posix()
        if not product.is_dir():
            yield f"{path}: there is no package {where}"
        elif _is_package(product / subject):
            yield f"{path}: belongs into the folder {subject}, like {where}/{subject}"
