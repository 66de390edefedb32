"""One server for one data folder: a lock that the kernel lets go of, however the process ends.

The lock belongs to an open file, not to a process. A supervisor hands that file on to its children,
so the folder stays locked until the last of them has ended.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

LOCK_FILE = "server.lock"
_MAX_OWNERS_BYTES = 4096  # read of the lock file: some hundreds of process ids
_MOST_OWNERS = 100  # named of those that share a folder


class DataInUse(Exception):
    """Another server, the process `owner`, works on the data folder."""

    def __init__(self, data: Path, owner: str) -> None:
        super().__init__(f"another server (process {owner}) uses the data folder {data}")
        self.data = data
        self.owner = owner


class DataLock:
    """The lock of a data folder, as its holder sees it.

    Attributes:
        fd: the open file. A child that inherits it holds the lock, too.
    """

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def name_owners(self, pids: Sequence[int]) -> None:
        """Write down who works on the folder; others are told the first one that still runs."""
        text = "".join(f"{pid}\n" for pid in pids).encode()
        os.pwrite(self.fd, text, 0)
        os.ftruncate(self.fd, len(text))


@contextlib.contextmanager
def held(data: Path, fd: int | None = None, *, shared: bool = False) -> Iterator[DataLock]:
    """Hold the folder's lock meanwhile.

    Args:
        data: the folder.
        fd: the open lock file that a supervisor handed on; None: take the lock.
        shared: the lock is taken for one of several processes that share the folder. It keeps
            servers away that are one process or a supervisor with its children.

    Raises:
        DataInUse: another server holds it.
        OSError: the folder cannot be written, or `fd` is not its lock file.
    """
    path = data / LOCK_FILE
    ours = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600) if fd is None else fd
    try:
        if fd is not None:
            _demand_lock_file(fd, path)
        try:
            mode = fcntl.LOCK_SH if shared and fd is None else fcntl.LOCK_EX
            fcntl.flock(ours, mode | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DataInUse(data, _owner(ours)) from None
        lock = DataLock(ours)
        if fd is None:
            others = [int(one) for one in _owners(ours) if _runs(one)] if shared else []
            lock.name_owners((*others[-_MOST_OWNERS:], os.getpid()))
        yield lock
    finally:
        os.close(ours)


def _demand_lock_file(fd: int, path: Path) -> None:
    """Check a handed-on file, and keep it from our own children. Raises OSError."""
    os.set_inheritable(fd, False)
    if not path.exists() or not os.path.samestat(os.fstat(fd), path.stat()):
        raise OSError(errno.EBADF, "the descriptor is not the lock of the data folder", str(path))


def _owners(fd: int) -> list[str]:
    return os.pread(fd, _MAX_OWNERS_BYTES, 0).decode("ascii", "replace").split()


def _owner(fd: int) -> str:
    """Return the first named process that still runs; else the first."""
    owners = _owners(fd)
    return next((one for one in owners if _runs(one)), owners[0] if owners else "?")


def _runs(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except PermissionError:
        return True  # another user's
    except (ProcessLookupError, ValueError, OverflowError):
        return False
    return True
