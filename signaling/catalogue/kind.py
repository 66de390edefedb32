"""The job that imports a catalogue: its name, what goes in and comes out."""

from __future__ import annotations

from signaling.catalogue.wire import CatalogueImport, CatalogueImported
from signaling.jobs.kinds import JobKind, JobLimits

CATALOGUE_IMPORT = JobKind(
    "catalogue_import", CatalogueImport, CatalogueImported, JobLimits(cpu_s=120, wall_s=600)
)
CATALOGUE_LOCK = 0x544B_4341  # PostgreSQL advisory lock: one import at a time
