"""Kinds of jobs for tests, and the module of a worker process that carries them out."""

import asyncio
import os
import sys
import time
from pathlib import Path

import msgspec

from signaling.audit.actions import AuditAction
from signaling.audit.log import own_branch
from signaling.base.config import Config
from signaling.base.errors import Busy, Clash
from signaling.command.work import main
from signaling.jobs.kinds import JobContext, JobKind, JobKinds, JobLimits


class Wish(msgspec.Struct, frozen=True):
    """What the handlers of tests are asked for."""

    what: str
    where: str = ""


class Outcome(msgspec.Struct, frozen=True):
    """What they answer."""

    said: str


ASK = JobKind("test_ask", Wish, Outcome, JobLimits(memory_mb=2048, cpu_s=2, wall_s=8))


async def answer(context: JobContext, wish: Wish) -> Outcome:
    """Do what the wish says."""
    if wish.what == "busy":
        raise Busy()
    if wish.what == "clash":
        raise Clash(field="room", facts={"who": "王老师"})
    if wish.what == "fault":
        raise ZeroDivisionError
    if wish.what == "large":
        return Outcome("x" * 1024 * 1024)
    if wish.what == "memory":
        return Outcome(str(len(bytearray(1 << 33))))
    if wish.what == "compute":
        while True:
            pass
    if wish.what == "wait":  # for a file to appear
        await _wait(context, Path(wish.where))
    if wish.what == "doze":  # without ever looking up
        _doze(Path(wish.where))
    if wish.what == "kept":
        kept = await context.files.keep(context.actor, "台账.csv", "text/csv", [b"a,b\n", b"1,2\n"])
        return Outcome(kept.file_id)
    outcome = Outcome(f"{wish.what} {context.actor.name} {context.branch}")
    if wish.what != "read":
        async with context.audit.work(context.actor, AuditAction.IMPORT, context.job_id) as work:
            work.concerns(context.branch or own_branch(context.actor))
            context.finish(outcome)
    return outcome


async def _wait(context: JobContext, file: Path) -> None:
    _mark(file.with_suffix(".pid"))
    while not await asyncio.to_thread(file.exists):
        context.progress(3, 7)
        await asyncio.sleep(0.02)


def _doze(file: Path) -> None:
    _mark(file)
    time.sleep(60)


def _mark(file: Path) -> None:
    fresh = file.with_suffix(".fresh")
    fresh.write_text(f"{os.getpid()} {os.nice(0)}")
    fresh.replace(file)


def kinds(_config: Config | None = None) -> JobKinds:
    return JobKinds().add(ASK, answer)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], kinds))
