"""Finds `relay.core` compiled, where `python -m relay.compile_core` has made that.

The core is pure, typed Python, and most of what the relay costs is the interpreter's share of it.
What is compiled stands in a folder named by a digest of the sources that it was made from: who
edits them gets the sources again, never something that was made from others.
"""

from __future__ import annotations

import hashlib
import os
import sysconfig
from pathlib import Path

_PACKAGE = Path(__file__).parent
_MADE = _PACKAGE.parent / "build" / "relay_core"
_INTERPRETED = "TONGKE_INTERPRETED"  # environment: if not empty, the sources are used
COMPLETE = "complete"  # written last, so a folder with it has everything


def core_sources() -> list[Path]:
    """The modules of `relay.core`."""
    return sorted((_PACKAGE / "core").rglob("*.py"))


def compiled_folder() -> Path:
    """Where these sources, compiled for this Python, belong."""
    digest = hashlib.sha256(str(sysconfig.get_config_var("EXT_SUFFIX")).encode())
    # The core's types are partly the API's, and how it is compiled matters as well.
    for source in (_PACKAGE / "api.py", _PACKAGE / "compile_core.py", *core_sources()):
        code = source.read_bytes()
        digest.update(f"{source.relative_to(_PACKAGE).as_posix()} {len(code)}\n".encode())
        digest.update(code)
    return _MADE / digest.hexdigest()[:20]


def find_compiled() -> Path | None:
    """The folder to be searched before the sources; None if there is none, or none is wanted."""
    if os.environ.get(_INTERPRETED) or not _MADE.is_dir():
        return None
    folder = compiled_folder()
    return folder if is_complete(folder) else None


def is_complete(folder: Path) -> bool:
    """Whether all of it is there."""
    return (folder / COMPLETE).is_file()
