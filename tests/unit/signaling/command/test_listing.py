"""What `tongke serve` prints when it has started."""

from signaling.command.listing import listing
from signaling.command.words import Word


def test_where_cameras_will_not_work_that_is_said() -> None:
    plain = listing(("http://localhost:8080", "http://192.168.1.5:8080"))
    assert "http://192.168.1.5:8080" in plain
    assert Word.CAMERA_NOTICE() in plain
    for good in ("https://ke.example", "http://localhost:8080", "http://127.0.0.1:8080"):
        assert Word.CAMERA_NOTICE() not in listing((good,))
