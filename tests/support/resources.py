"""Finished recordings without media: rows and small files that the recorder takes for its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from recorder.api import (
    Edition,
    Entry,
    Film,
    LessonFacts,
    Manifest,
    MediaFile,
    RecordingState,
    SourceManifest,
    Span,
    StageSpan,
)
from recorder.core.manifest import encode_manifest
from recorder.service import RecorderService
from signaling.access.roles import Actor, Role
from signaling.consent.rules import completed
from signaling.consent.tables import ConsentRow
from signaling.consent.wire import ConsentPurpose
from signaling.directory.tables import ClassRow, PersonRow, RoomRow
from signaling.jobs.tables import JobRow
from signaling.jobs.wire import JobState
from signaling.lessons.seats import room_participant
from signaling.lessons.tables import LessonRoomRow, LessonRow
from signaling.lessons.wire import ClassKind, LessonState
from signaling.library.attachments.service import holder_of
from signaling.library.editions.tables import EditionRow
from signaling.library.films.kind import FilmResult
from signaling.library.films.tables import FilmRow
from signaling.library.publishing.wire import ResourcePublish
from signaling.library.review.wire import ReviewPass
from signaling.library.versions.tables import AttachmentRow
from signaling.library.versions.wire import (
    AttachmentKind,
    DraftSave,
    ResourceEdits,
    ResourceMetadata,
    ResourceSubmit,
    ShareScope,
)
from signaling.library.wire import EditionState
from signaling.wiring import Services
from tests.support.two_counties import Place, World

DURATION_S = 2400.0
LEAD_FILES = {"lead.camera": "camera.webm", "lead.courseware": "courseware.mp4"}
ROOM_FILE = "r.webm"
METADATA = {
    "title": "浮力的秘密",
    "summary": "阿基米德原理",
    "keywords": ["浮力", "实验"],
    "subject": "物理",
    "stage": "junior",
    "grade": "八年级",
    "edition": "人教版",
    "volume": "下册",
    "section": "第十章",
    "teacher_name": "单老师",
    "school_name": "中心小学",
    "language": "zh-CN",
    "kind_of_resource": "lesson",
    "audience": "pupils",
    "copyright_note": "原创",
    "downloadable": False,
}
EDITS: dict[str, Any] = {
    "keep": [],
    "chapters": [],
    "hidden_sources": [],
    "hidden_pictures": [],
    "cover_s": None,
}


def room_source(room_id: str) -> str:
    """The source of a receive room."""
    return f"{room_participant(room_id)}.camera"


async def shelve(
    services: Services,
    recording_id: str,
    *,
    teacher: str,
    room: str,
    title: str = "课",
    minutes: float = 0,
    consented: bool = True,
    filmed: Callable[[Path, Manifest], Manifest] | None = None,
) -> str:
    """Put a finished recording of three sources onto the shelf; return its resource's id.

    It is of a lesson for one receive room. Both classes may be shown to everybody; not `consented`
    names no class, so that those of the two schools are asked. `filmed` may put media into the
    folder, and tell the manifest that is then true.
    """
    recorder = services.recorder
    assert isinstance(recorder, RecorderService)
    started = services.clock.now() - timedelta(hours=2) + timedelta(minutes=minutes)
    facts = LessonFacts(
        await _lesson(services, recording_id, teacher, room, consented=consented),
        title,
        "数学",
        "一年级",
        "dedicated",
        teacher,
        teacher,
        {},
        tuple(LEAD_FILES),
    )
    entry = await recorder._store.add(recording_id, facts, started.timestamp(), ended=True)
    folder = services.config.data / "recordings" / recording_id
    folder.mkdir(parents=True)
    manifest = _manifest(entry, room)
    _write_files(folder, manifest)
    if filmed is not None:
        manifest = filmed(folder, manifest)
        (folder / "manifest.json").write_bytes(encode_manifest(manifest))
    ready = await recorder._store.set_ready(manifest)
    recorder._recordings.tell(ready)
    while await services.library._resources.of_recording(recording_id) is None:
        await services.drafts.settled()
    return await resource_id_of(services, recording_id)


async def published(world: World, place: Place) -> str:
    """A resource of a school's teacher that is published to the school alone; its id."""
    services = world.services
    resource_id = await shelve(
        services, f"{place.school}-shelved", teacher=place.teacher, room=place.room
    )
    teacher = await world.actor(place.teacher)
    admin = await world.actor(place.person(Role.RESOURCE_ADMIN))
    metadata = msgspec.convert(
        METADATA
        | {"title": f"{place.school}-resource", "subject": f"{place.school}-resource"}
        | {"school_name": place.school},
        ResourceMetadata,
    )
    editing = services.resources.editing
    await editing.save(teacher, resource_id, DraftSave(0, metadata, ResourceEdits()))
    await editing.submit(teacher, resource_id, ResourceSubmit(1, True))
    await services.resources.reviewing.pass_(admin, resource_id, ReviewPass(2))
    wish = ResourcePublish(1, ShareScope.SCHOOL)
    await services.resources.publishing.publish(admin, resource_id, wish)
    return resource_id


async def attached(services: Services, resource_id: str, owner: Actor) -> str:
    """Put a file beside the first version of a resource, whatever its state; its id."""
    kept = await services.kept_files.keep(owner, f"{resource_id}.pdf", "application/pdf", [b"%PDF"])
    async with services.audit.work(owner, "test") as work:  # type: ignore[arg-type]
        await services.file_desk.held.attach(work, kept.file_id, holder_of(resource_id, 1))
        work.session.add(
            AttachmentRow(
                resource_id=resource_id,
                number=1,
                file_id=kept.file_id,
                position=0,
                kind=AttachmentKind.PLAN,
                name=f"{resource_id}.pdf",
                size=4,
            )
        )
    return kept.file_id


