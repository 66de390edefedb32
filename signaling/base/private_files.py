"""The data folder is its owner's alone: what is made is private, and what is not is mended."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

PRIVATE_UMASK = 0o077  # new files: nobody but the owner
_OTHERS = 0o077  # the bits of group and others


def keep_private(folder: Path) -> int:
    """Set the umask, make the folder, and close what others can read; returns how many were open.

    Links are not followed: what they lead to may be somebody else's.
    """
    os.umask(PRIVATE_UMASK)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    mended = _close(folder)
    for root, folders, files in os.walk(folder):
        for name in (*folders, *files):
            mended += _close(Path(root) / name)
    if mended:
        log.warning("data_files_made_private", folder=str(folder), count=mended)
    return mended


def _close(path: Path) -> int:
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode) or not mode & _OTHERS:
            return 0
        path.chmod(stat.S_IMODE(mode) & ~_OTHERS)
    except OSError as error:  # another's file, or gone meanwhile
        log.warning("data_file_not_made_private", path=str(path), error=repr(error))
        return 0
    return 1
