"""Small checkouts to measure."""

from pathlib import Path

from house.sources import Module, read_module


def write(root: Path, files: dict[str, str]) -> Path:
    """Write files below `root`, with the `__init__.py` of every folder on the way."""
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        for folder in file.relative_to(root).parents:
            if path.endswith(".py") and folder != Path():
                (root / folder / "__init__.py").touch()
    return root


def module(root: Path, text: str, path: str = "signaling/one.py") -> Module:
    """One parsed module."""
    write(root, {path: text})
    return read_module(root, root / path)
