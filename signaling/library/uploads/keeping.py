"""Keeps an upload like a recording. Only the worker process loads this."""

from __future__ import annotations

from collections.abc import Callable

from recorder.intake_api import IntakeFailed, ShelfOrder, ShelvedVideo, VideoShelf
from signaling.base.errors import NotFound
from signaling.base.problem_codes import ProblemCode
from signaling.files.errors import IntakeBroken
from signaling.files.storage import FileStorage
from signaling.files.store import FileStore
from signaling.files.wire import FileState
from signaling.jobs.kinds import Handler, JobContext
from signaling.library.uploads.kind import UploadKept, UploadTask


def upload_handler(
    storage: FileStorage, open_shelf: Callable[[], VideoShelf]
) -> Handler[UploadTask, UploadKept]:
    """Return the handler; `open_shelf` is called once for each job."""

    async def handler(context: JobContext, task: UploadTask) -> UploadKept:
        record = await FileStore(context.database).file(task.file_id)
        path = storage.local(task.file_id)
        if (
            record is None
            or record.state is not FileState.READY
            or record.video is None
            or record.media_type is None
            or path is None
        ):
            raise NotFound(code=ProblemCode.FILE_NOT_FOUND)
        video = record.video
        order = ShelfOrder(
            recording_id=task.recording_id,
            owner_id=record.owner_id,
            owner_name=task.owner_name,
            title=task.title,
            subject=task.subject,
            grade=task.grade,
            started_at=task.started_at,
            video=ShelvedVideo(
                media_type=record.media_type,
                duration_s=video.duration_s,
                width=video.width,
                height=video.height,
                rotation=video.rotation,
                has_audio=video.audio_codec is not None,
            ),
        )
        try:
            await open_shelf().put(order, path, context.progress)
        except IntakeFailed as error:
            raise IntakeBroken(str(error)) from error
        return UploadKept(task.recording_id)

    return handler
