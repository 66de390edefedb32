"""Rules of the house that `make check` and the tests hold: places, pictures, purity, mirror."""

from collections.abc import Iterator
from pathlib import Path

from house import mirror, pages, picture, purity
from house.sources import PRODUCT, read_modules
from house.wings import read_wings

PICTURED = ("signaling", "relay.core", "recorder")


def faults(root: Path) -> Iterator[str]:
    """Yield everything that breaks a rule in a checkout."""
    yield from purity.faults(read_modules(root, PRODUCT))
    yield from mirror.faults(root)
    yield from pages.faults(root)
    yield from old_pictures(root)


def picture_file(root: Path, package: str) -> Path:
    """File of a package's picture."""
    return root / "docs" / "images" / f"wings-{package.replace('.', '-')}.svg"


def draw_pictures(root: Path) -> None:
    """Draw the wings of every package anew."""
    for package in PICTURED:
        picture_file(root, package).write_text(picture.draw(read_wings(root, package)), "utf-8")


def old_pictures(root: Path) -> Iterator[str]:
    """Yield each picture that no longer shows the code."""
    for package in PICTURED:
        file = picture_file(root, package)
        text = picture.draw(read_wings(root, package))
        if not file.is_file() or file.read_text("utf-8") != text:
            yield f"{file.relative_to(root)} is not current: run `make picture`"
