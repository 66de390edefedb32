"""Picture and sound stay together, whatever the clocks of their senders do."""

from pathlib import Path

import pytest

from recorder.api import Span
from tests.support.lesson_media import (
    CODECS,
    camera,
    decoded,
    microphone,
    only_file,
    source,
    worst_lip_sync,
)
from tests.support.recording import START, recorded
from tests.support.rtp_media import (
    TrackFeed,
    encode_video,
)


@pytest.mark.parametrize("codec", CODECS)
def test_a_minute_is_whole_and_in_sync(tmp_path: Path, codec: str) -> None:
    courseware = TrackFeed(
        3, "lead.courseware", codec, encode_video(codec, 52.0), START, begin_s=4.0, latency_s=0.4
    )
    manifest = recorded(
        tmp_path,
        camera(codec, 60.0, swap=0.05, jitter_s=0.02, latency_s=0.2).happenings(),
        microphone(60.0, latency_s=0.02, first_timestamp=17).happenings(),
        courseware.happenings(),
    )
    lead, slides = decoded(tmp_path, manifest), decoded(tmp_path, manifest, "lead.courseware")
    assert manifest.entry.duration_s == pytest.approx(60.0, abs=0.1)
    assert lead.duration == pytest.approx(60.0, abs=0.1)
    assert lead.sound_seconds == pytest.approx(60.0, abs=0.1)
    assert len(lead.picture_times) == 60 * 25
    assert len(slides.picture_times) == 52 * 25
    assert len(lead.flashes) == 30
    assert worst_lip_sync(lead) <= 0.04
    late = sorted(beep - flash for flash, beep in zip(lead.flashes, lead.beeps, strict=True))
    assert late[len(late) // 2] == pytest.approx(0, abs=0.003)  # the decoder's lag is not ours
    offset = only_file(manifest, "lead.courseware").offset_s - only_file(manifest).offset_s
    for flash in slides.flashes:
        assert min(abs(flash + offset - other) for other in lead.flashes) <= 0.04
    assert all(not item.gaps for item in manifest.sources)
    assert source(manifest, "lead.courseware").spans == (
        Span(pytest.approx(4.0, abs=0.01), pytest.approx(56.0, abs=0.1)),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("reports_every_s", [0.5, 5.0])
def test_sound_whose_clock_stands_still_and_drifts_stays_with_the_picture(
    tmp_path: Path, reports_every_s: float
) -> None:
    stalls = ((8.25, 0.08), (10.3, 0.5), (20.05, 0.9), (34.3, 0.2), (36.3, 0.36), (44.3, 0.5))
    manifest = recorded(
        tmp_path,
        camera(
            "VP8", 60.0, rate_error=-2000e-6, jitter_s=0.02, reports_every_s=reports_every_s
        ).happenings(),
        microphone(
            60.0, rate_error=2000e-6, stalls=stalls, jitter_s=0.01, reports_every_s=reports_every_s
        ).happenings(),
    )
    media = decoded(tmp_path, manifest)
    assert len(media.flashes) == 30
    assert worst_lip_sync(media) <= 0.045
    assert media.sound_seconds == pytest.approx(60.0, abs=0.1)
    gaps = source(manifest).gaps
    for at, length in stalls:  # what was not captured is told
        assert any(
            gap.start_s == pytest.approx(at, abs=0.045)
            and gap.end_s == pytest.approx(at + length, abs=0.045)
            for gap in gaps
        ), (at, gaps)
    assert len(gaps) == len(stalls)


@pytest.mark.parametrize("codec", CODECS)
def test_clocks_that_jump_ahead_and_back_leave_nothing_out(tmp_path: Path, codec: str) -> None:
    manifest = recorded(
        tmp_path,
        camera(codec, 60.0, jumps=((30.3, -0.4), (50.3, 4.0)), reports_every_s=2.0).happenings(),
        microphone(60.0, jumps=((26.3, 3.0), (46.3, -2.0)), reports_every_s=2.0).happenings(),
    )
    media = decoded(tmp_path, manifest)
    assert len(media.picture_times) == 60 * 25
    assert len(media.flashes) == len(media.beeps) == 30
    assert worst_lip_sync(media) <= 0.045
    assert media.sound_seconds == pytest.approx(60.0, abs=0.1)
    assert source(manifest).gaps == ()


@pytest.mark.parametrize("rate_error", [400e-6, -400e-6])
def test_a_microphone_with_a_fast_or_slow_clock_stays_in_sync(
    tmp_path: Path, rate_error: float
) -> None:
    # 400 ppm over two minutes is 48 ms; sound cards stay within 100.
    manifest = recorded(
        tmp_path,
        camera("VP8", 120.0).happenings(),
        microphone(120.0, rate_error=rate_error).happenings(),
    )
    media = decoded(tmp_path, manifest)
    assert worst_lip_sync(media) <= 0.04
    assert media.sound_seconds == pytest.approx(120.0, abs=0.1)
