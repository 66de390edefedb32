"""Films as those who fetch them ask for them."""

from __future__ import annotations

import re

import msgspec

from recorder.api import Film, FilmNotFound, FilmOrder, PublishedFile, StorageUnavailable
from recorder.core.film_plan import film_key
from recorder.films.made import FILM_NAME
from recorder.storage.api import MANIFEST_NAME, Storage
from recorder.storage.hashed_names import content_hash

FILM_ID_CHARS = 32
_RECORDING_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_FILM_ID = re.compile(rf"[0-9a-f]{{{FILM_ID_CHARS}}}")


class FilmService:
    """Implements `recorder.api.Films`."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def film_id(self, order: FilmOrder) -> str:
        """See `Films`."""
        return film_id_of(order)

    async def file(self, recording_id: str, film_id: str) -> PublishedFile:
        """See `Films`."""
        place = _demanded(recording_id, film_id)
        try:
            whole = await read_film(self._storage, recording_id, film_id)
            file = None if whole is None else await self._storage.file(place, FILM_NAME)
        except OSError as error:
            raise StorageUnavailable(f"{place}: {error}") from error
        if file is None:
            raise FilmNotFound(place)
        return file

    async def delete(self, recording_id: str, film_id: str) -> None:
        """See `Films`."""
        await self._storage.delete(_demanded(recording_id, film_id))


def film_id_of(order: FilmOrder) -> str:
    """Name a film by what it holds."""
    return content_hash(film_key(order), FILM_ID_CHARS)


def film_place(recording_id: str, film_id: str) -> str:
    """Tell where the storage keeps a film: within its recording, so that they go together."""
    return f"{recording_id}/films/{film_id}"


def _demanded(recording_id: str, film_id: str) -> str:
    """Return the place of a film. Raises FilmNotFound for what could lead out of the storage."""
    if not _RECORDING_ID.fullmatch(recording_id) or not _FILM_ID.fullmatch(film_id):
        raise FilmNotFound(f"{recording_id}/{film_id}")
    return film_place(recording_id, film_id)


async def read_film(storage: Storage, recording_id: str, film_id: str) -> Film | None:
    """Read the manifest of a film; None if there is none. Raises OSError."""
    file = await storage.file(film_place(recording_id, film_id), MANIFEST_NAME)
    if file is None:
        return None
    try:
        return msgspec.json.decode(b"".join([piece async for piece in file.read()]), type=Film)
    except msgspec.DecodeError:
        return None  # of another form: it is made anew
