"""Makes media tokens: each with its address and exactly what it grants."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from signaling.access.signing import Keyring
from signaling.base.config import Config
from signaling.lessons.records import LessonRecord
from signaling.lessons.seats import room_participant
from signaling.lessons.sources import SourceKind
from signaling.media.tokens import MediaAction, MediaGrant, seal_media
from signaling.media.wire import MediaEndpoint


class MediaGrants:
    """Makes the grants of a lesson."""

    def __init__(self, config: Config, keyring: Keyring) -> None:
        self._config = config
        self._keyring = keyring

    def publish(
        self,
        lesson: LessonRecord,
        who: str,
        kind: SourceKind,
        until: datetime,
        session: str | None = None,
    ) -> MediaEndpoint:
        """Grant to publish a source."""
        source_id = f"{who}.{kind}"
        grant = MediaGrant(
            lesson_id=lesson.lesson_id,
            participant_id=who,
            action=MediaAction.PUBLISH,
            source_id=source_id,
            programme=False,
            expires_at=int(until.timestamp()),
            nonce=secrets.token_urlsafe(8),
            session=session,
        )
        return self._endpoint(f"/whip/{lesson.lesson_id}/{source_id}", grant)

    def watch(
        self,
        lesson: LessonRecord,
        who: str,
        until: datetime,
        *,
        programme: bool = False,
        session: str | None = None,
        observer: str | None = None,
    ) -> MediaEndpoint:
        """Grant to watch; with `observer`, a name, unseen and audited."""
        grant = MediaGrant(
            lesson_id=lesson.lesson_id,
            participant_id=who,
            action=MediaAction.WATCH,
            source_id=None,
            programme=programme,
            expires_at=int(until.timestamp()),
            nonce=secrets.token_urlsafe(8),
            session=session,
            observer=observer,
            branch=None if observer is None else lesson.lead_path,
            home=_home_of(lesson, who),
        )
        return self._endpoint(f"/whep/{lesson.lesson_id}", grant)

    def _endpoint(self, url: str, grant: MediaGrant) -> MediaEndpoint:
        expires_at = datetime.fromtimestamp(grant.expires_at, UTC)
        return MediaEndpoint(
            self._config.path_prefix + url, seal_media(self._keyring, grant), expires_at
        )


def _home_of(lesson: LessonRecord, participant_id: str) -> str | None:
    """Return the path of a receive room's school; None of others."""
    rooms = lesson.receive_rooms
    homes = (one.path for one in rooms if room_participant(one.room_id) == participant_id)
    return next(homes, None)
