"""The library's schema, as a chain of Alembic revisions of its own."""
