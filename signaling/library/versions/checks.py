"""Automatic checks of a version, and the seams at which other wings add theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from recorder.api import Manifest
from signaling.library.versions.wire import (
    CheckCode,
    CheckFinding,
    CheckWeight,
    ResourceEdits,
    ResourceMetadata,
    ShareScope,
    ShownPeople,
)
from signaling.library.wire import ResourceKind

# Without these nothing is submitted; without the others a reviewer is told.
NEEDED = ("title", "subject", "stage", "grade", "teacher_name", "school_name")
WANTED = ("summary", "keywords", "edition", "volume", "section", "copyright_note")


@dataclass(frozen=True, slots=True)
class Checked:
    """A version that is checked, with its recording; None while there is none to be shown.

    `readable` is false where the recording is there, and cannot be read now. `number` is the
    version's; None of what nobody has saved yet.
    """

    resource_id: str
    recording_id: str
    metadata: ResourceMetadata
    edits: ResourceEdits
    pledged: bool
    manifest: Manifest | None
    readable: bool = True
    kind: ResourceKind = ResourceKind.RECORDING
    people: ShownPeople | None = None
    number: int | None = None

    @property
    def shown_sources(self) -> tuple[str, ...]:
        """The ids of the sources that are not hidden."""
        sources = () if self.manifest is None else self.manifest.sources
        hidden = set(self.edits.hidden_sources)
        return tuple(one.source_id for one in sources if one.source_id not in hidden)


class ReviewCheck(Protocol):
    """Adds facts to what a reviewer reads. It never decides by itself."""

    async def findings(self, version: Checked) -> Sequence[CheckFinding]:
        """Return what it finds."""
        ...


@dataclass(frozen=True, slots=True)
class MissingSource:
    """A source that may not be shown in a scope for want of consent.

    Attributes:
        source_id: the source.
        place: the room or school, by name.
        picture_only: it is enough to hide its picture.
        allowed: the widest scope in which it may be shown; None in none.
    """

    source_id: str
    place: str = ""
    picture_only: bool = False
    allowed: ShareScope | None = None


class ConsentGate(Protocol):
    """Tells which sources of a recording may not be shown; the consent wing answers."""

    async def missing(
        self,
        recording_id: str,
        sources: Collection[str],
        scope: ShareScope,
        *,
        within: AsyncSession | None = None,
    ) -> Sequence[MissingSource]:
        """Return those of the sources that may not be shown to so many.

        `within` is the caller's transaction, if it has one: no other may be opened beside it.
        """
        ...


class OpenGate:
    """Lets everything through, where no consents are kept."""

    async def missing(
        self,
        recording_id: str,
        sources: Collection[str],
        scope: ShareScope,
        *,
        within: AsyncSession | None = None,
    ) -> Sequence[MissingSource]:
        """Return none."""
        return ()


class Checks:
    """All checks, asked one after another."""

    def __init__(self, gate: ConsentGate | None = None) -> None:
        self.gate: ConsentGate = gate or OpenGate()
        self._checks: list[ReviewCheck] = [MetadataCheck(), SourceCheck(), PeopleCheck()]

    def add(self, check: ReviewCheck) -> None:
        """Register a check."""
        self._checks.append(check)

    async def of(self, version: Checked, scope: ShareScope) -> tuple[CheckFinding, ...]:
        """Return all findings; consent is asked for a scope."""
        found: list[CheckFinding] = []
        for check in self._checks:
            found += await check.findings(version)
            await asyncio.sleep(0)  # the media of a lesson come in between
        missing = await self.unseen(version, scope)
        return (*found, *map(_consent, missing))

    async def unseen(
        self, version: Checked, scope: ShareScope, *, within: AsyncSession | None = None
    ) -> tuple[MissingSource, ...]:
        """Return the sources that lack consent for a scope and are not hidden yet.

        Of an upload no lesson tells who is in it: its author declares it, and a reviewer judges.
        `within` is the caller's transaction, if it has one.
        """
        if version.kind is ResourceKind.UPLOAD:
            return ()
        sources = version.shown_sources
        if not sources:
            return ()
        silent = set(version.edits.hidden_pictures)
        missing = await self.gate.missing(version.recording_id, sources, scope, within=within)
        return tuple(one for one in missing if not (one.picture_only and one.source_id in silent))


class MetadataCheck:
    """Finds metadata that are missing, and the pledge."""

    async def findings(self, version: Checked) -> Sequence[CheckFinding]:
        """Return a finding for each field."""
        return tuple(_metadata(version))


class SourceCheck:
    """Finds sources of which not everything could be put into files."""

    async def findings(self, version: Checked) -> Sequence[CheckFinding]:
        """Return a finding for each source that is shown."""
        if not version.readable:  # or "nothing was found" would be a lie
            return (CheckFinding(CheckCode.RECORDING_AWAY, CheckWeight.WARNING),)
        shown = set(version.shown_sources)
        sources = () if version.manifest is None else version.manifest.sources
        return tuple(
            CheckFinding(
                CheckCode.SOURCE_DAMAGED,
                CheckWeight.WARNING,
                source_id=one.source_id,
                name=one.name,
            )
            for one in sources
            if one.failure is not None and one.source_id in shown
        )


class PeopleCheck:
    """Tells what the author of an upload declared about those who are in it."""

    async def findings(self, version: Checked) -> Sequence[CheckFinding]:
        """Return one finding once it is declared."""
        if version.kind is not ResourceKind.UPLOAD or version.people is None:
            return ()
        if version.people.minors:
            return (CheckFinding(CheckCode.MINORS_SHOWN, CheckWeight.WARNING),)
        return (CheckFinding(CheckCode.NO_MINORS, CheckWeight.NOTE),)


def missing_fields(metadata: ResourceMetadata) -> tuple[str, ...]:
    """Return the fields without which nothing is submitted and which are empty."""
    return tuple(name for name in NEEDED if not getattr(metadata, name))


def _metadata(version: Checked) -> Iterator[CheckFinding]:
    for name in missing_fields(version.metadata):
        yield CheckFinding(CheckCode.METADATA_MISSING, CheckWeight.STOPS, field=f"metadata.{name}")
    for name in WANTED:
        if not getattr(version.metadata, name):
            yield CheckFinding(
                CheckCode.METADATA_MISSING, CheckWeight.NOTE, field=f"metadata.{name}"
            )
    if not version.pledged:
        yield CheckFinding(CheckCode.NOT_PLEDGED, CheckWeight.NOTE)


def _consent(missing: MissingSource) -> CheckFinding:
    return CheckFinding(
        CheckCode.CONSENT_MISSING,
        CheckWeight.WARNING,  # a narrower scope may be allowed; publishing asks for its own
        source_id=missing.source_id,
        name=missing.place or None,
        allowed=missing.allowed,
        picture_only=missing.picture_only,
    )
