"""What a resource's state means for its retention."""

from __future__ import annotations

from signaling.library.retention.wire import RetentionKind
from signaling.library.versions.records import Held
from signaling.library.versions.wire import VersionState
from signaling.library.wire import ResourceKind, ResourceState

UNDER_REVIEW = (VersionState.IN_REVIEW, VersionState.PASSED)


def kind_of(held: Held) -> RetentionKind:
    """Return the kind whose rules hold for a resource that is not published."""
    if held.row.state == ResourceState.WITHDRAWN:
        return RetentionKind.WITHDRAWN
    if held.row.kind == ResourceKind.UPLOAD:
        return RetentionKind.UNUSED_UPLOAD
    return RetentionKind.UNPUBLISHED_RECORDING
