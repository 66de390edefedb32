"""Acts of the tests about keeping and deleting resources."""

from __future__ import annotations

from pathlib import Path

from recorder.recordings.removing import open_remover
from signaling.access.roles import Role
from signaling.files.storage import FolderFiles
from signaling.jobs.kinds import JobKinds
from signaling.library.retention.erasing import Eraser
from signaling.library.retention.erasure_kind import ERASURE
from signaling.library.retention.export_kind import DELETION_EXPORT
from signaling.library.retention.exporting import DeletionExporter
from signaling.library.retention.wire import (
    RetentionChoice,
    RetentionKind,
    RetentionRuleSet,
)
from signaling.library.tables import ResourceRow, TombstoneRow
from tests.integration.signaling.library.resource_acts import Stage
from tests.support.jobs import carry_out_jobs
from tests.support.server import Client
from tests.support.two_counties import OURS

HERE, NEXT_DOOR = OURS.school(1), OURS.school(2)
RECORDING, WITHDRAWN = RetentionKind.UNPUBLISHED_RECORDING, RetentionKind.WITHDRAWN


async def rule(
    at: Stage, node_id: str, days: int | None, kind: RetentionKind = RECORDING, title: bool = True
) -> None:
    choice = RetentionChoice.KEEP if days is None else RetentionChoice.DELETE
    admin = await at.world.actor(OURS.person(Role.COUNTY_ADMIN))
    wish = RetentionRuleSet(node_id, kind, choice, days, title)
    await at.world.services.resources.retention.policies.set(admin, wish)


def kinds(at: Stage) -> JobKinds:
    config = at.world.services.config
    eraser = Eraser(
        lambda: open_remover(config.data, config.database, None, None), FolderFiles(config.files)
    )
    found = JobKinds().add(ERASURE, eraser.carry_out)
    return found.add(DELETION_EXPORT, DeletionExporter(config.zone).export)


async def swept(at: Stage) -> None:
    """What the server does by itself, and what its worker does then."""
    await at.world.services.resources.deletions.sweep()
    await carry_out_jobs(at.world.services, kinds(at))


async def tombstone(at: Stage, resource_id: str = "") -> TombstoneRow | None:
    async with at.world.services.database.read() as session:
        return await session.get(TombstoneRow, resource_id or at.resource_id)


async def is_there(at: Stage) -> bool:
    async with at.world.services.database.read() as session:
        return await session.get(ResourceRow, at.resource_id) is not None


def folder(at: Stage, recording_id: str = "recording-1") -> Path:
    return at.world.services.config.data / "recordings" / recording_id


async def again(at: Stage, who: str) -> Client:
    """Sign in after the days that passed."""
    return await at.world.sign_in(who)
