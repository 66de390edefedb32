"""The film of a published version, as viewers may save it."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from recorder.api import FilmNotFound, Films, Manifest, PublishedFile
from signaling.base.errors import NotFound
from signaling.base.problem_codes import ProblemCode
from signaling.jobs.store import JobStore
from signaling.jobs.wire import JobState
from signaling.library.films import store
from signaling.library.films.exported import exported_row
from signaling.library.films.kind import FilmResult
from signaling.library.films.tables import FilmRow
from signaling.library.versions.ground import ResourceGround
from signaling.library.versions.records import metadata_of
from signaling.library.versions.store import load
from signaling.library.versions.tables import ResourceVersionRow

_RESULT = msgspec.json.Decoder(FilmResult)


@dataclass(frozen=True, slots=True)
class ReadyFilm:
    """A film that is there: its row, the name under which it is saved, and its size in bytes."""

    row: FilmRow
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class ShownFilms:
    """Finds films for viewers. Who may see the version is judged before."""

    ground: ResourceGround
    films: Films
    job_store: JobStore

    async def of(self, version: ResourceVersionRow, manifest: Manifest | None) -> ReadyFilm | None:
        """Return the film of a version as it is now, if viewers may have it.

        It is theirs while downloads are allowed, and while all who are seen in it have consented to
        be seen by anybody.
        """
        if manifest is None or not metadata_of(version).downloadable:
            return None
        async with self.ground.database.read() as session:
            now = self.ground.clock.now()
            rows = await store.standing(session, version.resource_id, version.number, now)
            held = await load(session, version.resource_id) if rows else None
            if held is None:
                return None
            shown = exported_row(held, version)
            film_id = self.films.film_id(shown.order)
            row = next((one for one in rows if one.film_id == film_id), None)
            if row is None or await shown.unseen(self.ground, session, manifest):
                return None
        job = await self.job_store.job(row.job_id)
        if job is None or job.state is not JobState.DONE or not job.result:
            return None
        return ReadyFilm(row, f"{shown.metadata.title}.mp4", _RESULT.decode(job.result).size)

    async def file(self, film: ReadyFilm) -> PublishedFile:
        """Open a film. Raises NotFound: its file is lost."""
        try:
            return await self.films.file(film.row.recording_id, film.row.film_id)
        except FilmNotFound:
            raise NotFound(code=ProblemCode.FILE_NOT_FOUND) from None
