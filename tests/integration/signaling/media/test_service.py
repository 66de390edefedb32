"""Tokens of media, and how long they open and close sessions."""

from pathlib import Path

import pytest

from signaling.access.secret_file import load_secret
from signaling.access.signing import Keyring, fingerprint
from signaling.base.errors import (
    BadToken,
    NotFound,
)
from signaling.media.sessions import MediaSession
from signaling.media.tokens import open_media
from tests.support.services import ManualClock, lead_teacher, new_lesson, running_services


async def test_media_tokens_expire_but_not_for_the_session_they_opened(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running_services(tmp_path, clock) as services:
        lesson_id = await new_lesson(services)
        teacher = await lead_teacher(services)
        await services.lessons.start(teacher, lesson_id)
        record, seat = await services.lessons.seat(teacher, lesson_id)
        endpoint = services.media.access(record, seat).camera
        assert endpoint is not None
        clock.advance(seconds=services.config.media_token_s)
        with pytest.raises(BadToken):
            services.media.publish(endpoint.token, lesson_id, "lead.camera", "v=0")
        # As if it had been used in time:
        grant = open_media(Keyring(load_secret(tmp_path)), endpoint.token)
        services.media_sessions.add(MediaSession("s1", grant, fingerprint(endpoint.token)))
        with pytest.raises(NotFound):  # the relay's answer: the token was let through
            services.media.close(endpoint.token, "s1")
        other = services.media.access(record, seat).camera
        assert other is not None
        clock.advance(seconds=services.config.media_token_s)
        with pytest.raises(BadToken):
            services.media.close(other.token, "s1")
