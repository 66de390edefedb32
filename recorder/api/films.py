"""Films of recordings: orders, and who makes and serves them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from recorder.api.recordings import Span
from recorder.api.storage import PublishedFile


@dataclass(frozen=True, slots=True)
class FilmOrder:
    """Contents of a film: one MP4 file, whose picture follows stage and courseware.

    Attributes:
        keep: the spans of the recording that are kept, laid end to end; empty for all of it.
        hidden_sources: sources of which nothing is shown or heard.
        hidden_pictures: sources of which only the sound is kept.
        title: in the file's metadata, with `author`.
        chapters: moments of the recording, and their titles.
        card: texts that are shown while nobody is seen, the title first.
    """

    recording_id: str
    keep: tuple[Span, ...] = ()
    hidden_sources: tuple[str, ...] = ()
    hidden_pictures: tuple[str, ...] = ()
    title: str = ""
    author: str = ""
    chapters: tuple[tuple[float, str], ...] = ()
    card: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Film:
    """A film that was made."""

    film_id: str
    recording_id: str
    duration_s: float
    size: int
    version: int = 1


class FilmMaker(Protocol):
    """Makes films. For worker processes, as `EditionMaker`."""

    async def make(self, order: FilmOrder, report: Callable[[int, int], None]) -> Film:
        """Make the film of an order; one that is there already is returned.

        An error that `report` raises ends it, and removes what was made.

        Args:
            order: what is wanted. The recording must be sealed.
            report: told often how much is done of how much.

        Raises:
            RecordingNotFound: no such recording, or it is not finished.
            NothingLeft: the order leaves nothing to show or to hear.
            FilmFailed: see there.
            OSError: the storage is full or away.
        """


class Films(Protocol):
    """Films for those who fetch them."""

    def film_id(self, order: FilmOrder) -> str:
        """Name the film of an order, made or not: the same order always has the same name."""

    async def file(self, recording_id: str, film_id: str) -> PublishedFile:
        """Find the file of a film. Raises FilmNotFound, StorageUnavailable."""

    async def delete(self, recording_id: str, film_id: str) -> None:
        """Remove a film, or what a job left of it. Raises OSError."""
