"""Samples that MP4 and QuickTime files claim, held against the file."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.intake.samples import MAX_SAMPLES, examine_samples
from recorder.intake_api import VideoRefusal, VideoRefused
from tests.support.videos import box, claiming, full_box, video

FILM = video()


def _refusal(data: bytes) -> VideoRefusal | None:
    try:
        examine_samples(io.BytesIO(data), len(data))
    except VideoRefused as error:
        return error.refusal
    return None


def _fragment(samples: int) -> bytes:
    run = full_box(b"trun", samples.to_bytes(4))
    return box(b"moof", box(b"traf", run))


@pytest.mark.parametrize(
    "data",
    [
        FILM,
        video(format="mov", sound="pcm_s16le"),
        video(options=(("movflags", "frag_keyframe+empty_moov"),)),
        FILM + _fragment(1000),
        claiming(MAX_SAMPLES),
        claiming(2**32 - 1, sound=True),  # 24 h of plain sound have 4·10⁹
    ],
    ids=["mp4", "mov", "fragments", "another fragment", "most", "plain sound"],
)
def test_what_may_be_is_taken(data: bytes) -> None:
    assert _refusal(data) is None


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (claiming(MAX_SAMPLES + 1), VideoRefusal.TOO_MUCH),
        (claiming(60_000_000, 1), VideoRefusal.DAMAGED),
        (claiming(60_000_000, 4, sound=True), VideoRefusal.DAMAGED),
        (FILM + _fragment(2**32 - 1), VideoRefusal.TOO_MUCH),
        (FILM + _fragment(MAX_SAMPLES // 2) * 2, VideoRefusal.TOO_MUCH),  # FILM has some, too
        (box(b"moov", box(b"trak", b"") + _fragment(0)), None),
    ],
    ids=["pictures", "shorter file", "shorter sound", "one run", "many runs", "nothing"],
)
def test_a_few_bytes_claim_no_memory(data: bytes, refusal: VideoRefusal | None) -> None:
    assert _refusal(data) is refusal


@given(st.data())
def test_no_change_of_the_bytes_breaks_the_count(data: st.DataObject) -> None:
    changed = bytearray(FILM)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    _refusal(bytes(changed))
