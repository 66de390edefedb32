"""Recordings as the recorder tells of them, made up."""

from datetime import UTC, datetime, timedelta

from recorder.api import Entry, RecordingState

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def an_entry(
    recording_id: str,
    lesson_id: str,
    *,
    teacher: str = "wang",
    minutes: float = 0,
    state: RecordingState = RecordingState.READY,
    title: str = "《小小的船》",
    subject: str = "语文",
) -> Entry:
    """A recording that began so many minutes after `AT`."""
    return Entry(
        recording_id=recording_id,
        lesson_id=lesson_id,
        lead_teacher_id=teacher,
        title=title,
        subject=subject,
        grade="一年级",
        class_kind="dedicated",
        lead_teacher=f"{teacher}老师",
        started_at=AT + timedelta(minutes=minutes),
        duration_s=60.0,
        state=state,
        progress=1.0,
        failure=None,
        has_thumbnail=False,
    )
