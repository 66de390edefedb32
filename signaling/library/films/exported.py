"""A version of which a film is made: what the film holds, and who may not be seen in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from recorder.api import FilmOrder, Manifest
from signaling.library.films.kind import FilmTask
from signaling.library.films.rules import film_order
from signaling.library.versions.checks import MissingSource
from signaling.library.versions.ground import ResourceGround, WrongResourceState
from signaling.library.versions.proposals import proposed_metadata
from signaling.library.versions.records import Held, edits_of, metadata_of
from signaling.library.versions.tables import ResourceVersionRow
from signaling.library.versions.wire import ResourceEdits, ResourceMetadata, ShareScope
from signaling.library.wire import Span


@dataclass(frozen=True, slots=True)
class Exported:
    """A version of which a film may be made."""

    held: Held
    number: int
    metadata: ResourceMetadata
    edits: ResourceEdits
    pledged: bool

    @property
    def order(self) -> FilmOrder:
        """What its film holds."""
        row = self.held.row
        return film_order(row.recording_id, self.edits, self.metadata, row.lead_teacher)

    async def unseen(
        self, ground: ResourceGround, session: AsyncSession, manifest: Manifest
    ) -> Sequence[MissingSource]:
        """Return the sources that lack consent: a file goes wherever its owner takes it."""
        checked = ground.checked_as(self.held, self.metadata, self.edits, self.pledged, manifest)
        return await ground.checks.unseen(checked, ShareScope.PASSWORD, within=session)


def exported_row(held: Held, row: ResourceVersionRow) -> Exported:
    """Return a version that was saved."""
    return Exported(held, row.number, metadata_of(row), edits_of(row), row.pledged)


async def exported(session: AsyncSession, held: Held, number: int) -> Exported:
    """Return the version that is at work or published. Raises WrongResourceState."""
    row, publication = held.working, held.publication
    if held.begins and number == 1:
        proposed = await proposed_metadata(session, held.row)
        return Exported(held, number, proposed, ResourceEdits(), False)
    if row is None or row.number != number:
        shown = publication is not None and publication.withdrawn_at is None
        if publication is None or not shown or publication.version != number:
            raise WrongResourceState()
        row = await session.get(ResourceVersionRow, (held.resource_id, number))
    if row is None:
        raise WrongResourceState()
    return exported_row(held, row)


def task_of(order: FilmOrder) -> FilmTask:
    """Return the argument of the job that makes a film."""
    return FilmTask(
        order.recording_id,
        tuple(Span(one.start_s, one.end_s) for one in order.keep),
        order.hidden_sources,
        order.hidden_pictures,
        order.title,
        order.author,
        order.chapters,
        order.card,
    )
