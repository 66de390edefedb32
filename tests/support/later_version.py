"""A later version of this repository: its schema has more, and its code writes that.

The folder has links to the sources, but for the files that a later version would have changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from recorder.migrating import Chain
from recorder.recordings.rows import CHAIN as RECORDER
from signaling.base.migrate import CHAIN as SIGNALING
from tests.support.server import REPOSITORY

REVISION = "later"
FORMER, LATER = "former", "later"  # in `written_by` of each row: who wrote it
_RUN = ("signaling", "recorder", "relay", "load_tests", "build")  # what a server needs

_MIGRATION = '''\
"""More columns, and a table."""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{before}"


def upgrade() -> None:
    """Apply."""
{body}
'''
_COLUMN = (
    '    op.add_column("{table}", sa.Column("written_by", sa.String(20), nullable=False,'
    ' server_default="{former}"))'
)
_TABLE = """\
    op.create_table(
        "audit_notes",
        sa.Column(
            "audit_id",
            sa.String(200),
            sa.ForeignKey("audit_log.audit_id", ondelete="CASCADE"),
            primary_key=True,
        ),
    )"""
_AUDIT = '''

import sqlalchemy as sa


class AuditNote(Base):
    """A row for each row of the log that this version writes."""

    __tablename__ = "audit_notes"
    audit_id: Mapped[str] = mapped_column(
        sa.ForeignKey("audit_log.audit_id", ondelete="CASCADE"), primary_key=True
    )


AuditRow.written_by = mapped_column(String(20), default="later", server_default="former")


@sa.event.listens_for(AuditRow, "after_insert")
def _note(_mapper, connection, row):
    connection.execute(sa.insert(AuditNote).values(audit_id=row.audit_id))
'''
_LESSONS = """

HeadcountRow.written_by = mapped_column(String(20), default="later", server_default="former")
"""


def later_version(folder: Path) -> Path:
    """Make the checkout of a later version in a folder that is not there yet; returns it."""
    columns = [_COLUMN.format(table=one, former=FORMER) for one in ("headcounts", "audit_log")]
    changed = {
        "signaling/audit/tables.py": _more("signaling/audit/tables.py", _AUDIT),
        "signaling/lessons/tables.py": _more("signaling/lessons/tables.py", _LESSONS),
        "signaling/migrations/versions/later.py": _migration(SIGNALING, *columns, _TABLE),
        "recorder/migrations/versions/later.py": _migration(
            RECORDER, _COLUMN.format(table="recorder_recordings", former=FORMER)
        ),
    }
    folder.mkdir()
    for name in _RUN:
        if (REPOSITORY / name).exists():
            files = {
                path.removeprefix(f"{name}/"): text
                for path, text in changed.items()
                if path.startswith(f"{name}/")
            }
            _overlaid(REPOSITORY / name, folder / name, files)
    return folder


def _more(path: str, text: str) -> str:
    return (REPOSITORY / path).read_text() + text


def _migration(chain: Chain, *lines: str) -> str:
    return _MIGRATION.format(revision=REVISION, before=chain.newest, body="\n".join(lines))


def _overlaid(source: Path, target: Path, changed: Mapping[str, str]) -> None:
    """Make a folder like another one, with some files of its own."""
    if not changed:
        target.symlink_to(source)
        return
    target.mkdir()
    inside: dict[str, dict[str, str]] = {}
    for path, text in changed.items():
        first, _, rest = path.partition("/")
        if rest:
            inside.setdefault(first, {})[rest] = text
        else:
            (target / first).write_text(text)
    for entry in source.iterdir():
        if entry.name != "__pycache__" and entry.name not in changed:
            _overlaid(entry, target / entry.name, inside.get(entry.name, {}))
