"""Runs the revisions on the connection that `recorder.recordings.store` hands over."""

from alembic import context

from recorder.recordings.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table="recorder_alembic_version",  # signaling has its own chain in the same database
    render_as_batch=True,  # SQLite alters tables by copying them
)
with context.begin_transaction():
    context.run_migrations()
