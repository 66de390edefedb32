"""The kinds of jobs by which workbooks of the directory are read and made."""

from __future__ import annotations

from signaling.directory.workbooks.wire import (
    DirectoryExport,
    DirectoryExported,
    DirectoryImport,
    DirectoryImported,
)
from signaling.jobs.kinds import JobKind

DIRECTORY_IMPORT = JobKind("directory_import", DirectoryImport, DirectoryImported)
DIRECTORY_EXPORT = JobKind("directory_export", DirectoryExport, DirectoryExported)
