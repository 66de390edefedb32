"""Adopting recordings without an entry: the database was lost, or the machine is new."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy.exc import IntegrityError

from recorder.api import Entry, LessonFacts, Manifest, RecordingNotFound, StorageUnavailable
from recorder.archive.reader import first_begin, has_ended, latest_take
from recorder.core.archive_format import Begin
from recorder.recordings.breaking_off import BreakingOff
from recorder.recordings.service import Recordings
from recorder.recordings.store import RecordingStore
from recorder.storage.api import ArchiveFiles, Storage

LISTED_AGAIN_S = 60.0  # s until a storage that did not answer is asked again
_KNOWN_AT_ONCE = 500  # ids in one query

_log = structlog.get_logger(__name__)


class Adoption:
    """Makes entries anew from archives."""

    def __init__(self, store: RecordingStore, storage: Storage, recordings: Recordings) -> None:
        self._store = store
        self._storage = storage
        self._recordings = recordings
        self._breaking_off = BreakingOff()

    async def adopt_here(self) -> None:
        """Adopt those whose archive lies on this machine. Raises OSError."""
        names = await asyncio.to_thread(self._storage.archived)
        for name in await self._unknown(names):
            try:
                found = await asyncio.to_thread(_look, self._storage.archive(name), name)
            except OSError as error:  # the next start may fare better; the others are adopted
                _log.error("archive_not_read", recording_id=name, reason=str(error))
                continue
            if found is not None:
                self._recordings.tell(await self._add(found))

    async def adopt_distant(self, finish: Callable[[str], None]) -> None:
        """Adopt those whose archive lies elsewhere, however long that place does not answer.

        `finish` is given those that must be finished again. One that cannot be read keeps no other
        from being adopted, and is asked for again.
        """
        while True:
            whole = True
            try:
                names = await self._breaking_off.part(self._list())
                for name in await self._unknown(names):
                    whole = await self._adopt_distant(name, finish) and whole
            except OSError as error:
                _log.warning("storage_not_listed", reason=str(error))
                whole = False
            if whole:
                return
            await self._breaking_off.part(asyncio.sleep(LISTED_AGAIN_S))

    async def adopt_finished(self, recording_id: str) -> Entry:
        """List a finished item that has no archive, such as an upload; may be repeated.

        Raises RecordingNotFound.
        """
        manifest = await self._recordings.published_manifest(recording_id)
        told = manifest.entry
        if not await self._store.known([recording_id]):
            facts = LessonFacts(
                told.lesson_id,
                told.title,
                told.subject,
                told.grade,
                told.class_kind,
                told.lead_teacher_id,
                told.lead_teacher,
                {},
                (),
            )
            began = told.started_at.timestamp()
            try:
                await self._store.add(recording_id, facts, began, ended=True)
            except IntegrityError:
                _log.info("adopted_meanwhile", recording_id=recording_id)
        entry = await self._store.set_ready(manifest)
        self._recordings.tell(entry)
        return entry

    def stop(self) -> None:
        """Have `adopt_distant` end soon."""
        self._breaking_off.stop()

    async def _list(self) -> Sequence[str]:
        return await self._storage.distant()

    async def _unknown(self, names: Sequence[str]) -> list[str]:
        """Return those that have no entry."""
        known = set()
        for start in range(0, len(names), _KNOWN_AT_ONCE):
            known |= await self._store.known(names[start : start + _KNOWN_AT_ONCE])
        return [name for name in names if name not in known]

    async def _adopt_distant(self, name: str, finish: Callable[[str], None]) -> bool:
        """Adopt one; return whether that is done. All is read before anything is written."""
        try:
            looking = asyncio.to_thread(_look, self._storage.archive(name), name)
            found = await self._breaking_off.part(looking)
            if found is None:
                return True
            manifest = await self._breaking_off.part(self._manifest(name))
        except (OSError, StorageUnavailable) as error:
            _log.warning("archive_not_read", recording_id=name, reason=str(error))
            return False
        entry = await self._add(found)
        if manifest is None:
            self._recordings.tell(entry)
            finish(name)
        else:
            self._recordings.tell(await self._store.set_ready(manifest))
        return True

    async def _manifest(self, name: str) -> Manifest | None:
        """Read what finishing left; None if it has to be finished. Raises StorageUnavailable."""
        try:
            return await self._recordings.published_manifest(name)
        except RecordingNotFound:
            return None

    async def _add(self, found: _Found) -> Entry:
        begin = found.begin
        _log.warning("recording_adopted", recording_id=begin.recording_id)
        return await self._store.add(
            begin.recording_id,
            begin.facts,
            begin.started_at,
            ended=found.ended,
            takes=found.takes,
        )


@dataclass(frozen=True, slots=True)
class _Found:
    """Facts that an archive tells of its recording."""

    begin: Begin
    ended: bool
    takes: int  # told of one that may go on


def _look(archive: ArchiveFiles, name: str) -> _Found | None:
    """Look into an archive; None if it is not that recording's. Blocks. Raises OSError."""
    begin = first_begin(archive)
    if begin is None or begin.recording_id != name:
        _log.error("archive_not_adopted", recording_id=name, empty=begin is None)
        return None
    ended = has_ended(archive)
    return _Found(begin, ended, 0 if ended else latest_take(archive))
