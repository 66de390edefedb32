"""The card's pixels, drawn with the Chinese font of this machine, and with damaged ones."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from recorder.films.card import Coverage, FontFailed, card_coverage
from recorder.films.fonts import Font, find_font

TEXTS = ("浮力的秘密", "王老师", "物理 Grade 8")
TABLES = (b"cmap", b"glyf", b"head", b"hhea", b"hmtx", b"loca", b"maxp", b"prep")


@pytest.fixture(scope="module")
def font() -> Font:
    found = asyncio.run(find_font())
    assert found is not None
    return found


def drawn(font: Font, *texts: str) -> Coverage:
    return card_coverage(texts, font.path, font.index)


def middle_of_letters(covered: Coverage) -> float:
    columns = np.flatnonzero((covered > 60).any(axis=0))
    return float(columns[0] + columns[-1]) / 2


@pytest.mark.parametrize(
    "text", ["浮力的秘密", "Titanic", "“浮力”——第二课时", "浮" * 60, "x" * 300]
)
def test_letters_stand_in_the_middle(font: Font, text: str) -> None:
    covered = drawn(font, text)
    assert covered.shape == (720, 1280)
    assert covered.dtype == np.uint8
    assert covered.max() == 255
    # Letters have room at their sides, and quotation marks more on one side: 30 pixels.
    assert middle_of_letters(covered) == pytest.approx(640, abs=30)


def test_what_the_font_lacks_is_seen_as_a_box(font: Font) -> None:
    name = drawn(font, "张\U00020bb7")
    assert not np.array_equal(name, drawn(font, "张"))
    assert np.array_equal(name, drawn(font, "张\U0002a6a5"))


def test_characters_without_a_letter_leave_no_trace(font: Font) -> None:
    plain = drawn(font, "浮力的秘密")
    assert np.array_equal(drawn(font, "浮\u200b力\x00的\u202e秘\ufe0f密\ufeff"), plain)


def test_a_font_that_cannot_be_read_is_named(font: Font, tmp_path: Path) -> None:
    half = tmp_path / "half.ttc"
    half.write_bytes(font.path.read_bytes()[:100_000])
    words = tmp_path / "words.ttc"
    words.write_bytes(b"not a font" * 100)
    for path, index in ((half, 0), (words, 0), (tmp_path / "none.ttc", 0), (font.path, 99)):
        with pytest.raises(FontFailed, match=path.name):
            card_coverage(TEXTS, path, index)


def test_immense_letters_are_refused(font: Font, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(FontFailed, match="pixels"):
        drawn(font, *TEXTS)


damages = st.lists(
    st.tuples(st.sampled_from(TABLES), st.integers(0, 4000), st.integers(0, 255)),
    min_size=1,
    max_size=30,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(damages)
def test_a_damaged_font_draws_something_or_fails_as_one(
    font: Font, tmp_path: Path, damages: list[tuple[bytes, int, int]]
) -> None:
    data = bytearray(font.path.read_bytes())
    begins = table_begins(data)
    for table, offset, value in damages:
        begin, size = begins[table]
        data[begin + offset % size] = value
    path = tmp_path / "damaged.ttc"
    path.write_bytes(data)
    with contextlib.suppress(FontFailed):
        assert card_coverage(TEXTS, path, 0).shape == (720, 1280)


def table_begins(data: bytes | bytearray) -> dict[bytes, tuple[int, int]]:
    """Where the tables of the first face begin, and their sizes (OpenType, `otff`)."""
    head = struct.unpack_from(">I", data, 12)[0] if data[:4] == b"ttcf" else 0
    (count,) = struct.unpack_from(">H", data, head + 4)
    found = {}
    for number in range(count):
        name, _, begin, size = struct.unpack_from(">4sIII", data, head + 12 + 16 * number)
        found[name] = (begin, size)
    return found
