"""The table of jobs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from signaling.base.columns import Base
from signaling.jobs.wire import JobState


class JobRow(Base):
    """One job, and the run of it that is under way.

    `run_id` is another for each run: a worker that was given up cannot write any more. An owner may
    be gone while the job stays, so `owner_id` is no foreign key.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_due", "state", "due_at"),
        Index("ix_jobs_owner", "owner_id", "created_at", "job_id"),
        Index("ix_jobs_newest", "created_at", "job_id"),
    )
    job_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    owner_id: Mapped[str]
    owner_name: Mapped[str]
    remote: Mapped[str]  # address from which it was submitted, for the audit log
    branch: Mapped[str] = mapped_column(String(1000))  # path of the org node that it is about
    state: Mapped[JobState] = mapped_column(String(40))
    progress_done: Mapped[int] = mapped_column(default=0)
    progress_total: Mapped[int] = mapped_column(default=0)
    tries: Mapped[int] = mapped_column(default=0)
    argument: Mapped[str] = mapped_column(Text)  # JSON
    result: Mapped[str | None] = mapped_column(Text)  # JSON
    problem: Mapped[str | None] = mapped_column(Text)  # JSON
    supervisor: Mapped[str | None]  # the serving process that started the run
    run_id: Mapped[str | None]
    due_at: Mapped[datetime]  # not begun before
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]  # of the last run
    beat_at: Mapped[datetime | None]  # the supervisor last saw the worker alive
    ended_at: Mapped[datetime | None] = mapped_column(index=True)
