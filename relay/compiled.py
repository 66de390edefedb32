"""Finds the compiled `relay.core`, if `python -m relay.compile_core` has made it.

The core is pure, typed Python, and most of the relay's cost is the interpreter's share of it. The
compiled core lies in a folder named by a digest of its sources. Whoever edits a source gets the
sources again, never libraries that were made from others.
"""

from __future__ import annotations

import hashlib
import os
import sysconfig
from pathlib import Path

_PACKAGE = Path(__file__).parent
_BUILD = _PACKAGE.parent / "build" / "relay_core"
_INTERPRETED_VARIABLE = "TONGKE_INTERPRETED"  # environment: if not empty, the sources are used
COMPLETE = "complete"  # written last, so a folder with it has everything


def core_sources() -> list[Path]:
    """The modules of `relay.core`."""
    return sorted((_PACKAGE / "core").rglob("*.py"))


def compiled_folder() -> Path:
    """The folder for these sources, compiled for this Python."""
    digest = hashlib.sha256(str(sysconfig.get_config_var("EXT_SUFFIX")).encode())
    # The core uses types of the API, and the way of compiling matters as well.
    api = sorted((_PACKAGE / "api").rglob("*.py"))
    for source in (*api, _PACKAGE / "compile_core.py", *core_sources()):
        code = source.read_bytes()
        digest.update(f"{source.relative_to(_PACKAGE).as_posix()} {len(code)}\n".encode())
        digest.update(code)
    return _BUILD / digest.hexdigest()[:20]


def find_compiled() -> Path | None:
    """The folder to search before the sources; None if there is none, or none is wanted."""
    if os.environ.get(_INTERPRETED_VARIABLE) or not _BUILD.is_dir():
        return None
    folder = compiled_folder()
    return folder if is_complete(folder) else None


def is_complete(folder: Path) -> bool:
    """True if the folder holds every library."""
    return (folder / COMPLETE).is_file()
