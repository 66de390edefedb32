"""Network namespaces without a name: they vanish with the last process or descriptor in them."""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")
CLONE_NEWNET = 0x40000000  # linux/sched.h
TUNSETIFF = 0x400454CA  # linux/if_tun.h
IFF_TUN_NO_PI = 0x1001  # IFF_TUN | IFF_NO_PI: plain IP packets
PR_SET_PDEATHSIG = 1  # linux/prctl.h
DEVICE = "link0"
PREFIX_BITS = 24
_libc = ctypes.CDLL(None, use_errno=True)


class LinkUnavailable(OSError):
    """Failure of this machine or this user to make the link; the message says what is missing."""


def _checked(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise LinkUnavailable(
            f"{what}: {os.strerror(number)} (root or CAP_NET_ADMIN and CAP_SYS_ADMIN needed)",
        )


def _in_thread(work: Callable[[], T]) -> T:
    """Namespaces belong to threads: enter one in a thread that ends."""
    outcome: list[T] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(work())
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=run, name="namespace")
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return outcome[0]


def unshare_network() -> None:
    """Put the calling thread into a fresh network namespace. Raises LinkUnavailable."""
    _checked(_libc.unshare(CLONE_NEWNET), "unshare")


def die_with_parent(signal_number: int) -> None:
    """Ask the kernel to signal this process when its parent ends (prctl(2))."""
    _checked(_libc.prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0), "prctl")


@dataclass(frozen=True, slots=True)
class End:
    """A fresh namespace with one TUN device in it.

    Attributes:
        namespace: descriptor that keeps the namespace alive.
        tun: descriptor on which the device's packets are read and written; non-blocking.
    """

    namespace: int
    tun: int


def make_namespace() -> int:
    """Make a namespace with nothing in it; returns the descriptor that keeps it alive.

    Raises LinkUnavailable.
    """

    def make() -> int:
        unshare_network()
        return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)

    return _in_thread(make)


def make_end() -> End:
    """Make a namespace with a TUN device. Raises LinkUnavailable."""

    def make() -> End:
        unshare_network()
        namespace = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
            fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", DEVICE.encode(), IFF_TUN_NO_PI))
        except OSError as error:
            raise LinkUnavailable(f"/dev/net/tun: {error.strerror}") from error
        return End(namespace, tun)

    return _in_thread(make)


def configure(end: End, address: str, *, default_route: bool = False) -> None:
    """Give the device its address and bring it up. Raises LinkUnavailable."""
    commands = [
        ["link", "set", "lo", "up"],
        ["link", "set", DEVICE, "addrgenmode", "none"],
        ["addr", "add", f"{address}/{PREFIX_BITS}", "dev", DEVICE],
        ["link", "set", DEVICE, "up"],
    ]
    if default_route:
        commands.append(["route", "add", "default", "dev", DEVICE])
    for arguments in commands:
        enter = ["nsenter", f"--net=/proc/self/fd/{end.namespace}"]
        done = subprocess.run(
            [*enter, "ip", *arguments],
            pass_fds=(end.namespace,),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise LinkUnavailable(f"ip {' '.join(arguments)}: {done.stderr.strip()}")


@contextmanager
def inside(end: End) -> Iterator[None]:
    """Move the calling thread into an end's namespace. Raises LinkUnavailable."""
    with entered(end.namespace):
        yield


@contextmanager
def entered(namespace: int) -> Iterator[None]:
    """Move the calling thread into a namespace: what it starts and opens meanwhile belongs there.

    Raises:
        LinkUnavailable: this user may not.
    """
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        _checked(_libc.setns(namespace, CLONE_NEWNET), "setns")
        try:
            yield
        finally:
            _checked(_libc.setns(home, CLONE_NEWNET), "setns")
    finally:
        os.close(home)


def socket_in(path: str, kind: socket.SocketKind) -> socket.socket:
    """An IPv4 socket inside the namespace at `path`; it can be used from anywhere."""

    def make() -> socket.socket:
        namespace = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            _checked(_libc.setns(namespace, CLONE_NEWNET), "setns")
        finally:
            os.close(namespace)
        return socket.socket(socket.AF_INET, kind)

    return _in_thread(make)
