"""`tongke serve --cells N`: a web process and N cells of one machine, kept running by a supervisor.

The supervisor itself answers nothing and forwards nothing. It holds the lock of the data folder.
"""

from __future__ import annotations

import argparse
import os
import re
import socket
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from signaling.base.clock import SystemClock
from signaling.base.config import Config, ConfigError
from signaling.base.data_lock import DataLock, held
from signaling.base.logs import configure
from signaling.base.open_files import raise_limit
from signaling.base.private_files import keep_private
from signaling.children.child import ChildFailed
from signaling.children.process import ChildSpec
from signaling.children.supervisor import ChildSupervisor, supervise
from signaling.command.announcing import announce
from signaling.command.words import Word

log = structlog.get_logger(__name__)

MAX_CELLS = 64  # more than any machine has cores for
# Options of the command line that all children are given as they are.
_SHARED = (
    "config",
    "data",
    "database_url",
    "redis_url",
    "announce",
    "udp_host",
    "log_level",
)
_OF_WEB = ("http_host", "http_port", "tls_cert", "tls_key", "seed_demo")
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]")


async def serve_cells(config: Config, arguments: argparse.Namespace) -> int:
    """Run a web process and cells until a signal stops them. Returns the exit status.

    Args:
        config: the settings.
        arguments: of the command line; the children are given them, too.

    Raises:
        ConfigError: more than one process cannot run with these settings.
        DataInUse: another server works on the data folder.
    """
    _demand_usable(config, arguments.cells)
    base = config.node_id or _NOT_IN_NAMES.sub("-", socket.gethostname())[:40]
    configure(config.log_level, f"{base}.supervisor")
    raise_limit()
    keep_private(config.data)
    # Paths of Unix sockets are 107 bytes long at most; the data folder's may be longer.
    with held(config.data) as lock, tempfile.TemporaryDirectory(prefix="tongke-") as sockets:
        family = _Family(arguments, base, Path(sockets), lock)
        numbers = range(1, arguments.cells + 1)
        cells, web = [family.cell(one, config.udp_port) for one in numbers], family.web()
        supervisor = ChildSupervisor((cells, (web,)), SystemClock(), on_pids=partial(_told, lock))

        def on_ready() -> None:
            facts = {name: supervisor.facts(name) for name in (web.name, cells[0].name)}
            udp = {"udp_port": facts[cells[0].name]["udp_port"]}
            ready = {**facts[web.name], **udp, "pid": os.getpid(), "cells": arguments.cells}
            log.info("ready", **ready)
            announce(arguments, ready)

        print(Word.CELLS_STARTING(cells=arguments.cells), flush=True)  # noqa: T201
        try:
            await supervise(supervisor, on_ready)
        except ChildFailed as failed:
            log.error("stopped", why=str(failed))
            said = Word.CHILD_FAILED(name=failed.name, how=failed.how)
            print(f"tongke: {said}", file=sys.stderr, flush=True)  # noqa: T201
            return failed.status
    return 0


def _demand_usable(config: Config, cells: int) -> None:
    if not 1 <= cells <= MAX_CELLS:
        raise ConfigError(Word.CELLS_COUNT(most=MAX_CELLS))
    if not config.is_alone or config.door is not None:
        raise ConfigError(Word.CELLS_WITH_ROLES())
    if config.redis_url is None:
        raise ConfigError(Word.CELLS_NEED_REDIS())


@dataclass(frozen=True, slots=True)
class _Family:
    """The children of one installation.

    Attributes:
        base: the beginning of their names.
        sockets: the folder of the cells' doors.
        lock: of the data folder, which they inherit.
    """

    arguments: argparse.Namespace
    base: str
    sockets: Path
    lock: DataLock

    def cell(self, number: int, udp_port: int) -> ChildSpec:
        """Return a cell. Its UDP port is its own: that of the settings, and those after it."""
        name = f"cell-{number}"
        return self._child(
            name,
            _SHARED,
            roles="cell",
            door=f"unix://{self.sockets / name}.sock",
            udp_port=udp_port and udp_port + number - 1,
        )

    def web(self) -> ChildSpec:
        """Return the web process, which also carries out what is no lesson's."""
        return self._child("web", _SHARED + _OF_WEB, roles="web,worker")

    def _child(self, name: str, kept: tuple[str, ...], **own: str | int) -> ChildSpec:
        options = {option: getattr(self.arguments, option) for option in kept}
        options |= {**own, "node_id": f"{self.base}.{name}", "lock_fd": self.lock.fd}
        argv = (sys.executable, "-m", "signaling", "serve", *_words(options))
        return ChildSpec(name, argv, fds=(self.lock.fd,))


def _words(options: Mapping[str, Any]) -> Iterator[str]:
    """Yield options as a command line has them. One that may be given several times is a list."""
    for name, value in options.items():
        for one in value if isinstance(value, list) else [value]:
            if one is not None:
                yield f"--{name.replace('_', '-')}={one}"


def _told(lock: DataLock, pids: tuple[int, ...]) -> None:
    lock.name_owners((os.getpid(), *pids))
