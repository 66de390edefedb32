"""The handler of checks; only the worker process loads it."""

from __future__ import annotations

from recorder.intake_api import IntakeFailed, TakenVideo, VideoIntake, VideoRefused
from signaling.audit.actions import AuditAction
from signaling.audit.facts import detail_of
from signaling.audit.log import own_branch
from signaling.base.problem_codes import ProblemCode
from signaling.file_checks.wire import CheckResult, CheckWish
from signaling.files.checking import CheckedFiles
from signaling.files.errors import IntakeBroken
from signaling.files.records import FileRecord
from signaling.files.storage import FileStorage
from signaling.files.store import FileStore
from signaling.files.wire import FileProblem, VideoFacts
from signaling.jobs.kinds import JobContext

_STEPS = 1000  # of progress


class FileChecker:
    """Checks uploads."""

    def __init__(self, intake: VideoIntake, storage: FileStorage) -> None:
        self._intake = intake
        self._storage = storage

    async def check(self, context: JobContext, wish: CheckWish) -> CheckResult:
        """Have the upload read in a process of its own, and write what came of it.

        Raises:
            IntakeBroken: that process broke off.
        """
        files = CheckedFiles(FileStore(context.database), self._storage, context.clock)
        record = await files.waiting(wish.file_id)
        if record is None:
            await files.tidy(wish.file_id)
            return CheckResult(wish.file_id)
        bench = files.bench(record)
        try:
            taken = await self._intake.take(
                bench.source,
                bench.place,
                lambda share: context.progress(round(share * _STEPS), _STEPS),
            )
        except VideoRefused as error:
            problem = FileProblem(ProblemCode(error.refusal), error.facts)
            result = await _refused(context, files, record, problem)
        except IntakeFailed as error:
            raise IntakeBroken(str(error)) from error
        else:
            result = await _taken(context, files, record, taken)
        await files.tidy(record.file_id)
        return result


async def _taken(
    context: JobContext, files: CheckedFiles, record: FileRecord, taken: TakenVideo
) -> CheckResult:
    result = CheckResult(record.file_id)
    detail = detail_of(bytes=taken.size, sha256=taken.source_sha256)
    async with context.audit.work(
        context.actor, AuditAction.FILE_CHECK, record.file_id, detail
    ) as work:
        work.concerns(own_branch(context.actor), record.name)
        if await files.take(
            work,
            record,
            files.bench(record).place / taken.name,
            size=taken.size,
            media_type=taken.media_type,
            sha256=taken.sha256,
            video=_facts(taken),
        ):
            context.finish(result)
        else:
            work.nothing_to_do()
    return result


async def _refused(
    context: JobContext, files: CheckedFiles, record: FileRecord, problem: FileProblem
) -> CheckResult:
    result = CheckResult(record.file_id, problem.code)
    detail = detail_of(problem=problem.code, **problem.facts)
    async with context.audit.work(
        context.actor, AuditAction.FILE_CHECK, record.file_id, detail
    ) as work:
        work.concerns(own_branch(context.actor), record.name)
        if await files.refuse(work, record.file_id, problem):
            context.finish(result)
        else:
            work.nothing_to_do()
    return result


def _facts(taken: TakenVideo) -> VideoFacts:
    return VideoFacts(
        duration_s=taken.duration_s,
        width=taken.width,
        height=taken.height,
        rotation=taken.rotation,
        video_codec=taken.video_codec,
        audio_codec=taken.audio_codec,
        plays=taken.plays,
        source_sha256=taken.source_sha256,
    )
