"""Published resources as rows, for tests that only read them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec

from signaling.base.database import Database
from signaling.library.tables import ResourceRow
from signaling.library.versions.tables import PublicationRow, ResourceVersionRow
from signaling.library.versions.wire import ResourceMetadata, ShareScope, Stage, VersionState
from signaling.library.wire import ResourceKind, ResourceState

BEGIN = datetime(2026, 9, 1, 23, 30, tzinfo=UTC)  # in China the day has turned
SUBJECTS = ("语文", "数学")
_AT_ONCE = 1000


def resource_id(number: int) -> str:
    """The id of a made-up resource."""
    return f"r{number:07}"


async def publish(database: Database, count: int, first: int = 0) -> None:
    """Publish so many made-up resources to anybody; several change in one second."""
    for begin in range(first, first + count, _AT_ONCE):
        numbers = range(begin, min(begin + _AT_ONCE, first + count))
        async with database.write() as session:
            session.add_all([_resource(number) for number in numbers])
            await session.flush()
            session.add_all([row for number in numbers for row in _published(number)])


def _resource(number: int) -> ResourceRow:
    return ResourceRow(
        resource_id=resource_id(number),
        kind=ResourceKind.RECORDING,
        state=ResourceState.PUBLISHED,
        recording_id=f"recording-{number}",
        lesson_id=f"lesson-{number}",
        lead_teacher_id="teacher-wang",
        title=f"浮力 {number}",
        subject=SUBJECTS[number % 2],
        grade="五年级",
        class_kind="dedicated",
        lead_teacher="单老师",
        started_at=BEGIN,
        created_at=BEGIN,
        updated_at=BEGIN,
    )


def _published(number: int) -> Iterator[ResourceVersionRow | PublicationRow]:
    metadata = ResourceMetadata(
        title=f"浮力 {number}",
        summary="把木块放进水里",
        keywords=("浮力", "实验"),
        subject=SUBJECTS[number % 2],
        stage=Stage.PRIMARY,
        grade="五年级",
        teacher_name="单老师",
        school_name="青山县中心校",
    )
    yield ResourceVersionRow(
        resource_id=resource_id(number),
        number=1,
        state=VersionState.PUBLISHED,
        level=None,
        levels=1,
        revision=1,
        meta=msgspec.json.encode(metadata).decode(),
        edits="{}",
        pledged=True,
        submission=1,
        submitted_at=BEGIN,
        assigned_to=None,
        assigned_name=None,
        rejected=False,
        published_at=BEGIN,
        created_at=BEGIN,
        updated_at=BEGIN,
    )
    yield PublicationRow(
        resource_id=resource_id(number),
        version=1,
        scope=ShareScope.PUBLIC,
        password_hash=None,
        published_at=BEGIN,
        expires_at=None,
        expired=False,
        changed_at=BEGIN + timedelta(milliseconds=number // 7 * 100),
        withdrawn_at=None,
        withdraw_reason=None,
        withdraw_note="",
        was_public=True,
        node_id="s1",
        county_id="c1",
        owner_id="teacher-wang",
        shown_s=2400.4,
        has_cover=False,
        title=metadata.title,
        subject=metadata.subject,
        stage=metadata.stage,
        grade=metadata.grade,
        edition="",
        volume="",
        school_name=metadata.school_name,
    )
