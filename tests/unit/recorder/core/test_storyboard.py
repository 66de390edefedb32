"""Where the pictures of a storyboard stand."""

from __future__ import annotations

from recorder.core.storyboard import MAX_CELLS, cell_count, cell_span, cues, place


def test_a_sheet_has_ten_times_ten_pictures() -> None:
    assert place(0) == (0, 0)
    assert place(99) == (1440, 810)
    assert place(100) == (0, 0)


def test_the_last_picture_ends_with_the_recording() -> None:
    assert cell_count(25.0) == 3
    assert cell_span(2, 25.0) == (20.0, 25.0)
    assert cell_count(0.0) == 0
    assert cell_count(1e9) == MAX_CELLS


def test_cues_name_the_part_of_the_sheet() -> None:
    text = cues([0, 101], {0: "a.jpg", 1: "b.jpg"}, 3_725.5)
    assert text == (
        "WEBVTT\n\n"
        "00:00:00.000 --> 00:00:10.000\na.jpg#xywh=0,0,160,90\n\n"
        "00:16:50.000 --> 00:17:00.000\nb.jpg#xywh=160,0,160,90\n"
    )
