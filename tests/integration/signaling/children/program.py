"""What the tests start: a child of many habits, and a supervisor of such children.

    python -m tests.integration.signaling.children.program child NAME DIARY HABIT…
    python -m tests.integration.signaling.children.program supervise DIARY NAME:HABIT[,NAME:HABIT]…

DIARY is the write end of a pipe. Each line there is `name what pid`; its end tells that nobody who
had it runs any more.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import time
from collections.abc import Sequence
from functools import partial

import uvloop

from signaling.base.clock import SystemClock
from signaling.base.logs import configure
from signaling.children.child import ChildFailed
from signaling.children.life import watch_parent
from signaling.children.process import ChildSpec
from signaling.children.supervisor import ChildSupervisor, supervise
from signaling.command.announcing import announce

MODULE = "tests.integration.signaling.children.program"
HUNG_S = 0.2  # for a child of the habit `hangs` to stop, before it is ended hard


def child_spec(name: str, diary: int, *habits: str) -> ChildSpec:
    """A child of these habits."""
    argv = (sys.executable, "-m", MODULE, "child", name, str(diary), *habits)
    return ChildSpec(name, argv, fds=(diary,))


def _write(diary: int, name: str, what: str) -> None:
    os.write(diary, f"{name} {what} {os.getpid()}\n".encode())


async def _child(words: argparse.Namespace) -> int:
    write = partial(_write, words.diary, words.name)
    loop = asyncio.get_running_loop()
    stop, go = asyncio.Event(), asyncio.Event()
    stubborn = "stubborn" in words.habits
    loop.add_signal_handler(signal.SIGTERM, partial(write, "refuses") if stubborn else stop.set)
    loop.add_signal_handler(signal.SIGINT, partial(write, "interrupted"))
    loop.add_signal_handler(signal.SIGUSR1, go.set)
    watch_parent(words.life_fd, stop.set, HUNG_S if "hangs" in words.habits else 60.0)
    write("born")
    if "early" in words.habits:
        return 3
    if "waits" in words.habits:
        await go.wait()
        go.clear()
    if "mute" not in words.habits:
        words.ready_file = None
        announce(words, {"pid": os.getpid(), "name": words.name})
    if "hangs" in words.habits:
        write("hangs")
        time.sleep(3600)  # noqa: ASYNC251 - the loop is to hang
    if "useless" in words.habits:
        await go.wait()
        return 78
    await stop.wait()
    write("stops")
    return 0


async def _supervise(words: argparse.Namespace) -> int:
    configure("info", "main")
    if os.isatty(0):  # a session leader that opens a terminal has it
        os.close(os.open(os.ttyname(0), os.O_RDWR))
    groups = [
        [child_spec(*_halves(one, words.diary)) for one in group.split(",")]
        for group in words.groups
    ]
    supervisor = ChildSupervisor(groups, SystemClock())
    write = partial(_write, words.diary, "main")
    try:
        await supervise(supervisor, lambda: write("ready"))
    except ChildFailed as error:
        sys.stderr.write(f"{error}\n")
        return error.status
    write("ended")
    return 0


def _halves(word: str, diary: int) -> tuple[str, int, str]:
    name, habit = word.split(":")
    return name, diary, habit


def main(argv: Sequence[str]) -> int:
    """Be one of both."""
    parser = argparse.ArgumentParser()
    roles = parser.add_subparsers(required=True)
    child = roles.add_parser("child")
    child.add_argument("name")
    child.add_argument("diary", type=int)
    child.add_argument("habits", nargs="*")
    child.add_argument("--ready-fd", type=int)
    child.add_argument("--life-fd", type=int)
    child.set_defaults(run=_child)
    main = roles.add_parser("supervise")
    main.add_argument("diary", type=int)
    main.add_argument("groups", nargs="+")
    main.set_defaults(run=_supervise)
    words = parser.parse_args(argv)
    return uvloop.run(words.run(words))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
