"""Resources and versions as the API shows them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from recorder.api import Entry
from signaling.access.actions import Action
from signaling.access.roles import Actor
from signaling.library.tables import ResourceRow
from signaling.library.versions import wire as w
from signaling.library.versions.records import Held, edits_of, levels_of_row, metadata_of, people_of
from signaling.library.versions.rules import levels_of, refusal
from signaling.library.versions.tables import (
    PublicationRow,
    ResourceReviewRow,
    ResourceVersionRow,
)
from signaling.library.versions.wire import VersionState
from signaling.library.wire import LibraryState, ResourceKind, ResourceState

_MARKS = msgspec.json.Decoder(tuple[w.ReviewMark, ...])


def summary_of(
    held: Held,
    entry: Entry | None,
    actor: Actor,
    *,
    school: str,
    prefix: str,
    passed: frozenset[str] = frozenset(),
) -> w.ResourceSummary:
    """Show a resource as lists do.

    Args:
        held: the resource.
        entry: its recording; None if the recorder knows nothing of it.
        actor: the reader.
        school: the name of its school.
        prefix: what a proxy puts before every path.
        passed: ids of those who have passed a level of the submission under way.
    """
    row = held.row
    thumbnail = None
    if entry is not None and entry.has_thumbnail:
        thumbnail = f"{prefix}/media/recordings/{row.recording_id}/thumbnail.jpg"
    return w.ResourceSummary(
        resource_id=row.resource_id,
        kind=ResourceKind(row.kind),
        state=ResourceState(row.state),
        recording_id=row.recording_id,
        lesson_id=row.lesson_id,
        title=_title(held),
        subject=row.subject,
        grade=row.grade,
        teacher_name=row.lead_teacher,
        school_name=school,
        started_at=row.started_at,
        duration_s=0.0 if entry is None else entry.duration_s,
        recording_state=None if entry is None else LibraryState(entry.state),
        thumbnail_url=thumbnail,
        working=_working(held),
        published=_published(held.row, held.publication),
        may=tuple(actions(actor, held, passed)),
    )


def _title(held: Held) -> str:
    return held.row.title if held.working is None else metadata_of(held.working).title


def _working(held: Held) -> w.WorkingBrief | None:
    row = held.working
    if row is not None:
        return w.WorkingBrief(
            row.number, VersionState(row.state), _level(row), row.submitted_at, row.rejected
        )
    return w.WorkingBrief(1, VersionState.DRAFT, None, None, False) if held.begins else None


def _published(row: ResourceRow, publication: PublicationRow | None) -> w.PublishedBrief | None:
    if publication is None or row.state != ResourceState.PUBLISHED:
        return None
    return w.PublishedBrief(
        publication.version,
        w.ShareScope(publication.scope),
        publication.published_at,
        publication.expires_at,
    )


def _level(row: ResourceVersionRow) -> w.ReviewLevel | None:
    return None if row.level is None else w.ReviewLevel(row.level)


def actions(actor: Actor, held: Held, passed: frozenset[str]) -> Iterator[Action]:
    """Yield what the actor may do with a resource as things are now."""
    state, published = held.state, held.row.state == ResourceState.PUBLISHED
    fits = {
        Action.READ_RESOURCE: True,
        Action.EDIT_RESOURCE: state in {VersionState.DRAFT, None},
        Action.CAPTION_RESOURCE: state in {VersionState.DRAFT, VersionState.IN_REVIEW},
        Action.SUBMIT_RESOURCE: state is not None,
        Action.REVIEW_RESOURCE: state in {VersionState.IN_REVIEW, VersionState.PASSED},
        Action.PUBLISH_RESOURCE: state is VersionState.PASSED or published,
        Action.WITHDRAW_RESOURCE: published,
        Action.EXPORT_FILM: state is not None or published,
    }
    for action, now in fits.items():
        if now and held.allows(actor, action):
            if action is Action.REVIEW_RESOURCE and refused_to(actor, held, passed) is not None:
                continue
            yield action


def refused_to(actor: Actor, held: Held, passed: frozenset[str]) -> w.ReviewRefusal | None:
    """Return why a reviewer of the branch may not decide about the working version."""
    if held.working is None:
        return None
    level = _level(held.working) or levels_of_row(held.working)[-1]
    waits = held.working.state == VersionState.IN_REVIEW
    return refusal(
        actor,
        owner_id=held.owner_id,
        county=held.county,
        level=level,
        passed_by=passed if waits else (),
    )


def version_of(
    row: ResourceVersionRow,
    reviews: Sequence[ResourceReviewRow],
    attachments: tuple[w.Attachment, ...] = (),
) -> w.ResourceVersion:
    """Show a version with its reviews and attachments."""
    return w.ResourceVersion(
        number=row.number,
        state=VersionState(row.state),
        level=_level(row),
        levels=levels_of_row(row),
        revision=row.revision,
        metadata=metadata_of(row),
        edits=edits_of(row),
        pledged=row.pledged,
        submitted_at=row.submitted_at,
        published_at=row.published_at,
        reviews=tuple(_review(one) for one in reviews if one.number == row.number),
        people=people_of(row),
        attachments=attachments,
    )


def proposed_version(metadata: w.ResourceMetadata, levels: int) -> w.ResourceVersion:
    """Show the first version of a resource of which nothing was saved yet."""
    return w.ResourceVersion(
        number=1,
        state=VersionState.DRAFT,
        level=None,
        levels=levels_of(levels),
        revision=0,
        metadata=metadata,
        edits=w.ResourceEdits(),
        pledged=False,
        submitted_at=None,
        published_at=None,
    )


def _review(row: ResourceReviewRow) -> w.ReviewEntry:
    return w.ReviewEntry(
        at=row.at,
        by_id=row.by_id,
        by=row.by_name,
        level=w.ReviewLevel(row.level),
        verdict=w.Verdict(row.verdict),
        reason=row.reason,
        marks=_MARKS.decode(row.marks),
        forwarded_to=row.to_name,
    )


def entry_of(entries: Mapping[str, Entry], held: Held) -> Entry | None:
    """Return the recording of a resource, as listed."""
    return entries.get(held.row.recording_id)
