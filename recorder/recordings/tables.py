"""The table of recordings."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

recordings = sa.Table(
    "recorder_recordings",
    metadata,
    sa.Column("recording_id", sa.String(64), primary_key=True),
    sa.Column("lesson_id", sa.String(64), nullable=False, index=True),
    sa.Column("lead_teacher_id", sa.String(64), nullable=False),
    sa.Column("title", sa.String(200), nullable=False),
    sa.Column("subject", sa.String(100), nullable=False),
    sa.Column("grade", sa.String(100), nullable=False),
    sa.Column("class_kind", sa.String(32), nullable=False),
    sa.Column("lead_teacher", sa.String(100), nullable=False),
    sa.Column("started_at_ms", sa.BigInteger, nullable=False),  # Unix milliseconds
    sa.Column("duration_s", sa.Float, nullable=False),
    sa.Column("state", sa.String(16), nullable=False, index=True),
    sa.Column("progress", sa.Float, nullable=False),
    sa.Column("failure", sa.String(500)),  # a `RecordingFailure`
    sa.Column("retrying", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("has_thumbnail", sa.Boolean, nullable=False),
    # The recording never goes on: its lesson ended, or it was sealed.
    sa.Column("ended", sa.Boolean, nullable=False),
    # How often a process took the recording up to record it. The latest one may write here.
    sa.Column("takes", sa.Integer, nullable=False, server_default="0"),
    # The process that finishes it, if several may, and a count that grows while it lives.
    sa.Column("finisher", sa.String(32)),
    sa.Column("beats", sa.Integer, nullable=False, server_default="0"),
    sa.Index("ix_recorder_recordings_newest", "started_at_ms", "recording_id"),
)