async def edition_made(services: Services, resource_id: str) -> str:
    """Say that the edition of a published resource is there, with one file `a.m3u8`; its id."""
    async with services.database.write() as session:
        row = await session.get(EditionRow, (resource_id, 1))
        assert row is not None
        row.state, row.job_id = EditionState.READY, None
        recording_id, edition_id = row.recording_id, row.edition_id
    folder = services.config.data / "recordings" / recording_id / "editions" / edition_id
    folder.mkdir(parents=True)
    edition = Edition(edition_id, recording_id, 1.0, (), (), ("a.m3u8",), None)
    (folder / "manifest.json").write_bytes(msgspec.json.encode(edition))
    (folder / "a.m3u8").write_bytes(b"#EXTM3U")
    return edition_id


async def film_made(services: Services, resource_id: str) -> bytes:
    """Say that the one film of a resource is there; its bytes."""
    async with services.database.write() as session:
        row = (await session.scalars(select(FilmRow).filter_by(resource_id=resource_id))).one()
        data = b"a film of " + row.film_id.encode()
        made = FilmResult(row.recording_id, row.film_id, 1.0, len(data))
        job = await session.get_one(JobRow, row.job_id)
        job.state, job.result = JobState.DONE, msgspec.json.encode(made).decode()
    folder = services.config.data / "recordings" / row.recording_id / "films" / row.film_id
    folder.mkdir(parents=True)
    film = Film(row.film_id, row.recording_id, 1.0, len(data))
    (folder / "manifest.json").write_bytes(msgspec.json.encode(film))
    (folder / "film.mp4").write_bytes(data)
    return data


async def resource_id_of(services: Services, recording_id: str) -> str:
    """The resource that points at a recording."""
    found = await services.library._resources.of_recording(recording_id)
    assert found is not None
    return found.resource_id


async def _lesson(
    services: Services, recording_id: str, teacher: str, room: str, *, consented: bool
) -> str:
    """Add the lesson of a recording, which is over, between two classes of its own."""
    lesson_id, now = f"lesson-of-{recording_id}", services.clock.now()
    async with services.database.write() as session:
        person, point = await session.get(PersonRow, teacher), await session.get(RoomRow, room)
        assert person is not None and person.school_id is not None and point is not None
        lead = far = None
        if consented:
            lead = await _class(session, person.school_id, now.date())
            far = await _class(session, point.school_id, now.date())
        session.add(
            LessonRow(
                lesson_id=lesson_id,
                title="课",
                class_kind=ClassKind.DEDICATED,
                subject="数学",
                grade="一年级",
                state=LessonState.ENDED,
                starts_at=now - timedelta(hours=2),
                ends_at=now - timedelta(hours=1),
                lead_teacher_id=teacher,
                join_code=recording_id[:8],
                recording_id=recording_id,
                lead_class_id=lead,
            )
        )
        await session.flush()
        session.add(LessonRoomRow(lesson_id=lesson_id, room_id=room, position=0, class_id=far))
    return lesson_id


async def _class(session: AsyncSession, school_id: str, today: date) -> str:
    """Return the id of a school's class whose lessons are shelved; it may be shown to everybody.

    It is no class of today, so that no list of classes has one more.
    """
    class_id = f"{school_id}-shelved"
    if await session.get(ClassRow, class_id) is not None:
        return class_id
    session.add(
        ClassRow(
            class_id=class_id, school_id=school_id, name=class_id, grade="一年级", active=False
        )
    )
    await session.flush()
    session.add(_consent(class_id, today))
    return class_id


def _consent(class_id: str, today: date) -> ConsentRow:
    return ConsentRow(
        consent_id=f"consent-of-{class_id}",
        class_id=class_id,
        term_id="shelved",
        given_on=today,
        purposes=",".join(completed([ConsentPurpose.SHOW_PUBLIC])),
        pupils=30,
        refusals=0,
        covers_from=today - timedelta(days=30),
        covers_to=today + timedelta(days=30),
        until=today + timedelta(days=800),
        note="",
        recorded_at=datetime.combine(today, time(), UTC),
        by_id="",
        by_name="",
    )


def _write_files(folder: Path, manifest: Manifest) -> None:
    (folder / "manifest.json").write_bytes(encode_manifest(manifest))
    (folder / "thumbnail.jpg").write_bytes(b"\xff\xd8\xff")
    for source in manifest.sources:
        for file in source.files:
            (folder / file.name).write_bytes(source.source_id.encode() * 10)


def _manifest(entry: Entry, room: str) -> Manifest:
    files = LEAD_FILES | {room_source(room): ROOM_FILE}
    whole = (Span(0, DURATION_S),)
    ready = Entry(
        **{
            **{name: getattr(entry, name) for name in entry.__dataclass_fields__},
            "state": RecordingState.READY,
            "duration_s": DURATION_S,
            "has_thumbnail": True,
            "progress": 1.0,
        }
    )
    return Manifest(
        ready,
        tuple(
            SourceManifest(
                source_id,
                source_id.rpartition(".")[2],
                source_id,
                source_id.startswith("lead"),
                (MediaFile(name, "video/webm", 0, DURATION_S, 640, 360, True, True),),
                whole,
                (),
            )
            for source_id, name in files.items()
        ),
        (StageSpan(room_participant(room), "一年级教室", 60, 120),),
    )
