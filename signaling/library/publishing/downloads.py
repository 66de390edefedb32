"""Downloads of what is published: whole files, at addresses of their own.

A classroom's terminal plays what is published, and keeps none of it. It is told of no downloads,
and these addresses refuse it, whatever its request says.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from msgspec.structs import replace

from recorder.api import Manifest, PublishedFile
from signaling.base.errors import Forbidden
from signaling.library.films.shown import ShownFilms
from signaling.library.media_shelf import MediaShelf
from signaling.library.publishing.reading import Shown, Viewer
from signaling.library.publishing.refusals import GuestRefusals
from signaling.library.publishing.showing import downloads_of, saved_files
from signaling.library.publishing.wire import LibraryDetail, LibraryFilm
from signaling.library.versions.ground import ResourceNotFound
from signaling.library.versions.tables import ResourceVersionRow

FILM = "film.mp4"  # no file of a recording has such a name


@dataclass(frozen=True, slots=True)
class SavedFile:
    """A file to be saved, and the name under which it is."""

    file: PublishedFile
    name: str


@dataclass(frozen=True, slots=True)
class Downloads:
    """Offers and opens files. `prefix` is what a proxy puts before every path."""

    recorder: MediaShelf
    films: ShownFilms
    refusals: GuestRefusals
    prefix: str = ""

    async def offer(
        self, viewer: Viewer, shown: Shown, manifest: Manifest | None, detail: LibraryDetail
    ) -> LibraryDetail:
        """Return the detail with what the viewer may save of it."""
        if viewer.keeps_nothing:
            return replace(detail, may_download=False)
        if not detail.may_download or manifest is None:
            return detail
        folder = _folder(shown.version, self.prefix)
        found = await self.films.of(shown.version, manifest)
        film = None if found is None else LibraryFilm(f"{folder}/{FILM}", found.name, found.size)
        return replace(detail, downloads=downloads_of(shown.version, manifest, folder), film=film)

    async def open(self, viewer: Viewer, shown: Shown, name: str) -> SavedFile:
        """Open a file of what the viewer may see, to be saved.

        Args:
            viewer: the one who saves it.
            shown: what the viewer sees.
            name: of the file.

        Raises:
            Forbidden: a terminal saves nothing.
            ResourceNotFound: there is no such file, or viewers may not have it.
            NotFound: the film's file is lost.
        """
        await self.demand_keeper(viewer, shown)
        manifest = await self.recorder.manifest(shown.resource.recording_id)
        if name == FILM:
            film = await self.films.of(shown.version, manifest)
            if film is None:
                raise ResourceNotFound()
            return SavedFile(await self.films.file(film), film.name)
        if name not in saved_files(shown.version, manifest):
            raise ResourceNotFound()
        return SavedFile(await self.recorder.file(shown.resource.recording_id, name), name)

    async def demand_keeper(self, viewer: Viewer, shown: Shown) -> None:
        """Raise Forbidden, with an audit row, for a terminal."""
        if not viewer.keeps_nothing:
            return
        error = Forbidden("a classroom's screen plays what is published, and keeps none of it")
        about = (shown.path, shown.publication.title)
        resource_id = shown.resource.resource_id
        await self.refusals.note(viewer, resource_id, about, deed="download", problem=error.code)
        raise error


def _folder(version: ResourceVersionRow, prefix: str) -> str:
    """Return the path under which files are saved."""
    return f"{prefix}/media/downloads/{quote(version.resource_id)}/{version.number}"
