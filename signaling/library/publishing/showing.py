"""Published resources as the API shows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from urllib.parse import quote

from msgspec.structs import replace as replace_fields

from recorder.api import Edition, Manifest, SourceManifest
from recorder.api import StageSpan as RecordedStage
from signaling.library.edition_view import edition_sources
from signaling.library.editions.rules import edited_chapters, edited_moment, needs_edition
from signaling.library.editions.tables import EditionRow
from signaling.library.publishing import wire as w
from signaling.library.references.tables import ReferenceRow
from signaling.library.service import source_of, spans_of
from signaling.library.tables import ResourceRow
from signaling.library.versions.records import edits_of, metadata_of
from signaling.library.versions.tables import PublicationRow, ResourceVersionRow
from signaling.library.versions.wire import ResourceEdits, ShareScope
from signaling.library.wire import EditionState, PlaybackStatus, ResourceKind, StageSpan, TextMatch

THUMBNAIL = "thumbnail.jpg"
CAPTIONS = "captions.vtt"  # made of the database; no file of a recording has such a name


def folder_of(version: ResourceVersionRow, prefix: str) -> str:
    """Return the path under which the files of what is shown lie."""
    return f"{prefix}/media/resources/{quote(version.resource_id)}/{version.number}"


def edition_folder(version: ResourceVersionRow, edition_id: str, prefix: str) -> str:
    """Return the path under which the files of an edition lie."""
    return f"{folder_of(version, prefix)}/{quote(edition_id)}"


def _cover(
    version: ResourceVersionRow, has_cover: bool, edition: EditionRow | None, prefix: str
) -> str | None:
    """Return the address of the picture that lists show."""
    if edition is not None and edition.state == EditionState.READY and edition.cover is not None:
        return f"{edition_folder(version, edition.edition_id, prefix)}/{quote(edition.cover)}"
    return f"{folder_of(version, prefix)}/{THUMBNAIL}" if has_cover else None


def entry_of(
    publication: PublicationRow,
    resource: ResourceRow,
    version: ResourceVersionRow,
    edition: EditionRow | None,
    *,
    reference: ReferenceRow | None = None,
    prefix: str,
    locked: bool,
    matches: tuple[TextMatch, ...] = (),
) -> w.LibraryEntry:
    """Show a publication, or a reference copy, as lists do; what is locked has no picture."""
    m = metadata_of(version)
    shown = reference or publication
    shared_as = None if reference is None else reference.shared_as
    ends = [one.expires_at for one in (publication, shown) if one.expires_at is not None]
    return w.LibraryEntry(
        resource_id=publication.resource_id,
        version=version.number,
        kind=ResourceKind(resource.kind),
        title=m.title,
        summary=m.summary,
        keywords=m.keywords,
        subject=m.subject,
        stage=m.stage,
        grade=m.grade,
        edition=m.edition,
        volume=m.volume,
        section=m.section,
        teacher_name=m.teacher_name,
        school_name=m.school_name,
        kind_of_resource=m.kind_of_resource,
        duration_s=shown.shown_s,
        published_at=shown.published_at or publication.published_at,
        expires_at=min(ends, default=None),
        scope=ShareScope(publication.scope if shared_as is None else shared_as),
        locked=locked,
        thumbnail_url=None if locked else _cover(version, shown.has_cover, edition, prefix),
        matches=matches,
    )


def locked_detail(entry: w.LibraryEntry, version: ResourceVersionRow) -> w.LibraryDetail:
    """Show a published resource without files: it is locked, or its media are away."""
    m = metadata_of(version)
    return w.LibraryDetail(
        entry=entry,
        language=m.language,
        audience=m.audience,
        copyright_note=m.copyright_note,
        may_download=False,
        recording_s=0.0,
        keep=(),
        chapters=(),
        cover_s=None,
        sources=(),
        stage=(),
        cuts=(),
    )


def waiting_detail(
    entry: w.LibraryEntry, version: ResourceVersionRow, playback: PlaybackStatus
) -> w.LibraryDetail:
    """Show a published resource that is played from its edition alone, which is not there yet."""
    downloadable = metadata_of(version).downloadable
    return replace_fields(
        locked_detail(entry, version), may_download=downloadable, playback=playback
    )


def edition_detail(
    entry: w.LibraryEntry,
    version: ResourceVersionRow,
    edition: Edition,
    folder: str,
) -> w.LibraryDetail:
    """Show a published resource with its edition; its times are the edition's."""
    edits = edits_of(version)
    cover = edits.cover_s
    return replace_fields(
        locked_detail(entry, version),
        may_download=metadata_of(version).downloadable,
        recording_s=edition.duration_s,
        chapters=edited_chapters(edits.chapters, edits.keep),
        cover_s=None if cover is None else edited_moment(cover, edits.keep),
        sources=edition_sources(folder, edition),
        stage=stage_of(edition.stage, edits),
    )


