"""Media tokens: signed, for one right, for a time."""

import msgspec
import pytest

from signaling.access.signing import InvalidToken, Keyring, Purpose, sign, unsign
from signaling.media.tokens import MediaAction, MediaGrant, open_media, seal_media

SECRET = Keyring(b"s" * 32)
GRANT = MediaGrant("l1", "lead", MediaAction.PUBLISH, "lead.camera", False, 100, "n")


def test_a_token_opens_only_with_its_secret_and_purpose() -> None:
    token = seal_media(SECRET, GRANT)
    assert open_media(SECRET, token) == GRANT
    with pytest.raises(InvalidToken):
        open_media(Keyring(b"t" * 32), token)
    with pytest.raises(InvalidToken):
        unsign(SECRET, Purpose.SESSION, token)


def test_no_changed_character_goes_unnoticed() -> None:
    token = seal_media(SECRET, GRANT)
    for index, character in enumerate(token):
        changed = token[:index] + ("A" if character != "A" else "B") + token[index + 1 :]
        try:
            opened = open_media(SECRET, changed)
        except InvalidToken:
            continue
        assert opened == GRANT  # the last base64 character may carry unused bits


@pytest.mark.parametrize(
    "token", ["", ".", "v1..", "v1.e30", "汉.字.串", "v1.e30.e30", "=" * 9, "a" * 5000]
)
def test_nonsense_is_no_token(token: str) -> None:
    with pytest.raises(InvalidToken):
        open_media(SECRET, token)


def test_a_signed_payload_of_another_shape_is_refused() -> None:
    with pytest.raises(InvalidToken):
        open_media(SECRET, sign(SECRET, Purpose.MEDIA, b'{"lesson_id": 7}'))
    with pytest.raises(InvalidToken):
        open_media(SECRET, sign(SECRET, Purpose.MEDIA, b"\xff"))


def test_the_same_right_ignores_only_time_and_nonce() -> None:
    assert GRANT.same_right(msgspec.structs.replace(GRANT, expires_at=7, nonce="m"))
    for change in (
        {"lesson_id": "l2"},
        {"participant_id": "room-a"},
        {"action": MediaAction.WATCH},
        {"source_id": "lead.courseware"},
        {"programme": True},
    ):
        assert not GRANT.same_right(msgspec.structs.replace(GRANT, **change))
