"""The model of speech that the configuration names, and whether it is installed.

Nothing is loaded here, so that the serving process may ask.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from itertools import count, takewhile
from pathlib import Path

ENGINE = "faster_whisper"  # of the extra `tongke[captions]`
WEIGHTS = "model.bin"


def is_installed(model: str) -> bool:
    """Tell whether captions can be made with a model."""
    return find_spec(ENGINE) is not None and bool(folders_of(model))


def folders_of(model: str) -> Sequence[Path]:
    """Return the folders that hold a model; empty if there is none.

    Args:
        model: a folder, or the common name of Python packages `<name>-1`, `<name>-2`, … that hold
            its parts.
    """
    if "/" in model:
        folder = Path(model).expanduser()
        return [folder] if (folder / WEIGHTS).is_file() else []
    name = model.replace("-", "_")
    if not name.isidentifier():
        return []
    found = (_data_of(f"{name}_{number}") for number in count(1))
    return [folder for folder in takewhile(lambda one: one is not None, found) if folder]


def _data_of(package: str) -> Path | None:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "data"
    return folder if folder.is_dir() else None
