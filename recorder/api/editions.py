"""Editions of recordings, for many players: orders, contents, and who makes and serves them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from recorder.api.recordings import Span, StageSpan, Storyboard
from recorder.api.storage import PublishedFile


@dataclass(frozen=True, slots=True)
class EditionOrder:
    """Contents that a published version of a recording is to hold.

    Attributes:
        keep: the spans of the recording that are kept, laid end to end; empty for all of it.
        hidden_sources: sources of which nothing is shown or heard.
        cover_s: the moment of the recording that the cover shows; None to have one chosen.
        hidden_pictures: sources of which only the sound is kept.
    """

    recording_id: str
    keep: tuple[Span, ...] = ()
    hidden_sources: tuple[str, ...] = ()
    cover_s: float | None = None
    hidden_pictures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EditionSource:
    """One source of an edition. All times are those of the edition.

    Attributes:
        playlist: the name of the multivariant HLS playlist; its time 0 lies at `offset_s`.
        width: pixels of the largest rendition, with `height`; None without pictures.
        spans: the times at which the source was there; between them it is black and silent.
    """

    source_id: str
    kind: str
    name: str
    lead: bool
    playlist: str
    offset_s: float
    duration_s: float
    width: int | None
    height: int | None
    has_audio: bool
    has_video: bool
    spans: tuple[Span, ...]
    storyboard: Storyboard | None
    waveform: str | None


@dataclass(frozen=True, slots=True)
class Edition:
    """Renditions of a recording for many players: HLS with fragmented MP4, made by a job.

    An edition never changes, and its files are named by their content.

    Attributes:
        files: the names of all files that may be served.
        cover: the name of a JPEG picture; None if there is none.
    """

    edition_id: str
    recording_id: str
    duration_s: float
    sources: tuple[EditionSource, ...]
    stage: tuple[StageSpan, ...]
    files: tuple[str, ...]
    cover: str | None
    version: int = 1


class EditionMaker(Protocol):
    """Makes editions. For worker processes: it takes minutes, and starts processes of its own."""

    async def make(self, order: EditionOrder, report: Callable[[int, int], None]) -> Edition:
        """Make the edition of an order; one that is there already is returned.

        A run that was broken off goes on where it was. An error that `report` raises ends it, and
        removes what was made.

        Args:
            order: what is wanted. The recording must be sealed.
            report: told often how much is done of how much.

        Raises:
            RecordingNotFound: no such recording, or it is not finished.
            NothingLeft: the order leaves nothing to play.
            EditionFailed: see there.
            OSError: the storage is full or away.
        """


class Editions(Protocol):
    """Editions for players."""

    def edition_id(self, order: EditionOrder) -> str:
        """Name the edition of an order, made or not: the same order always has the same name."""

    async def edition(self, recording_id: str, edition_id: str) -> Edition:
        """Open one edition. Raises EditionNotFound, StorageUnavailable."""

    async def file(self, recording_id: str, edition_id: str, name: str) -> PublishedFile:
        """Find one file of an edition. Raises EditionNotFound, StorageUnavailable."""

    async def delete(self, recording_id: str, edition_id: str) -> None:
        """Remove an edition, or what a job left of it. Raises OSError."""
