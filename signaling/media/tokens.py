"""Bearer tokens of WHIP and WHEP."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from signaling.access.signing import Keyring, Purpose, sign, typed, unsign


class MediaAction(StrEnum):
    """The one right of a media token."""

    PUBLISH = "publish"
    WATCH = "watch"


class MediaGrant(msgspec.Struct, frozen=True):
    """Exactly what a media token grants.

    ``source_id`` is set for publishing. ``programme`` watches what is on stage, without a
    participant. Times are Unix seconds. ``nonce`` keeps two tokens of one second apart. ``session``
    is the hash of the login with which the grant ends; None for devices, which have none. A grant
    with ``observer``, a name, watches unseen, and its use is audited in the lesson's ``branch``.
    ``home`` is the path of the school of a room that watches.
    """

    lesson_id: str
    participant_id: str
    action: MediaAction
    source_id: str | None
    programme: bool
    expires_at: int
    nonce: str
    session: str | None = None
    observer: str | None = None
    branch: str | None = None
    home: str | None = None

    def same_right(self, other: MediaGrant) -> bool:
        """Tell whether both grant the same right, at any time."""
        return (
            self.lesson_id == other.lesson_id
            and self.participant_id == other.participant_id
            and self.action is other.action
            and self.source_id == other.source_id
            and self.programme == other.programme
        )


def seal_media(ring: Keyring, grant: MediaGrant) -> str:
    """A bearer token for a grant."""
    return sign(ring, Purpose.MEDIA, msgspec.json.encode(grant))


def open_media(ring: Keyring, token: str) -> MediaGrant:
    """The grant of a bearer token; the caller judges its time. Raises InvalidToken."""
    return typed(unsign(ring, Purpose.MEDIA, token), MediaGrant)
