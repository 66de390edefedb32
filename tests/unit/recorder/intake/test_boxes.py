"""MP4 and QuickTime files from their first byte to their last."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.intake.boxes import examine_boxes
from recorder.intake_api import VideoRefusal, VideoRefused
from tests.support.videos import box, reaching_out, video, with_free_box

FILM = video()


def _refusal(data: bytes) -> VideoRefusal | None:
    try:
        examine_boxes(io.BytesIO(data), len(data))
    except VideoRefused as error:
        return error.refusal
    return None


def _nested(times: int) -> bytes:
    """Return a movie whose tracks lie in one another."""
    inner = box(b"trak", b"")
    for _ in range(times):
        inner = box(b"trak", inner)
    return box(b"moov", inner)


@pytest.mark.parametrize(
    "data",
    [
        FILM,
        video(format="mov"),
        video(options=(("movflags", "faststart"),)),
        video(options=(("movflags", "frag_keyframe+empty_moov"),)),
        with_free_box(FILM, b"x" * 100),
    ],
    ids=["mp4", "mov", "faststart", "fragments", "free"],
)
def test_what_programs_make_is_taken(data: bytes) -> None:
    assert _refusal(data) is None


def test_a_large_box_may_have_a_long_size() -> None:
    long = b"\x00\x00\x00\x01mdat" + (16 + 4).to_bytes(8) + b"data"
    assert _refusal(FILM + long) is None


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (b"", VideoRefusal.DAMAGED),
        (box(b"moov", b"") + FILM, VideoRefusal.UNKNOWN),
        (FILM[:-1], VideoRefusal.DAMAGED),
        (FILM + b"\x00\x00\x00", VideoRefusal.DAMAGED),
        (box(b"ftyp", b"isom\x00\x00\x00\x00") + box(b"mdat", b"x"), VideoRefusal.DAMAGED),
        (FILM + FILM, VideoRefusal.DAMAGED),  # two films
        (FILM + box(b"<htm", b"l><script>"), VideoRefusal.MIXED),
        (FILM + b"PK\x03\x04" + bytes(40), VideoRefusal.DAMAGED),
        (reaching_out(FILM), VideoRefusal.REACHES_OUT),
        (reaching_out(FILM, b"http://10.0.0.1/a.mp4"), VideoRefusal.REACHES_OUT),
        (
            box(b"ftyp", b"qt  \x00\x00\x00\x00") + box(b"moov", box(b"rmra", b"x")),
            VideoRefusal.REACHES_OUT,
        ),
        (box(b"ftyp", b"isom\x00\x00\x00\x00") + _nested(1000), VideoRefusal.DAMAGED),
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
