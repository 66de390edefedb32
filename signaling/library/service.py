"""资源库: resources as the API shows them, to those who may see them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

from recorder.api import (
    Entry,
    Manifest,
    MediaFile,
    PublishedFile,
    Recorder,
    RecordingNotFound,
    SourceManifest,
)
from recorder.api import Span as RecordedSpan
from signaling.access.actions import Action
from signaling.access.grants import Standing, granted
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.log import AuditLog
from signaling.base.cursors import BadPlace, cursor_of, read_cursor
from signaling.base.errors import Malformed
from signaling.base.problem_codes import ProblemCode
from signaling.lessons.records import LessonRecord
from signaling.lessons.seats import seat_of
from signaling.lessons.store import LessonStore
from signaling.lessons.wire import ClassKind, LessonState
from signaling.library.drafts import Drafts
from signaling.library.finding import Finder
from signaling.library.records import Resource
from signaling.library.search.core.ranking import Hit
from signaling.library.store import ResourceStore
from signaling.library.visibility import standing_to
from signaling.library.wire import (
    LibraryState,
    MatchedField,
    RecordingDetail,
    RecordingFailure,
    RecordingFile,
    RecordingList,
    RecordingSource,
    RecordingSummary,
    Span,
    StageSpan,
    TextMatch,
)

MAX_PAGE = 100
_HITS_BEFORE = re.compile("[0-9]{1,3}")


class Library:
    """Lists and opens resources."""

    def __init__(
        self,
        *,
        recorder: Recorder,
        resources: ResourceStore,
        finder: Finder,
        drafts: Drafts,
        lessons: LessonStore,
        audit: AuditLog,
        prefix: str = "",
    ) -> None:
        """Make it; `prefix` is what a proxy puts before every path."""
        self._recorder = recorder
        self._resources = resources
        self._finder = finder
        self._drafts = drafts
        self._lessons = lessons
        self._audit = audit
        self._prefix = prefix

    async def listed(
        self, actor: Actor, *, limit: int, before: str | None, query: str | None
    ) -> RecordingList:
        """List the resources that the actor may see: newest first, or best match first.

        Raises:
            Malformed: `before` is no cursor of this list.
        """
        await self._drafts.settled()
        if query is not None and query.strip():
            return await self._found(actor, query, limit, before)
        try:
            place = None if before is None else read_cursor(before)
        except BadPlace:
            raise Malformed(code=ProblemCode.BAD_CURSOR, field="before") from None
        listed, following = await self._resources.page(actor, limit=limit, before=place)
        return RecordingList(
            await self._summaries([(one, ()) for one in listed]),
            None if following is None else cursor_of(following),
        )

    async def _found(
        self, actor: Actor, typed: str, limit: int, before: str | None
    ) -> RecordingList:
        """List what a search finds. Its cursor counts the hits before the page."""
        skip = 0
        if before is not None:
            if not _HITS_BEFORE.fullmatch(before):
                raise Malformed(code=ProblemCode.BAD_CURSOR, field="before")
            skip = int(before)
        found, more = await self._finder.find(actor, typed, limit=limit, skip=skip)
        summaries = await self._summaries([(one.resource, matches_of(one.hit)) for one in found])
        return RecordingList(summaries, str(skip + limit) if more else None)

    async def _summaries(
        self, shown: Sequence[tuple[Resource, tuple[TextMatch, ...]]]
    ) -> tuple[RecordingSummary, ...]:
        entries = await self._recorder.entries_of([one.recording_id for one, _ in shown])
        return tuple(
            summary(one, entries[one.recording_id], self._prefix, matches)
            for one, matches in shown
            if one.recording_id in entries  # else the recorder has lost it
        )

    async def detail(self, actor: Actor, recording_id: str) -> RecordingDetail:
        """Show one resource. Raises RecordingNotFound."""
        resource = await self._opened(actor, recording_id)
        manifest = await self._recorder.manifest(recording_id)
        return detail_of(resource, manifest, self._prefix)

    async def file(self, actor: Actor, recording_id: str, name: str) -> PublishedFile:
        """Find a file of a resource. Raises RecordingNotFound."""
        await self._opened(actor, recording_id)
        return await self._recorder.file(recording_id, name)

    # --- inside ----------------------------------------------------------------------------------

    async def _opened(self, actor: Actor, recording_id: str) -> Resource:
        """Return a resource that the actor may see, and audit a look into a live lesson."""
        await self._drafts.settled()
        resource = await self._resources.of_recording(recording_id)
        if resource is None:
            raise RecordingNotFound(recording_id)
        lesson = await self._lessons.lesson(resource.lesson_id)
        if not granted(Action.READ_RECORDING, await self._standing(actor, resource, lesson)):
            raise RecordingNotFound(recording_id)
        if lesson is not None:
            await self._note_watching(actor, lesson, recording_id)
        return resource

    async def _standing(
        self, actor: Actor, resource: Resource, lesson: LessonRecord | None
    ) -> Standing:
        if lesson is not None:
            return standing_to(actor, resource, lesson.parties)
        path = await self._lessons.branch_of_teacher(resource.lead_teacher_id)
        return standing_to(actor, resource, None, path)

    async def _note_watching(self, actor: Actor, lesson: LessonRecord, recording_id: str) -> None:
        """Audit a look into a lesson that is still live by somebody who is unseen in it."""
        if lesson.state is not LessonState.LIVE:
            return
        seat = seat_of(actor, lesson.parties)
        if seat is None or not seat.visible:
            await self._audit.note_download(
                actor,
                AuditAction.OBSERVE,
                lesson.lesson_id,
                "recording",
                file=recording_id,
                path=lesson.lead_path,
                name=lesson.title,
            )


def matches_of(hit: Hit) -> tuple[TextMatch, ...]:
    """Return why a document was found, as the list shows it."""
    return tuple(
        TextMatch(
            MatchedField(found.field),
            hit.document.fields[found.field].shown,
            found.start,
            found.end,
            found.aloud,
        )
        for found in hit.found
    )


def summary(
    resource: Resource, entry: Entry, prefix: str = "", matches: tuple[TextMatch, ...] = ()
) -> RecordingSummary:
    """Show a resource, and how far its recording is, as the list does."""
    thumbnail = f"{_folder(resource, prefix)}/thumbnail.jpg" if entry.has_thumbnail else None
    return RecordingSummary(
        recording_id=resource.recording_id,
        lesson_id=resource.lesson_id,
        title=resource.title,
        subject=resource.subject,
        grade=resource.grade,
        class_kind=ClassKind(resource.class_kind) if resource.class_kind else None,
        lead_teacher=resource.lead_teacher,
        started_at=resource.started_at,
        duration_s=entry.duration_s,
        state=LibraryState(entry.state),
        progress=entry.progress,
        failure=None if entry.failure is None else RecordingFailure(entry.failure),
        retrying=entry.retrying,
        thumbnail_url=thumbnail,
        matches=matches,
    )


def detail_of(resource: Resource, manifest: Manifest, prefix: str) -> RecordingDetail:
    """Show a recording with all that a player needs."""
    folder = _folder(resource, prefix)
    return RecordingDetail(
        summary(resource, manifest.entry, prefix),
        tuple(source_of(folder, source) for source in manifest.sources),
        tuple(StageSpan(s.participant_id, s.name, s.start_s, s.end_s) for s in manifest.stage),
        spans_of(manifest.cuts),
    )


def _folder(resource: Resource, prefix: str) -> str:
    return f"{prefix}/media/recordings/{quote(resource.recording_id)}"


def source_of(folder: str, source: SourceManifest) -> RecordingSource:
    """Show one source, with its files below a path."""
    board = source.storyboard
    return RecordingSource(
        source_id=source.source_id,
        kind=source.kind,
        name=source.name,
        lead=source.lead,
        files=tuple(_file(folder, file) for file in source.files),
        spans=spans_of(source.spans),
        gaps=spans_of(source.gaps),
        damaged=source.failure is not None,
        storyboard_url=None if board is None else f"{folder}/{quote(board.vtt)}",
        waveform_url=None if source.waveform is None else f"{folder}/{quote(source.waveform)}",
    )


def spans_of(spans: Sequence[RecordedSpan]) -> tuple[Span, ...]:
    """Show spans."""
    return tuple(Span(span.start_s, span.end_s) for span in spans)


def _file(folder: str, file: MediaFile) -> RecordingFile:
    return RecordingFile(
        url=f"{folder}/{quote(file.name)}",
        mime=file.mime,
        offset_s=file.offset_s,
        duration_s=file.duration_s,
        width=file.width,
        height=file.height,
        has_audio=file.has_audio,
        has_video=file.has_video,
    )