def detail_of(
    entry: w.LibraryEntry,
    version: ResourceVersionRow,
    manifest: Manifest,
    folder: str,
    playback: PlaybackStatus,
) -> w.LibraryDetail:
    """Show a published resource with the recording's files; `playback` tells of its edition."""
    edits = edits_of(version)
    return replace_fields(
        locked_detail(entry, version),
        may_download=metadata_of(version).downloadable,
        recording_s=manifest.entry.duration_s,
        keep=edits.keep,
        chapters=edits.chapters,
        cover_s=edits.cover_s,
        sources=tuple(source_of(folder, one) for one in shown_sources(manifest, edits)),
        stage=stage_of(manifest.stage, edits),
        cuts=spans_of(manifest.cuts),
        playback=playback,
    )


def downloads_of(
    version: ResourceVersionRow, manifest: Manifest, folder: str
) -> tuple[w.LibraryDownload, ...]:
    """Return the files that viewers may save: the recording's own, where nothing is cut out."""
    saved = saved_files(version, manifest)
    return tuple(
        w.LibraryDownload(f"{folder}/{quote(file.name)}", source.kind, source.name, source.lead)
        for source in shown_sources(manifest, edits_of(version))
        for file in source.files
        if file.name in saved
    )


def saved_files(version: ResourceVersionRow, manifest: Manifest) -> frozenset[str]:
    """Return the names of the recording's files that viewers may save."""
    if not metadata_of(version).downloadable:
        return frozenset()
    return shown_files(manifest, edits_of(version))


def stage_of(spans: Iterable[RecordedStage], edits: ResourceEdits) -> tuple[StageSpan, ...]:
    """Return the times on stage of those of whom no source is hidden."""
    hidden = _hidden_participants(edits)
    return tuple(
        StageSpan(one.participant_id, one.name, one.start_s, one.end_s)
        for one in spans
        if one.participant_id not in hidden
    )


def shown_sources(manifest: Manifest, edits: ResourceEdits) -> Iterator[SourceManifest]:
    """Yield the sources that are shown; of those without picture, the files of sound alone.

    Storyboards are left out: theirs are of the whole recording, with what was cut.
    """
    hidden, silent = set(edits.hidden_sources), set(edits.hidden_pictures)
    for source in manifest.sources:
        if source.source_id in hidden:
            continue
        if source.source_id in silent:
            files = tuple(file for file in source.files if not file.has_video)
            yield replace(source, files=files, storyboard=None, waveform=None)
        else:
            yield replace(source, storyboard=None, waveform=None)


def shown_files(manifest: Manifest, edits: ResourceEdits) -> frozenset[str]:
    """Return the names of the recording's files that are served: none where anything is cut out."""
    if needs_edition(edits):
        return frozenset()
    return frozenset(
        file.name for source in shown_sources(manifest, edits) for file in source.files
    )


def _hidden_participants(edits: ResourceEdits) -> frozenset[str]:
    """Return the participants of whom a source is hidden: their names are not told either."""
    return frozenset(one.rpartition(".")[0] for one in edits.hidden_sources)
