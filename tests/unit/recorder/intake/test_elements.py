"""WebM and Matroska files from their first byte to their last."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.intake.elements import examine_elements
from recorder.intake_api import VideoRefusal, VideoRefused
from tests.support.videos import video

FILM = video("libvpx", "libopus", format="webm")
ATTACHMENT = b"\x19\x41\xa4\x69\x84evil"
LIVE = (("live", "1"),)


def _refusal(data: bytes) -> VideoRefusal | None:
    try:
        examine_elements(io.BytesIO(data), len(data))
    except VideoRefused as error:
        return error.refusal
    return None


def _segment_of(data: bytes) -> int:
    """Where the length of the segment stands: 8 bytes."""
    return data.index(b"\x18\x53\x80\x67") + 4


def _with_length(data: bytes, more: int) -> bytes:
    at = _segment_of(data)
    length = int.from_bytes(data[at : at + 8]) & ((1 << 56) - 1)
    return data[:at] + ((length + more) | (1 << 56)).to_bytes(8) + data[at + 8 :]


def test_what_programs_make_is_taken() -> None:
    assert _refusal(FILM) is None
    assert _refusal(video("libx264", "libopus", format="matroska")) is None


def test_a_file_that_was_sent_live_has_no_lengths() -> None:
    live = video("libvpx", "libopus", format="webm", options=LIVE)
    assert live[_segment_of(live) :][:8] == b"\x01" + b"\xff" * 7
    assert _refusal(live) is None


def test_clusters_without_lengths_end_where_the_next_begins() -> None:
    head = b"\x1a\x45\xdf\xa3\x80" + b"\x18\x53\x80\x67\xff"
    cluster = b"\x1f\x43\xb6\x75\xff" + b"\xe7\x81\x00" + b"\xa3\x84\x81\x00\x00\x80"
    assert _refusal(head + cluster + cluster) is None
    assert _refusal(head + cluster + b"PK\x03\x04evil") is VideoRefusal.DAMAGED


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (b"", VideoRefusal.DAMAGED),
        (b"\x1a\x45\xdf\xa3\x80", VideoRefusal.DAMAGED),
        (b"\xec\x80" + FILM, VideoRefusal.UNKNOWN),
        (FILM[:-1], VideoRefusal.DAMAGED),
        (FILM + b"PK\x03\x04evil", VideoRefusal.MIXED),
        (_with_length(FILM + ATTACHMENT, len(ATTACHMENT)), VideoRefusal.MIXED),
    ],
)
def test_what_is_no_single_video_is_refused(data: bytes, refusal: VideoRefusal) -> None:
    assert _refusal(data) is refusal


@given(st.data())
def test_no_change_of_the_bytes_breaks_the_walk(data: st.DataObject) -> None:
    """Either the file is taken or it is refused: no other error, no endless walk."""
    changed = bytearray(FILM)
    for _ in range(data.draw(st.integers(1, 8))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    _refusal(bytes(changed[: data.draw(st.integers(0, len(changed)))]))
