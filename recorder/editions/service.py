"""Editions as players ask for them."""

from __future__ import annotations

import re
from collections import OrderedDict

import msgspec

from recorder.api import Edition, EditionNotFound, EditionOrder, PublishedFile, StorageUnavailable
from recorder.core.edition_plan import edition_key
from recorder.storage.api import MANIFEST_NAME, Storage
from recorder.storage.hashed_names import content_hash

EDITION_ID_CHARS = 32
MAX_KEPT = 256  # editions in memory, some 10 kB each: every segment asks for one

_RECORDING_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_EDITION_ID = re.compile(rf"[0-9a-f]{{{EDITION_ID_CHARS}}}")
_decoder = msgspec.json.Decoder(Edition)


class EditionService:
    """Implements `recorder.api.Editions`."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._kept: OrderedDict[tuple[str, str], Edition] = OrderedDict()

    def edition_id(self, order: EditionOrder) -> str:
        """See `Editions`."""
        return edition_id_of(order)

    async def edition(self, recording_id: str, edition_id: str) -> Edition:
        """See `Editions`."""
        key = (recording_id, edition_id)
        if (known := self._kept.get(key)) is not None:
            self._kept.move_to_end(key)
            return known
        if not _RECORDING_ID.fullmatch(recording_id) or not _EDITION_ID.fullmatch(edition_id):
            raise EditionNotFound(f"{recording_id}/{edition_id}")
        try:
            found = await read_edition(self._storage, recording_id, edition_id)
        except OSError as error:
            raise StorageUnavailable(f"{recording_id}/{edition_id}: {error}") from error
        if found is None:
            raise EditionNotFound(f"{recording_id}/{edition_id}")
        self._kept[key] = found
        if len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)
        return found

    async def file(self, recording_id: str, edition_id: str, name: str) -> PublishedFile:
        """See `Editions`."""
        edition = await self.edition(recording_id, edition_id)
        place = edition_place(recording_id, edition_id)
        # The edition's names alone, so that no name can lead out of it.
        try:
            file = await self._storage.file(place, name) if name in edition.files else None
        except OSError as error:
            raise StorageUnavailable(f"{recording_id}/{edition_id}/{name}: {error}") from error
        if file is None:
            raise EditionNotFound(f"{recording_id}/{edition_id}/{name}")
        return file

    async def delete(self, recording_id: str, edition_id: str) -> None:
        """See `Editions`."""
        if not _RECORDING_ID.fullmatch(recording_id) or not _EDITION_ID.fullmatch(edition_id):
            raise EditionNotFound(f"{recording_id}/{edition_id}")
        self._kept.pop((recording_id, edition_id), None)
        await self._storage.delete(edition_place(recording_id, edition_id))


def edition_id_of(order: EditionOrder) -> str:
    """Name an edition by what it holds."""
    return content_hash(edition_key(order), EDITION_ID_CHARS)


def edition_place(recording_id: str, edition_id: str) -> str:
    """Tell where the storage keeps an edition: within its recording, so that they go together."""
    return f"{recording_id}/editions/{edition_id}"


async def read_edition(storage: Storage, recording_id: str, edition_id: str) -> Edition | None:
    """Read the manifest of an edition; None if there is none. Raises OSError."""
    file = await storage.file(edition_place(recording_id, edition_id), MANIFEST_NAME)
    if file is None:
        return None
    try:
        return _decoder.decode(b"".join([piece async for piece in file.read()]))
    except msgspec.DecodeError:
        return None  # of another form: it is made anew
