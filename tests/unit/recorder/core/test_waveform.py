"""The size of waveforms."""

from __future__ import annotations

from recorder.core.waveform import MAX_PEAKS, Waveform, encode_waveform, peak_count, peak_rate


def test_a_lesson_has_ten_peaks_a_second() -> None:
    assert peak_rate(2_700.0) == 10.0
    assert peak_count(2_700.04) == 27_001


def test_a_day_has_no_more_peaks_than_two_hours() -> None:
    assert peak_count(86_400.0) == MAX_PEAKS
    assert peak_count(0.0) == 0


def test_the_file_is_small_json() -> None:
    assert encode_waveform(Waveform(10.0, [0, 255])) == (
        b'{"per_s":10.0,"peaks":[0,255],"version":1}'
    )
