"""Courseware as stills: what is a picture, how often one may come, and how slowly it goes out."""

import base64
from datetime import UTC, datetime

import pytest

from signaling.classroom.stills.rules import (
    MAX_STILL_BYTES,
    MIN_RATE_BPS,
    StillPace,
    StillPicture,
    StillShelf,
    mime_of,
    parts_of,
    spare_bps,
)

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SOURCE = "lead.courseware"


def _still(size: int = MAX_STILL_BYTES, mark: bytes = b"a") -> StillPicture:
    return StillPicture(SOURCE, AT, "image/webp", mark * size)


@pytest.mark.parametrize(
    ("image", "mime"),
    [
        (b"RIFF\x10\x00\x00\x00WEBPVP8 rest", "image/webp"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8Lrest", "image/webp"),
        (b"\xff\xd8\xff\xe0rest", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", None),
        (b"RIFF\x10\x00\x00\x00WAVEfmt ", None),
        (b"<svg onload=alert(1)>", None),
        (b"", None),
    ],
)
def test_a_picture_is_known_by_its_first_bytes(image: bytes, mime: str | None) -> None:
    assert mime_of(image) == mime


def test_uploads_are_taken_about_once_a_second_for_a_bounded_number_of_sources() -> None:
    shelf = StillShelf()
    taken = sum(shelf.admit(SOURCE, tenth / 10) for tenth in range(100))
    assert 10 <= taken <= 12
    assert sum(shelf.admit(f"s{number}", 0.0) for number in range(100)) == 15


def test_the_newest_still_is_kept_until_its_source_goes() -> None:
    shelf = StillShelf()
    shelf.put(_still())
    newer = _still(mark=b"b")
    shelf.put(newer)
    assert shelf.get(SOURCE) is newer
    shelf.forget(SOURCE)
    assert shelf.get(SOURCE) is None


def test_the_parts_of_a_still_are_its_base64_and_small() -> None:
    still = _still()
    parts = parts_of(still)
    assert base64.b64decode("".join(parts)) == still.image
    assert max(map(len, parts)) <= 4096


def _drain(
    pace: StillPace, newest: StillPicture | None, rate_bps: float, start: float, seconds: float
) -> list[tuple[float, StillPicture, int]]:
    """Ask every 50 ms; what came when."""
    came = []
    for step in range(round(seconds * 20)):
        now = start + step / 20
        while (due := pace.take(newest, rate_bps, now)) is not None:
            came.append((now, *due))
    return came


def test_a_slot_that_waits_for_its_key_frame_gets_no_still() -> None:
    pace = StillPace()
    pace.hold(SOURCE, 0.0)
    assert pace.take(_still(), 1e6, 0.5) is None
    pace.hold(None, 0.6)
    assert pace.take(_still(), 1e6, 5.0) is None


def test_a_still_goes_out_no_faster_than_its_rate() -> None:
    pace, still = StillPace(), _still()
    pace.hold(SOURCE, 0.0)
    came = _drain(pace, still, 40_000.0, 1.0, 60.0)
    parts = parts_of(still)
    assert [part for _, _, part in came] == list(range(len(parts)))
    bits = 8 * sum(map(len, parts))
    assert came[-1][0] - came[0][0] == pytest.approx(bits / 40_000, rel=0.15)
    for first, last in ((0, 4), (5, 9)):
        sent = 8 * sum(map(len, parts[first:last]))
        assert came[last][0] - came[first][0] >= sent / 40_000 - 0.6


def test_a_still_is_sent_once_and_a_newer_one_after_it_but_not_within_two_seconds() -> None:
    pace, old, new = StillPace(), _still(1000), _still(1000, b"b")
    pace.hold(SOURCE, 0.0)
    assert [(now, still) for now, still, _ in _drain(pace, old, 1e6, 1.0, 1.0)] == [(1.0, old)]
    ((at, still, _),) = _drain(pace, new, 1e6, 2.0, 5.0)
    assert (at, still) == (3.0, new)


def test_who_turns_pages_fast_does_not_keep_a_slow_viewer_from_every_page() -> None:
    pace = StillPace()
    pace.hold(SOURCE, 0.0)
    whole = set()
    for page in range(30):  # one every two seconds; each takes 16 s to send
        still = StillPicture(SOURCE, AT, "image/webp", bytes([page]) * MAX_STILL_BYTES)
        for _, sent, part in _drain(pace, still, 32_000.0, 1.0 + 2 * page, 2.0):
            if part == len(parts_of(sent)) - 1:
                whole.add(sent.image[0])
    assert len(whole) >= 3


def test_a_held_courseware_that_flowed_meanwhile_gets_its_still_again() -> None:
    pace, still = StillPace(), _still(1000)
    pace.hold(SOURCE, 0.0)
    assert len(_drain(pace, still, 1e6, 1.0, 1.0)) == 1
    pace.hold(None, 3.0)
    pace.hold(SOURCE, 10.0)
    assert len(_drain(pace, still, 1e6, 10.0, 2.0)) == 1


def test_stills_take_what_the_media_leave() -> None:
    assert spare_bps(100_000, 60_000) == pytest.approx(32_000)
    assert spare_bps(100_000, 200_000) == MIN_RATE_BPS
    assert spare_bps(None, 0) == MIN_RATE_BPS
    assert spare_bps(1 << 60, 0) == 2_000_000
