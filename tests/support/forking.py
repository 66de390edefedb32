"""Server processes that need not load the program anew: they are forked from one that has.

Loading takes two seconds of processor time, and the tests start a hundred servers. The template
process loads the modules of `tongke serve` and runs none of them. It has no loop and no lesson, and
so each server starts as a fresh one does. That the command works from its start on is proved by
`tests/integration/signaling/command`, which does not fork.

The tests send the template one request for each server, with two descriptors: the server's log,
and a pipe on which the template tells the process id and later the exit code.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import IO, Any

from load_tests.server import ServerProcess

LOADED = ("signaling.__main__", "signaling.serving")  # what `tongke serve` loads
MAX_REQUEST_BYTES = 200_000  # below the kernel's limit of a message; an environment takes 5,000
STOP_TIMEOUT_S = 10.0

_template: socket.socket | None = None


def _network() -> int:
    """The network namespace of this thread, by its number."""
    return Path("/proc/thread-self/ns/net").stat().st_ino


_HOME = _network()


class ForkedProcess:
    """A process that the template started; like `asyncio.subprocess.Process`."""

    def __init__(self, pid: int, told: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._told = told
        self._ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(told, self._read)

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the process is gone."""
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)

    async def wait(self) -> int:
        """Wait for the end; returns the exit code."""
        await self._ended.wait()
        assert self.returncode is not None
        return self.returncode

    def _read(self) -> None:
        said = os.read(self._told, 100)
        asyncio.get_running_loop().remove_reader(self._told)
        os.close(self._told)
        # Nothing is said by a template that was killed.
        self.returncode = int(said) if said else -signal.SIGKILL
        self._ended.set()


class ForkedServer(ServerProcess):
    """`tongke serve` on free ports, forked from the template of this test run.

    A test that has entered a network of its own starts a server that loads all by itself: the
    template lives in the machine's.
    """

    async def _launch(
        self, command: Sequence[str], log: IO[bytes]
    ) -> ForkedProcess | asyncio.subprocess.Process:
        if _network() != _HOME:
            return await super()._launch(command, log)
        words = list(command[command.index("signaling") + 1 :])
        return await fork(words, self.environment, self.checkout, log)


async def fork(
    words: list[str], environment: Mapping[str, str], folder: Path, log: IO[bytes]
) -> ForkedProcess:
    """Start a `tongke` command from the template.

    Args:
        words: of the command, from its name on.
        environment: of the process.
        folder: where it runs.
        log: what it writes goes there.
    """
    template = _running_template()  # here: other threads may be in another network
    # In a thread: the first request waits until the template has loaded all.
    return ForkedProcess(
        *await asyncio.to_thread(_request, template, words, environment, folder, log)
    )


def _request(
    template: socket.socket,
    words: list[str],
    environment: Mapping[str, str],
    folder: Path,
    log: IO[bytes],
) -> tuple[int, int]:
    request = json.dumps({"words": words, "environment": environment, "folder": str(folder)})
    read, write = os.pipe()
    try:
        socket.send_fds(template, [request.encode()], [log.fileno(), write])
    finally:
        os.close(write)
    return int(os.read(read, 100)), read


def _running_template() -> socket.socket:
    """Start the template on first use. It ends with this process."""
    global _template  # noqa: PLW0603 - one for all tests of the process
    if _template is None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.forking", str(theirs.fileno())],
                cwd=Path(__file__).parents[2],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        _template = ours
        atexit.register(_end, ours, process)
    return _template


def _end(template: socket.socket, process: subprocess.Popen[bytes]) -> None:
    template.close()
    process.wait(STOP_TIMEOUT_S)


class Template:
    """The template's side: forks on request, and tells how its children end."""

    def __init__(self, requests: socket.socket) -> None:
        self._requests = requests
        self._children: dict[int, tuple[int, int]] = {}  # pidfd → process id, pipe to tell on

    def run(self) -> None:
        """Serve until the tests are gone; what still runs then is killed."""
        poll = select.poll()
        poll.register(self._requests, select.POLLIN)
        while True:
            for descriptor, _ in poll.poll():
                if descriptor in self._children:
                    poll.unregister(descriptor)
                    self._bury(descriptor)
                elif (child := self._fork()) is not None:
                    poll.register(child, select.POLLIN)
                else:
                    for pid, _told in self._children.values():
                        os.kill(pid, signal.SIGKILL)
                    return

    def _bury(self, descriptor: int) -> None:
        pid, told = self._children.pop(descriptor)
        _, status = os.waitpid(pid, 0)
        with contextlib.suppress(BrokenPipeError):
            os.write(told, str(os.waitstatus_to_exitcode(status)).encode())
        os.close(told)
        os.close(descriptor)

    def _fork(self) -> int | None:
        said, descriptors, _flags, _address = socket.recv_fds(self._requests, MAX_REQUEST_BYTES, 2)
        if not said:
            return None
        log, told = descriptors
        pid = os.fork()
        if pid == 0:
            self._become_server(json.loads(said), log, told)
        os.close(log)
        child = os.pidfd_open(pid)
        self._children[child] = (pid, told)
        os.write(told, str(pid).encode())
        return child

    def _become_server(self, request: Mapping[str, Any], log: int, told: int) -> None:
        """Run the command in the child; never returns."""
        code = 1
        try:
            os.setsid()
            for standard in (1, 2):
                os.dup2(log, standard)
            for descriptor, (_pid, other) in self._children.items():
                os.close(descriptor)
                os.close(other)
            os.close(log)
            os.close(told)
            self._requests.close()
            os.environ.clear()
            os.environ.update(request["environment"])
            os.chdir(request["folder"])
            code = import_module("signaling.__main__").main(request["words"])
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else 1
        except BaseException:
            traceback.print_exc()
        finally:
            with contextlib.suppress(OSError):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)


def main(arguments: Sequence[str]) -> None:
    """Load what a server loads, and fork on request."""
    for module in LOADED:
        import_module(module)
    gc.collect()
    gc.freeze()  # a child's collections would copy the pages of all that is loaded
    Template(socket.socket(fileno=int(arguments[0]))).run()


if __name__ == "__main__":
    main(sys.argv[1:])
