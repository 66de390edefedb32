"""The finishing process gives up what it does not need: files, network, programs, memory, time.

Media that publishers sent goes through FFmpeg there. Whoever takes that process over must not find
the server's secret or its database, nor change an archive. Limits hold on every system. Landlock
(Linux 5.13) shuts off the files. Where the kernel lacks it, finishing goes on, and the server logs
it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import struct
import sys
import sysconfig
from collections.abc import Iterable
from enum import IntFlag
from pathlib import Path

_GIB = 1024**3
# Limits of a finishing process. Ninety minutes of three sources take 0.3 GB and 18 s of CPU. Six
# hours of 130 sources would take some 50 minutes.
LIMITS: tuple[tuple[int, int], ...] = (
    (resource.RLIMIT_AS, 8 * _GIB),  # bytes of addresses
    (resource.RLIMIT_CPU, 2 * 3600),  # seconds
    (resource.RLIMIT_FSIZE, 64 * _GIB),  # bytes in one file: 6 h at 20 Mbit/s are 54 GB
    (resource.RLIMIT_NOFILE, 2048),  # descriptors: two for each of 512 sources, and some
    (resource.RLIMIT_NPROC, 0),  # new processes and threads (root may all the same)
    (resource.RLIMIT_CORE, 0),  # a dump would hold pupils' faces
)
_ENDED_FIRST = "1000"  # the highest of `oom_score_adj` (proc_pid_oom_score_adj(5))

# System calls, the same numbers on all architectures (Linux, include/uapi/asm-generic/unistd.h).
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_PR_SET_NO_NEW_PRIVS = 38  # include/uapi/linux/prctl.h
_ASK_VERSION = 1  # LANDLOCK_CREATE_RULESET_VERSION
_PATH_BENEATH = 1  # LANDLOCK_RULE_PATH_BENEATH
_ALL_NET = 0b11  # bind and connect TCP; ABI 4
_ALL_SCOPES = 0b11  # abstract UNIX sockets and signals; ABI 6


class Access(IntFlag):
    """Rights on files (Linux, include/uapi/linux/landlock.h)."""

    EXECUTE = 1 << 0
    WRITE_FILE = 1 << 1
    READ_FILE = 1 << 2
    READ_DIR = 1 << 3
    REMOVE_DIR = 1 << 4
    REMOVE_FILE = 1 << 5
    MAKE_CHAR = 1 << 6
    MAKE_DIR = 1 << 7
    MAKE_REG = 1 << 8
    MAKE_SOCK = 1 << 9
    MAKE_FIFO = 1 << 10
    MAKE_BLOCK = 1 << 11
    MAKE_SYM = 1 << 12
    REFER = 1 << 13
    TRUNCATE = 1 << 14
    IOCTL_DEV = 1 << 15


READ = Access.READ_FILE | Access.READ_DIR
WORK = (
    READ
    | Access.WRITE_FILE
    | Access.REMOVE_DIR
    | Access.REMOVE_FILE
    | Access.MAKE_DIR
    | Access.MAKE_REG
    | Access.REFER
    | Access.TRUNCATE
)
_HIGHEST_RIGHT = ((5, Access.IOCTL_DEV), (3, Access.TRUNCATE), (2, Access.REFER))  # by ABI version


def handled_access(version: int) -> Access:
    """Compute the rights that a kernel of this Landlock version can take away."""
    highest = next((right for since, right in _HIGHEST_RIGHT if version >= since), Access.MAKE_SYM)
    return Access((highest << 1) - 1)


def ruleset_attributes(version: int) -> bytes:
    """Make the `struct landlock_ruleset_attr` of this version: all rights are taken away."""
    attributes = struct.pack("=Q", handled_access(version))
    if version >= 4:
        attributes += struct.pack("=Q", _ALL_NET)
    if version >= 6:
        attributes += struct.pack("=Q", _ALL_SCOPES)
    return attributes


def library_folders() -> list[Path]:
    """List the folders of Python, its packages and libraries, but none that could hold data."""
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    folders = {Path(path) for name in names if (path := sysconfig.get_path(name))}
    folders |= {Path(path) for path in ("/usr/lib", "/usr/lib64", "/lib", "/lib64")}
    folders |= {Path(path) for name in ("recorder", "relay") for path in _package(name)}
    return sorted(one.resolve() for one in folders if os.access(one, os.R_OK | os.X_OK))


def limit_resources(*, cpu_s: int | None = None, memory: int | None = None) -> None:
    """Lower the limits of this process; a limit that is lower already stays.

    Where the machine runs out of memory, the kernel ends this process before that of a lesson.

    Args:
        cpu_s: seconds of computing, for a process that codes pictures.
        memory: bytes of addresses.
    """
    own = {resource.RLIMIT_CPU: cpu_s, resource.RLIMIT_AS: memory}
    for kind, bound in LIMITS:
        most = own.get(kind) or bound
        _, hard = resource.getrlimit(kind)
        lowered = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (lowered, lowered))
    with contextlib.suppress(OSError):  # no Linux, or /proc is hidden
        Path("/proc/self/oom_score_adj").write_text(_ENDED_FIRST)


def landlock_version() -> int:
    """Ask the kernel for its version of Landlock; 0 if it has none."""
    version: int = _libc().syscall(_CREATE_RULESET, None, 0, _ASK_VERSION)
    return max(0, version)


def shut_off_files(work: Path, *, readable: Path | None = None, version: int | None = None) -> bool:
    """Leave this thread, and all that it starts, two folders and the libraries, and no network.

    Args:
        work: all of it may be read and written.
        readable: all of it may be read.
        version: of Landlock; the kernel is asked if None.

    Returns:
        False if the kernel has no Landlock: then nothing is shut off.

    Raises:
        OSError: the kernel has Landlock and refused.
    """
    if version is None:
        version = landlock_version()
    if version <= 0:
        return False
    attributes = ruleset_attributes(version)
    ruleset = _call(_CREATE_RULESET, attributes, len(attributes), 0)
    try:
        handled = handled_access(version)
        _allow(ruleset, [work.resolve()], WORK & handled)
        given = [] if readable is None else [readable.resolve()]
        _allow(ruleset, [*given, *library_folders()], READ & handled)
        if _libc().prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "prctl")
        _call(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
    return True


def _allow(ruleset: int, folders: Iterable[Path], access: Access) -> None:
    for folder in folders:
        descriptor = os.open(folder, os.O_PATH | os.O_CLOEXEC)
        try:
            rule = struct.pack("=Qi", access, descriptor)  # struct landlock_path_beneath_attr
            _call(_ADD_RULE, ruleset, _PATH_BENEATH, rule, 0)
        finally:
            os.close(descriptor)


def _call(number: int, *arguments: object) -> int:
    result: int = _libc().syscall(number, *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _package(name: str) -> list[str]:
    module = sys.modules.get(name)
    return [] if module is None else list(module.__path__)
