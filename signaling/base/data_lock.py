"""One server for one data folder: a lock that the kernel lets go of, however the process ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

LOCK_FILE = "server.lock"


class DataInUse(Exception):
    """Another server, the process `owner`, works on the data folder."""

    def __init__(self, data: Path, owner: str) -> None:
        super().__init__(f"another server (process {owner}) uses the data folder {data}")
        self.data = data
        self.owner = owner


@contextlib.contextmanager
def held(data: Path) -> Iterator[None]:
    """Hold the folder's lock meanwhile. Raises DataInUse, OSError."""
    path = data / LOCK_FILE
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(fd, 20, 0).decode("ascii", "replace").strip() or "?"
            raise DataInUse(data, owner) from None
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(fd)
