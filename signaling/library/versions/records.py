"""A resource with its working version and publication, as one transaction holds them."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from signaling.access.actions import Action
from signaling.access.grants import Standing, granted
from signaling.access.roles import ROOT_PATH, Actor
from signaling.library.tables import ResourceRow
from signaling.library.versions.rules import levels_of
from signaling.library.versions.tables import PublicationRow, ResourceVersionRow
from signaling.library.versions.visibility import standing_at_work
from signaling.library.versions.wire import (
    ResourceEdits,
    ResourceMetadata,
    ReviewLevel,
    ShownPeople,
    VersionState,
)

_METADATA = msgspec.json.Decoder(ResourceMetadata)
_EDITS = msgspec.json.Decoder(ResourceEdits)
_PEOPLE = msgspec.json.Decoder(ShownPeople)


@dataclass(slots=True)
class Held:
    """A resource, and what belongs to it.

    Attributes:
        row: the resource.
        path: of the org node in which it lies.
        county: the path of its county; empty if it lies above counties.
        working: the version at work; None if nothing was saved yet, or all is published.
        publication: what is or was published; None if nothing ever was.
    """

    row: ResourceRow
    path: str = ROOT_PATH
    county: str = ""
    working: ResourceVersionRow | None = None
    publication: PublicationRow | None = None

    @property
    def resource_id(self) -> str:
        """The resource's id."""
        return self.row.resource_id

    @property
    def owner_id(self) -> str:
        """The person whose resource it is."""
        return self.row.lead_teacher_id

    @property
    def begins(self) -> bool:
        """Tell whether it has a first version that nobody has saved yet."""
        return self.working is None and self.publication is None

    @property
    def state(self) -> VersionState | None:
        """The state of the working version; None if there is none."""
        if self.working is not None:
            return VersionState(self.working.state)
        return VersionState.DRAFT if self.begins else None

    def standing(self, actor: Actor) -> Standing:
        """Return how an actor stands to it."""
        return standing_at_work(actor, self.owner_id, self.path)

    def allows(self, actor: Actor, action: Action) -> bool:
        """Return whether the actor may do this to it, whatever its state."""
        return granted(action, self.standing(actor))


def metadata_of(row: ResourceVersionRow) -> ResourceMetadata:
    """Return a version's metadata."""
    return _METADATA.decode(row.meta)


def edits_of(row: ResourceVersionRow) -> ResourceEdits:
    """Return a version's edits."""
    return _EDITS.decode(row.edits)


def people_of(row: ResourceVersionRow) -> ShownPeople | None:
    """Return who is in the picture, as the author declared."""
    return None if row.people is None else _PEOPLE.decode(row.people)


def levels_of_row(row: ResourceVersionRow) -> tuple[ReviewLevel, ...]:
    """Return the levels of a version's submission."""
    return levels_of(row.levels)


def written(struct: msgspec.Struct) -> str:
    """Write a struct as a column keeps it."""
    return msgspec.json.encode(struct).decode()
