"""One published resource: its detail, its password, and its files."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec.structs import replace

from recorder.api import (
    Edition,
    EditionNotFound,
    Manifest,
    PublishedFile,
    RecordingNotFound,
)
from signaling.base.errors import Forbidden, Invalid
from signaling.base.problem_codes import ProblemCode
from signaling.files.holding import HeldFile
from signaling.identity.passwords import Passwords
from signaling.library.attachments.service import Attachments
from signaling.library.captions.service import Captions
from signaling.library.editions.service import EditionKeeper
from signaling.library.media_shelf import MediaShelf
from signaling.library.publishing.downloads import Downloads, SavedFile
from signaling.library.publishing.reading import LibraryReader, Shown, Viewer
from signaling.library.publishing.refusals import GuestRefusals
from signaling.library.publishing.showing import (
    CAPTIONS,
    THUMBNAIL,
    detail_of,
    edition_detail,
    edition_folder,
    folder_of,
    locked_detail,
    shown_files,
    waiting_detail,
)
from signaling.library.publishing.tickets import GuessLimits, Tickets
from signaling.library.publishing.wire import LibraryDetail, LibraryEntry
from signaling.library.versions.ground import ResourceNotFound
from signaling.library.versions.records import edits_of
from signaling.library.versions.wire import ShareScope
from signaling.library.wire import EditionState


@dataclass(frozen=True, slots=True)
class ServedFile:
    """A file of what is published. `shared`: caches between us and the viewer may keep it."""

    file: PublishedFile
    shared: bool


@dataclass(frozen=True, slots=True)
class ServedText:
    """A text that is made of what is published; `shared` as of a file."""

    text: str
    shared: bool


class PublishedMedia:
    """Opens what is published."""

    def __init__(
        self,
        *,
        reader: LibraryReader,
        recorder: MediaShelf,
        keeper: EditionKeeper,
        attachments: Attachments,
        captions: Captions,
        passwords: Passwords,
        tickets: Tickets,
        limits: GuessLimits,
        refusals: GuestRefusals,
        downloads: Downloads,
        prefix: str = "",
    ) -> None:
        """Make it; `prefix` is what a proxy puts before every path."""
        self._reader = reader
        self._recorder = recorder
        self._keeper = keeper
        self._attachments = attachments
        self._captions = captions
        self._editions = keeper.editions
        self._passwords = passwords
        self._tickets = tickets
        self._limits = limits
        self._refusals = refusals
        self._downloads = downloads
        self._prefix = prefix

    async def detail(self, viewer: Viewer, resource_id: str) -> LibraryDetail:
        """Show one resource. Raises ResourceNotFound, StorageUnavailable."""
        shown = await self._reader.one(viewer, resource_id)
        entry = self._reader.entry(shown, viewer)
        if entry.locked:
            return locked_detail(entry, shown.version)
        manifest = await self._manifest(shown)
        played = await self._played(shown, entry, manifest)
        detail = await self._downloads.offer(viewer, shown, manifest, played)
        number = shown.version.number
        attached = await self._attachments.published(resource_id, number)
        captions_url = None
        if detail.sources and await self._captions.any_published(resource_id, number):
            captions_url = f"{folder_of(shown.version, self._prefix)}/{CAPTIONS}"
        return replace(detail, attachments=attached, captions_url=captions_url)

    async def _played(
        self, shown: Shown, entry: LibraryEntry, manifest: Manifest | None
    ) -> LibraryDetail:
        """Show a resource with what is played of it now."""
        if (edition := await self._edition(shown)) is not None:
            inner = edition_folder(shown.version, edition.edition_id, self._prefix)
            return edition_detail(entry, shown.version, edition, inner)
        if manifest is None:
            return locked_detail(entry, shown.version)  # without files: the recording is lost
        playback = await self._keeper.playback(shown.edition, edits_of(shown.version))
        if playback.waits:
            return waiting_detail(entry, shown.version, playback)
        return detail_of(
            entry, shown.version, manifest, folder_of(shown.version, self._prefix), playback
        )

    async def unlock(self, viewer: Viewer, resource_id: str, password: str) -> str:
        """Return the cookie that opens a resource whose password was given.

        Args:
            viewer: the one who asks; guesses are counted by the address.
            resource_id: the resource.
            password: as typed.

        Raises:
            ResourceNotFound: the viewer may not see it.
            Invalid: it has no password.
            TooManyRequests: too many guesses.
            Forbidden: the password is another one.
        """
        shown = await self._reader.one(viewer, resource_id)
        publication = shown.publication
        if publication.scope != ShareScope.PASSWORD or publication.password_hash is None:
            raise Invalid(code=ProblemCode.SHARE_PASSWORD_UNUSED, field="password")
        await self._limits.demand(resource_id, viewer.origin)
        fits = await self._passwords.verify(publication.password_hash, password)
        if not fits:
            await self._limits.failed(resource_id, viewer.origin)
            problem = ProblemCode.SHARE_PASSWORD_WRONG
            about = (shown.path, publication.title)
            await self._refusals.note(
                viewer, resource_id, about, deed="share_password", problem=problem
            )
            raise Forbidden(code=problem, field="password")
        await self._limits.succeeded(resource_id, viewer.origin)
        return self._tickets.with_one(viewer.tickets, resource_id, publication.password_hash)

    async def file(self, viewer: Viewer, resource_id: str, version: str, name: str) -> ServedFile:
        """Find a file of what is published.

        Raises:
            ResourceNotFound: the viewer may not see it, or another version is published; or there
                is no such file, or it holds what was cut out or hidden.
            Forbidden: its password was not given, or a terminal saves it.
        """
        shown = await self._played_by(viewer, resource_id, version)
        recording_id = shown.resource.recording_id
        if name == THUMBNAIL:
            served = shown.has_cover
        else:
            manifest = await self._recorder.manifest(recording_id)
            served = name in shown_files(manifest, edits_of(shown.version))
        if not served:
            raise ResourceNotFound()
        file = await self._recorder.file(recording_id, name)
        return ServedFile(file, shown.scope is ShareScope.PUBLIC)

    async def captions(self, viewer: Viewer, resource_id: str, version: str) -> ServedText:
        """Write the captions of what is published. Raises as `file`."""
        shown = await self._opened(viewer, resource_id, version)
        manifest = await self._recorder.manifest(shown.resource.recording_id)
        text = await self._captions.published(shown.version, manifest)
        return ServedText(text, shown.scope is ShareScope.PUBLIC)

    async def edition_file(
        self, viewer: Viewer, resource_id: str, version: str, edition_id: str, name: str
    ) -> ServedFile:
        """Find a file of the edition of what is published. Raises as `file`; EditionNotFound."""
        shown = await self._played_by(viewer, resource_id, version)
        row = shown.edition
        if row is None or row.edition_id != edition_id or row.state != EditionState.READY:
            raise ResourceNotFound()
        file = await self._editions.file(row.recording_id, edition_id, name)
        return ServedFile(file, shown.scope is ShareScope.PUBLIC)

    async def download(
        self, viewer: Viewer, resource_id: str, version: str, name: str
    ) -> SavedFile:
        """Open a file of what is published, to be saved. Raises as `file` and `Downloads.open`."""
        shown = await self._opened(viewer, resource_id, version)
        return await self._downloads.open(viewer, shown, name)

    async def attachment(
        self, viewer: Viewer, resource_id: str, version: str, file_id: str
    ) -> HeldFile:
        """Open an attachment of what is published. Raises as `file`; NotFound."""
        shown = await self._opened(viewer, resource_id, version)
        return await self._attachments.file(resource_id, shown.version.number, file_id)

    # --- inside ----------------------------------------------------------------------------------

    async def _opened(self, viewer: Viewer, resource_id: str, version: str) -> Shown:
        """Return a published version whose files the viewer may have.

        Raises:
            ResourceNotFound: the viewer may not see it, or another version is published.
            Forbidden: its password was not given.
        """
        shown = await self._reader.one(viewer, resource_id)
        if version != str(shown.version.number):
            raise ResourceNotFound()
        if self._reader.is_locked(shown, viewer):
            raise Forbidden(code=ProblemCode.RESOURCE_LOCKED)
        return shown

    async def _played_by(self, viewer: Viewer, resource_id: str, version: str) -> Shown:
        """Return what `_opened` returns; Forbidden for a terminal that saves instead of playing."""
        shown = await self._opened(viewer, resource_id, version)
        if viewer.saves:
            await self._downloads.demand_keeper(viewer, shown)
        return shown

    async def _manifest(self, shown: Shown) -> Manifest | None:
        try:
            return await self._recorder.manifest(shown.resource.recording_id)
        except RecordingNotFound:
            return None

    async def _edition(self, shown: Shown) -> Edition | None:
        """Return the edition; None until it is there. One that was lost is ordered again."""
        row = shown.edition
        if row is None or row.state != EditionState.READY:
            return None
        try:
            return await self._editions.edition(row.recording_id, row.edition_id)
        except EditionNotFound:
            await self._keeper.lost(row)
            return None
