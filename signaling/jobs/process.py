"""Worker processes as the serving process sees them: started, followed and ended."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Mapping

import msgspec
import structlog

from signaling.base.config import Config
from signaling.base.problem_codes import ProblemCode
from signaling.jobs.limits import OVER_TIME
from signaling.jobs.records import Run
from signaling.jobs.rules import Ending, RunEnd
from signaling.jobs.wire import JobProblem
from signaling.jobs.worker import STOP_GRACE_S, Line, Order

log = structlog.get_logger(__name__)

KILL_S = STOP_GRACE_S + 2.0  # until a worker that is no longer wanted is killed
MAX_RUN_S = 6 * 3600.0  # a backstop: kinds have limits of their own
_MAX_LINE = 64 * 1024  # bytes
# The worker's share of the server's environment: how to find Python, no passwords.
_PASSED_ON = frozenset(("PATH", "LD_LIBRARY_PATH", "LANG", "TZ", "VIRTUAL_ENV"))
_PASSED_ON_PREFIXES = ("PYTHON", "LC_")
_decoder = msgspec.json.Decoder(Line)


class ProcessWorkers:
    """Carries out each run in a process of its own. Implements `Workers`."""

    def __init__(self, config: Config, module: str) -> None:
        """Make it; `module` is what `python -m` runs, with the job's id as its argument."""
        self._config = config
        self._module = module

    async def work(self, run: Run, on_progress: Callable[[int, int], None]) -> RunEnd:
        """See `Workers`."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            self._module,
            run.job_id,
            stdin=PIPE,
            stdout=PIPE,
            stderr=None,  # its log goes where the server's goes
            env=worker_environment(os.environ),
            limit=_MAX_LINE,
        )
        log.info("job_started", job_id=run.job_id, tries=run.tries, worker=process.pid)
        try:
            async with asyncio.timeout(MAX_RUN_S):
                await self._give_order(process, run)
                told = await _follow(process, on_progress)
                code = await process.wait()
        except TimeoutError:
            told, code = RunEnd(Ending.FAILED, JobProblem(ProblemCode.JOB_TOO_LONG)), 0
        finally:
            await _end(process)
        return told or _unsaid(run, code)

    async def _give_order(self, process: Process, run: Run) -> None:
        assert process.stdin is not None
        order = Order(run.run_id, run.tries, self._config)
        process.stdin.write(msgspec.json.encode(order) + b"\n")
        with contextlib.suppress(ConnectionError):  # it died at once: `wait` tells
            await process.stdin.drain()


async def _follow(process: Process, on_progress: Callable[[int, int], None]) -> RunEnd | None:
    """Read what the worker tells until it ends; returns the end that it told."""
    assert process.stdout is not None
    end = None
    async for raw in process.stdout:
        try:
            line = _decoder.decode(raw)
        except msgspec.MsgspecError:
            continue  # a library that writes past Python
        if line.end is None:
            on_progress(line.done, line.total)
        end = line.end or end
    return end


async def _end(process: Process) -> None:
    """See that the process is gone: ask it by the end of its input, then kill it."""
    assert process.stdin is not None
    process.stdin.close()
    if process.returncode is None:
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(KILL_S):
                    await process.wait()
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()


def _unsaid(run: Run, code: int) -> RunEnd:
    """Tell why a worker ended that did not say so itself; `code` is as `Process.returncode`."""
    log.warning("job_worker_died", job_id=run.job_id, tries=run.tries, exit_code=code)
    if -code in OVER_TIME:
        return RunEnd(Ending.FAILED, JobProblem(ProblemCode.JOB_TOO_LONG))
    return RunEnd(Ending.DIED, JobProblem(ProblemCode.JOB_DIED))


def worker_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Pick what a worker may know of the server's `environment`."""
    passed_on = {
        name: value
        for name, value in environment.items()
        if name in _PASSED_ON or name.startswith(_PASSED_ON_PREFIXES)
    }
    # Few heaps: each reserves 64 MB of the addresses that a worker may have.
    return passed_on | {"MALLOC_ARENA_MAX": "2"}
