"""Session cookies and CSRF tokens."""

import pytest

from signaling.access.signing import InvalidToken, Keyring
from signaling.identity.tokens import (
    SessionClaim,
    csrf_token,
    is_csrf_token,
    open_session,
    seal_session,
)

SECRET = Keyring(b"s" * 32)


def test_a_session_ends_at_its_time() -> None:
    cookie = seal_session(SECRET, SessionClaim("s1", 100))
    assert open_session(SECRET, cookie, 99.9).session_id == "s1"
    with pytest.raises(InvalidToken):
        open_session(SECRET, cookie, 100)


def test_a_csrf_token_belongs_to_one_session() -> None:
    token = csrf_token(SECRET, "s1")
    assert is_csrf_token(SECRET, "s1", token)
    for session_id, text in (("s2", token), ("s1", ""), ("s1", "汉"), ("s1", token + "A")):
        assert not is_csrf_token(SECRET, session_id, text)
