"""资源库: the recorder's entries as the API shows them, to those who may see them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from recorder.api import Entry, Manifest, MediaFile, Recorder, SourceManifest, Span
from signaling.core import resources as r
from signaling.core.permissions import Action, Parties, Subject, allows, seat_of
from signaling.db.audit_log import OBSERVE, Actor, AuditLog
from signaling.db.lesson_store import LessonStore
from signaling.errors import NotFound

MAX_PAGE = 100
_MAX_READS = 25  # pages of the recorder read for one answer; a short answer still has its `next`


class Library:
    """Lists and opens recordings."""

    def __init__(
        self, recorder: Recorder, lessons: LessonStore, audit: AuditLog, prefix: str = ""
    ) -> None:
        """Make it; `prefix` is what a proxy puts before every path."""
        self._recorder = recorder
        self._lessons = lessons
        self._audit = audit
        self._prefix = prefix

    async def listed(
        self, subject: Subject, *, limit: int, before: str | None, query: str | None
    ) -> r.RecordingList:
        """Recordings that the subject may see, newest first.

        The recorder knows nothing of people, so its pages are filtered here, each asked for as many
        entries as are still wanted: an answer never skips one, and `next` continues where it
        stopped.
        """
        found: list[Entry] = []
        cursor = before
        for _ in range(_MAX_READS):
            page, cursor = await self._recorder.entries(
                limit=limit - len(found), before=cursor, query=query
            )
            found += await self._permitted(subject, page)
            if cursor is None or len(found) >= limit:
                break
        return r.RecordingList(tuple(summary(entry, self._prefix) for entry in found), cursor)

    async def detail(
        self, subject: Subject, recording_id: str, remote: str = ""
    ) -> r.RecordingDetail:
        """One recording. Raises NotFound, RecordingNotFound."""
        manifest = await self._manifest(subject, recording_id, remote)
        folder = _folder(manifest.entry, self._prefix)
        return r.RecordingDetail(
            summary(manifest.entry, self._prefix),
            tuple(_source(folder, source) for source in manifest.sources),
            tuple(
                r.StageSpan(s.participant_id, s.name, s.start_s, s.end_s) for s in manifest.stage
            ),
            _spans(manifest.cuts),
        )

    async def file(self, subject: Subject, recording_id: str, name: str, remote: str = "") -> Path:
        """Where a file of a recording lies. Raises NotFound, RecordingNotFound."""
        await self._manifest(subject, recording_id, remote)
        return await self._recorder.file_path(recording_id, name)

    # --- inside ----------------------------------------------------------------------------------

    async def _manifest(self, subject: Subject, recording_id: str, remote: str) -> Manifest:
        manifest = await self._recorder.manifest(recording_id)
        if not await self._permitted(subject, (manifest.entry,)):
            raise NotFound("没有这个录像")
        await self._note_watching(subject, manifest.entry.lesson_id, remote)
        return manifest

    async def _note_watching(self, subject: Subject, lesson_id: str, remote: str) -> None:
        """Audit a look into a lesson that is still live by somebody who is unseen in it."""
        lesson = await self._lessons.lesson(lesson_id)
        if lesson is None or lesson.state is not r.LessonState.LIVE:
            return
        seat = seat_of(subject, lesson.parties)
        if seat is None or not seat.visible:
            await self._audit.note(Actor.of(subject, remote), OBSERVE, lesson_id, "recording")

    async def _permitted(self, subject: Subject, entries: Sequence[Entry]) -> list[Entry]:
        if allows(subject, Action.READ_ALL_RECORDINGS):
            return list(entries)
        permitted = []
        lessons = await self._lessons.lessons({entry.lesson_id for entry in entries})
        for entry in entries:
            lesson = lessons.get(entry.lesson_id)
            # The entry outlives its lesson; its teacher still finds it then.
            alone = Parties(entry.lead_teacher_id, frozenset(), frozenset())
            if allows(subject, Action.READ_RECORDING, alone if lesson is None else lesson.parties):
                permitted.append(entry)
        return permitted


def summary(entry: Entry, prefix: str = "") -> r.RecordingSummary:
    """An entry as the list shows it."""
    thumbnail = f"{_folder(entry, prefix)}/thumbnail.jpg" if entry.has_thumbnail else None
    return r.RecordingSummary(
        recording_id=entry.recording_id,
        lesson_id=entry.lesson_id,
        title=entry.title,
        subject=entry.subject,
        grade=entry.grade,
        class_kind=r.ClassKind(entry.class_kind),
        lead_teacher=entry.lead_teacher,
        started_at=entry.started_at,
        duration_s=entry.duration_s,
        state=r.LibraryState(entry.state),
        progress=entry.progress,
        failure=entry.failure,
        thumbnail_url=thumbnail,
    )


def _folder(entry: Entry, prefix: str) -> str:
    return f"{prefix}/media/recordings/{quote(entry.recording_id)}"


def _source(folder: str, source: SourceManifest) -> r.RecordingSource:
    return r.RecordingSource(
        source_id=source.source_id,
        kind=source.kind,
        name=source.name,
        lead=source.lead,
        files=tuple(_file(folder, file) for file in source.files),
        spans=_spans(source.spans),
        gaps=_spans(source.gaps),
        damaged=source.failure is not None,
    )


def _spans(spans: Sequence[Span]) -> tuple[r.Span, ...]:
    return tuple(r.Span(span.start_s, span.end_s) for span in spans)


def _file(folder: str, file: MediaFile) -> r.RecordingFile:
    return r.RecordingFile(
        url=f"{folder}/{quote(file.name)}",
        mime=file.mime,
        offset_s=file.offset_s,
        duration_s=file.duration_s,
        width=file.width,
        height=file.height,
        has_audio=file.has_audio,
        has_video=file.has_video,
    )
