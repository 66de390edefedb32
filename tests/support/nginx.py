"""A real nginx on loopback, as it stands before a server of a county."""

from __future__ import annotations

import contextlib
import itertools
import os
import socket

from load_tests.nginx import nginx

__all__ = ["free_port", "nginx"]

_OWN = 12  # ports of a test process
_FIRST = 20_000 + os.getpid() % 1000 * _OWN  # below 32768, where Linux begins to hand out ports
_PORTS = itertools.cycle(range(_FIRST, _FIRST + _OWN))


def free_port() -> int:
    """A TCP port that nobody has now, for a server that must be told one.

    The kernel never hands it out by itself, and no other test process looks where this one does.
    """
    for port in itertools.islice(_PORTS, _OWN):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("all ports of this test process are taken")
