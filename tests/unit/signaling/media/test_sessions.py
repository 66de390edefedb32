"""Which player gives way where as many watch as may."""

from __future__ import annotations

from signaling.media.sessions import MediaSession, MediaSessions
from signaling.media.tokens import MediaAction, MediaGrant


def _player(name: str, at: float, *, lesson: str = "l1", programme: bool = True) -> MediaSession:
    grant = MediaGrant(lesson, "programme", MediaAction.WATCH, None, programme, 0, "n")
    return MediaSession(name, grant, "f", at)


def test_the_oldest_player_that_never_came_up_gives_way() -> None:
    sessions = MediaSessions()
    for session in (
        _player("watching", 1.0),
        _player("a page", 2.0, programme=False),
        _player("elsewhere", 3.0, lesson="l2"),
        _player("stale", 4.0),
        _player("staler than new", 5.0),
        _player("new", 9.0),
    ):
        sessions.add(session)
    sessions.mark_up("watching")
    stale = sessions.stale_player("l1", 8.0)
    assert stale is not None
    assert stale.session_id == "stale"
    sessions.remove("stale")
    sessions.mark_up("staler than new")
    assert sessions.stale_player("l1", 8.0) is None


def test_what_is_gone_is_not_remembered_as_up() -> None:
    sessions = MediaSessions()
    sessions.add(_player("a", 1.0))
    sessions.mark_up("a")
    sessions.remove("a")
    sessions.mark_up("a")
    sessions.add(_player("a", 1.0))
    assert sessions.stale_player("l1", 8.0) is not None
